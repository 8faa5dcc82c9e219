"""Omissions: a step that does not apply is said to, with a reason, and signed like any other."""

from __future__ import annotations

from audit.acts import Act, command
from batches.commands.locks import check_seen, require_running, step_for_update
from batches.commands.readings import Entry, Reading, Source
from batches.commands.steps import require_open, require_performer
from batches.commands.telling import tell_exception
from batches.commands.values import store
from batches.models import StepValue
from batches.queries.statements import current_values, values_of
from batches.queries.work import definition_of
from batches.rules.entries import reason_from
from batches.rules.needs import mark_name
from batches.rules.verdicts import NOT_APPLICABLE, Judged
from kernel.errors import AlreadyDone, Conflict

MARK = "not applicable"


@command
def mark_not_applicable(*, step_id: int, seen: int, reason: str, act: Act) -> StepValue:
    """Say that a running step does not apply; it is then signed, twice where it is critical.

    The mark stands in the place of the value, so that the signature covers it with its reason.

    Raises:
        Invalid: there is no reason.
        NotPermitted: whoever asks may not perform the step.
        AlreadyDone: the step has its value.
        IllegalMove: the step is not being worked on.
        Conflict: with code ``always_applies``, the recipe wants the step in every batch; or the
            batch is on hold.
        StaleView: the step changed after it was shown.
    """
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    require_running(step.batch)
    require_open(step)
    check_seen(seen, step.version)
    phase = definition_of(step)
    if not phase.may_skip:
        raise Conflict(
            f"Step {step.code} always applies: put the batch on hold where it cannot be done.",
            code="always_applies",
        )
    words = reason_from(reason, what="A step that does not apply")
    values = values_of(step)
    if step.weighings.filter(state__in=("tared", "weighed")).exists():
        raise Conflict("Return what was weighed first, or give it up.", code="weighed")
    if current_values(values):
        raise AlreadyDone(f"Step {step.code} has its value. Correct it with a reason.")
    entry = Entry(step=step, entered=MARK, unit="", source=Source.CONFIRMED, reason=words, act=act)
    reading = Reading(entered=MARK, source=Source.CONFIRMED, judged=Judged(word=NOT_APPLICABLE))
    value = store(entry, mark_name(phase), reading, values)
    severity = "critical" if phase.critical else "warning"
    detail = f"{step.code} {step.title} does not apply: {words}"
    tell_exception(step, NOT_APPLICABLE, severity, detail, act=act)
    return value
