"""Phases: held, paused, stopped, aborted and reset while they run (ISA-88, requirement S88-05).

To stop something is never refused because a screen is old; to let it go on after a hold, and to do
it again, is quality's.
"""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.permissions import holds, require
from batches.commands.advancing import advance, caught_up
from batches.commands.executions import next_execution
from batches.commands.locks import (
    batch_for_update,
    check_seen,
    event_fields,
    require_running,
    step_fields,
    step_for_update,
)
from batches.commands.opening import open_steps
from batches.commands.steps import require_performer
from batches.commands.stopping import STOPPERS, placed_hold
from batches.events import ExceptionRaised, StepChanged
from batches.models import Hold, Step
from batches.rules.entries import reason_from
from batches.rules.phases import ENDED, phase_of
from batches.states import EXECUTION, PHASE
from kernel.errors import AlreadyDone, Invalid
from kernel.events import publish

# What each command on a phase is called where it needs a reason; one without a name needs none.
REASONED = {
    "pause": "A pause",
    "hold": "A hold",
    "restart": "Going on",
    "stop": "A stop",
    "abort": "An abort",
}
VERBS = ("pause", "resume", "hold", "restart", "stop", "abort")
# Who may always stop something, whatever they have seen.
_STOPS = ("pause", "hold", "stop", "abort")
_ENDS = ("stop", "abort")


@command
def move_phase(*, step_id: int, seen: int | None, verb: str, reason: str = "", act: Act) -> Step:
    """Pause, resume, hold, restart, stop or abort a phase.

    A stop or an abort puts the batch on hold and is a critical exception: quality must decide.

    Args:
        seen: the version that was shown; None, and whatever it is, for what stops something.

    Raises:
        NotPermitted: this person may not give that command.
        IllegalMove: the phase is in a state that does not know the command.
        Conflict: the batch is not being made.
        Invalid: there is no such command, or no reason.
        StaleView: the step changed after it was shown.
    """
    if verb not in VERBS:
        raise Invalid("A phase knows no such command.", pointer="/verb", code="unknown_verb")
    step = step_for_update(step_id, act=act)
    _require_right(step, verb, act)
    if not (verb in _ENDS and step.batch.state == "on_hold"):
        require_running(step.batch)
    EXECUTION.after(phase_of(step.state, step.phase), verb)
    check_seen(None if verb in _STOPS else seen, step.version)
    words = reason_from(reason, what=REASONED[verb]) if verb in REASONED else ""
    advance(caught_up(step, act), verb, act=act, reason=words)
    _keep(step, verb, words, act)
    if step.phase in ENDED:
        _force_decision(step, words, act)
    publish(StepChanged(**step_fields(step, act)))
    return step


def _require_right(step: Step, verb: str, act: Act) -> None:
    site = step.batch.site_id
    if verb == "restart":
        require(holds(act.by, "qa", site_id=site), f"let step {step.code} go on")
    elif verb == "resume":
        require_performer(step, act)
    else:
        require(holds(act.by, *STOPPERS, site_id=site), f"{verb} step {step.code}")


def _keep(step: Step, verb: str, reason: str, act: Act) -> None:
    """Keep since when and why a phase was held or paused, and until when."""
    if verb in ("hold", "pause"):
        hold = Hold(
            batch_id=step.batch_id,
            step=step,
            cause="phase_held" if verb == "hold" else "phase_paused",
            reason=reason,
            placed_at=act.at,
            placed_by=act.by,
        )
        hold.save(force_insert=True)
        record(act, "place_hold", hold)
        return
    for hold in step.holds.select_for_update().filter(lifted_at=None).order_by("pk"):
        hold.lifted_at, hold.lifted_by, hold.lift_reason = act.at, act.by, reason
        hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        record(act, "lift_hold", hold)


def _force_decision(step: Step, reason: str, act: Act) -> None:
    """Hold the batch of a phase that ended before it was complete, and tell the reviewers."""
    told = f"{step.code} {step.title} was {step.phase}: {reason}"
    _tell(step, f"phase_{step.phase}", "critical", told, act)
    whole = batch_for_update(step.batch_id, act=act)
    placed_hold(whole, cause=f"phase_{step.phase}", reason=told[:1000], act=act)


def _tell(step: Step, kind: str, severity: str, detail: str, act: Act) -> None:
    publish(
        ExceptionRaised(
            **event_fields(step.batch, act),
            step_id=step.pk,
            exception_kind=kind,
            severity=severity,
            detail=detail[:1000],
        )
    )


@command
def reset_phase(*, step_id: int, seen: int, reason: str, act: Act) -> Step:
    """Do a phase again that is complete, stopped or aborted: a new execution beside the first.

    Raises:
        NotPermitted: whoever asks is not quality assurance at the site.
        IllegalMove: the phase has not ended.
        AlreadyDone: it was reset already.
        Conflict: the batch is not being made.
        StaleView: the step changed after it was shown.
    """
    step = step_for_update(step_id, act=act)
    require(holds(act.by, "qa", site_id=step.batch.site_id), f"reset step {step.code}")
    require_running(step.batch)
    PHASE.after(phase_of(step.state, step.phase), "reset")
    if step.batch.steps.filter(code=step.code, execution__gt=step.execution).exists():
        raise AlreadyDone(f"Step {step.code} is being done again already.")
    check_seen(seen, step.version)
    words = reason_from(reason, what="Doing a step again")
    record(act, "reset", step, reason=words)
    again = next_execution(step, act=act)
    told = f"{step.code} {step.title} is done again: {words}"
    _tell(step, "phase_reset", "warning", told, act)
    open_steps(step.batch, act=act)
    publish(StepChanged(**step_fields(step, act)))
    again.refresh_from_db()
    return again
