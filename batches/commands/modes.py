"""Modes: an instrument fails, and somebody with the right lets people read and type (S88-06)."""

from __future__ import annotations

from audit.acts import Act, command
from audit.permissions import holds, require
from batches.commands.locks import (
    check_seen,
    require_running,
    save_step,
    step_fields,
    step_for_update,
)
from batches.commands.steps import require_open
from batches.commands.telling import tell_exception
from batches.events import StepChanged
from batches.models import Step
from batches.queries.statements import current_values, values_of
from batches.queries.work import definition_of
from batches.rules.entries import reason_from
from batches.rules.modes import may_be_manual
from batches.states import MODE
from kernel.errors import AlreadyDone, Conflict, Invalid
from kernel.events import publish

# Production does not take its own instruments out of the way.
SWITCHERS = ("qa", "engineer")
VERBS = ("take_over", "give_back")


@command
def switch_mode(*, step_id: int, seen: int, verb: str, reason: str, act: Act) -> Step:
    """Let people read an instrument and type what it shows, or give the step back to it.

    What is typed is marked, and a second person signs it; that it was switched is an exception.

    Args:
        verb: "take_over" or "give_back".

    Raises:
        NotPermitted: neither quality assurance nor an engineer at the site.
        Conflict: no instrument gives the value of this step, or the batch is not being made.
        AlreadyDone: the step has its value.
        IllegalMove: the step is in that mode, or is not being worked on.
        Invalid: nobody says why, or there is no such verb.
        StaleView: the step changed after it was shown.
    """
    if verb not in VERBS:
        raise Invalid("There is no such switch.", pointer="/verb", code="unknown_verb")
    step = step_for_update(step_id, act=act)
    require(holds(act.by, *SWITCHERS, site_id=step.batch.site_id), "switch the mode of a step")
    require_running(step.batch)
    require_open(step)
    check_seen(seen, step.version)
    if not may_be_manual(definition_of(step)):
        raise Conflict(f"No instrument gives the value of {step.code}.", code="no_instrument")
    if current_values(values_of(step)):
        raise AlreadyDone(f"Step {step.code} has its value.")
    words = reason_from(reason, what="A switch of the mode")
    step.mode = MODE.after(step.mode, verb)
    save_step(step, verb, "mode", act=act)
    told = "is read and typed by people" if verb == "take_over" else "is given back"
    detail = f"{step.code} {step.title}: the instrument {told}: {words}"
    tell_exception(step, "mode", "warning", detail, act=act)
    publish(StepChanged(**step_fields(step, act)))
    return step
