"""Phases in every procedural state, and the commands on them, given by whoever may."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from audit.acts import Act, command
from audit.models import LedgerEntry
from batches import commands
from batches.commands.locks import save_step, step_for_update
from batches.models import Step
from batches.states import EXECUTION
from mes.demo.performing import fill, perform_step, sign
from tests.conftest import NOON
from tests.worlds.audit import act_by
from tests.worlds.batches import operator, running_batch, shift, step_of
from tests.worlds.recipes import quality

STATES = (
    "idle", "running", "pausing", "paused", "holding", "held", "restarting", "stopping", "stopped",
    "aborting", "aborted", "complete",
)  # fmt: skip
COMMANDS = ("start", "pause", "resume", "hold", "restart", "stop", "abort", "reset", "done")
TRANSIENT = ("pausing", "holding", "restarting", "stopping", "aborting")
# How a phase of a person gets to each state: the legal moves, the -ing states left open.
WAYS: dict[str, tuple[str, ...]] = {
    "idle": (),
    "running": ("start",),
    "pausing": ("start", "pause"),
    "paused": ("start", "pause", "done"),
    "holding": ("start", "hold"),
    "held": ("start", "hold", "done"),
    "restarting": ("start", "hold", "done", "restart"),
    "stopping": ("start", "stop"),
    "stopped": ("start", "stop", "done"),
    "aborting": ("start", "abort"),
    "aborted": ("start", "abort", "done"),
    "complete": ("start", "done"),
}


@command
def left_in(*, step_id: int, way: tuple[str, ...], act: Act) -> None:
    """Move a phase along legal moves and leave it there, as equipment that takes its time does."""
    step = step_for_update(step_id, act=act)
    for verb in way:
        step.phase = EXECUTION.after(step.phase, verb)
        step.state = {"stopped": "stopped", "aborted": "aborted", "idle": "ready"}.get(
            step.phase, "running"
        )
        step.started_at = step.started_at or act.at
        step.completed_at = act.at if step.phase in ("stopped", "aborted") else None
        save_step(step, verb, "phase", "started_at", "completed_at", act=act)


def step_in(state: str) -> Step:
    """The first step of a running batch, its phase in this state and filled."""
    batch = running_batch()
    step, work = step_of(batch, "S01"), shift()
    if state == "complete":
        return perform_step(step, work)
    if state != "idle":
        step = commands.start_step(step_id=step.pk, seen=step.version, act=work.act(operator()))
        step = step_of(batch, "S01")
        fill(step, work, operator())
    if WAYS[state][1:]:
        left_in(step_id=step.pk, way=WAYS[state][1:], act=work.act(operator()))
    return step_of(batch, "S01")


def act_on(step: Step, verb: str) -> Any:
    """Give a command as the person whose it is."""
    by = quality() if verb in ("restart", "reset") else operator()
    act = act_by(by, at=NOON + timedelta(hours=2))
    if verb == "start":
        return commands.start_step(step_id=step.pk, seen=step.version, act=act)
    if verb == "reset":
        return commands.reset_phase(step_id=step.pk, seen=step.version, reason="Once more", act=act)
    if verb == "done":
        return sign(step, shift(at=NOON + timedelta(hours=2)), operator())
    return commands.move_phase(
        step_id=step.pk, seen=step.version, verb=verb, reason="A reason", act=act
    )


def moves_in_the_ledger(step: Step) -> list[tuple[str, str]]:
    """Every move of the phase that the ledger tells of."""
    found = []
    for one in LedgerEntry.objects.filter(subject_type="batches.Step", subject_id=str(step.pk)):
        entry = json.loads(one.entry)
        if "phase" in entry["before"]:
            found.append((entry["before"]["phase"], entry["after"]["phase"]))
    return found
