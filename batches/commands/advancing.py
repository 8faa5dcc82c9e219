"""Advancing: one move of a phase through the table of ISA-88, to where it comes to rest.

Phases that people carry out do not need time to pause or to stop, so a state that ends in -ing is
left in the same transaction. Both moves are in the ledger.
"""

from __future__ import annotations

from audit.acts import Act
from batches.commands.locks import save_step
from batches.models import Batch, Step
from batches.rules.phases import ENDED, HOLDABLE, phase_of
from batches.states import EXECUTION, STEP

# States that nobody stays in.
_TRANSIENT = ("pausing", "holding", "restarting", "stopping", "aborting")
_OPEN = ("running", "performed", "stopped")


def caught_up(step: Step, act: Act) -> Step:
    """Note the procedural state of a step that was started before there was one."""
    if step.phase == "idle" and step.state in ("running", "performed"):
        step.phase = EXECUTION.after("idle", "start")
        save_step(step, "start_phase", "phase", act=act)
    return step


def advance(step: Step, verb: str, *, act: Act, reason: str = "") -> Step:
    """Move a phase that is locked, and on to where it comes to rest.

    Raises:
        IllegalMove: the table has no such edge.
    """
    step.phase = EXECUTION.after(step.phase, verb)
    save_step(step, verb, "phase", act=act, reason=reason)
    while step.phase in _TRANSIENT:
        step.phase = EXECUTION.after(step.phase, "done")
        fields = ["phase"]
        if step.phase in ENDED and step.state in _OPEN:
            step.state = STEP.after(step.state, "stop" if step.phase == "stopped" else "abort")
            step.completed_at = step.completed_at or act.at
            fields.append("completed_at")
        save_step(step, "done", *fields, act=act)
    return step


def hold_phases(batch: Batch, *, act: Act) -> None:
    """Hold every phase of a batch that goes on; the batch is locked."""
    for step in _phases(batch):
        if phase_of(step.state, step.phase) in HOLDABLE:
            advance(caught_up(step, act), "hold", act=act)


def restart_phases(batch: Batch, *, act: Act) -> None:
    """Restart every phase of a batch that is held; the batch is locked."""
    for step in _phases(batch):
        if step.phase == "held":
            advance(step, "restart", act=act)


def abort_phases(batch: Batch, *, act: Act) -> None:
    """Abort every phase of a batch that has begun and not ended; the batch is locked."""
    for step in _phases(batch):
        advance(caught_up(step, act), "abort", act=act)


def _phases(batch: Batch) -> list[Step]:
    """Return the steps of a batch that were started and not ended, under lock."""
    found = batch.steps.select_for_update(of=("self",)).filter(state__in=("running", "performed"))
    steps = list(found.order_by("ordinal", "inserted", "execution"))
    for step in steps:
        step.batch = batch
    return steps
