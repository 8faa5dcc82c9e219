"""More: which commands on a phase a person may give now, and what each asks and says."""

from __future__ import annotations

from typing import Any

from audit.models import User
from audit.permissions import holds
from batches.commands.modes import SWITCHERS
from batches.models import Step
from batches.rules.modes import may_be_manual
from batches.rules.phases import phase_of
from batches.states import MODE, PHASE
from recipes.rules.steps import Step as Phase

STOPPERS = ("operator", "verifier", "qa", "qp")
_TOLD: dict[str, dict[str, Any]] = {
    "pause": {
        "title": "Pause this step",
        "hint": "The time goes on. Whoever performs the step lets it go on.",
        "submit": "Pause",
        "icon": "pause",
    },
    "resume": {"title": "", "hint": "", "submit": "Go on with the step", "icon": "play"},
    "hold": {
        "title": "Hold this step",
        "hint": "The time goes on. Only quality lets the step go on.",
        "submit": "Hold the step",
        "icon": "pause",
    },
    "restart": {
        "title": "Let this step go on",
        "hint": "The time in hold counts into the limits of the step.",
        "submit": "Let the step go on",
        "icon": "play",
    },
    "stop": {
        "title": "Stop this step",
        "hint": "It ends in an orderly way, and the batch is on hold until quality decides.",
        "submit": "Stop the step",
        "icon": "stop",
        "is_danger": True,
    },
    "abort": {
        "title": "Abort this step",
        "hint": "It ends at once, and the batch is on hold until quality decides.",
        "submit": "Abort the step",
        "icon": "stop",
        "is_danger": True,
    },
    "reset": {
        "title": "Do this step again",
        "hint": "A new execution begins beside this one, which stays on the record.",
        "submit": "Do it again",
        "icon": "play",
    },
}

_OMISSION: dict[str, Any] = {
    "verb": "not_applicable",
    "title": "This step does not apply",
    "hint": "The reason is signed in the place of the value, and quality reviews it.",
    "submit": "Not applicable",
    "icon": "minus",
}


_MODES: dict[str, dict[str, Any]] = {
    "take_over": {
        "title": "Type what the instrument shows",
        "hint": "A person reads it, a second person signs, and quality reviews it.",
        "submit": "Manual mode",
        "icon": "edit",
    },
    "give_back": {
        "title": "Let the instrument give the value again",
        "hint": "The step is automatic again.",
        "submit": "Automatic mode",
        "icon": "play",
    },
}


def commands_now(user: User, step: Step, phase: Phase, *, may_omit: bool) -> list[dict[str, Any]]:
    """Return the commands that the table knows in this state and this person may give.

    Args:
        may_omit: the step is worked on by this person, and has no value yet.
    """
    batch = step.batch
    roles = {"restart": ("qa",), "reset": ("qa",), "resume": phase.roles}
    found = [_OMISSION] if may_omit and phase.may_skip else []
    is_worked_on = step.state == "running" and batch.state == "in_progress"
    may_switch = is_worked_on and holds(user, *SWITCHERS, site_id=batch.site_id)
    if may_switch and may_be_manual(phase):
        found += [{"verb": verb, **_MODES[verb]} for verb in MODE.verbs_from(step.mode)]
    for verb in PHASE.verbs_from(phase_of(step.state, step.phase)):
        is_running = batch.state == "in_progress"
        is_ending = verb in ("stop", "abort") and batch.state == "on_hold"
        is_allowed = holds(user, *roles.get(verb, STOPPERS), site_id=batch.site_id)
        if verb in _TOLD and (is_running or is_ending) and is_allowed:
            found.append({"verb": verb, **_TOLD[verb]})
    return found
