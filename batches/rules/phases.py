"""Phases: the procedural states of ISA-88, and how they roll up to what holds them. Pure Python."""

from __future__ import annotations

from collections.abc import Iterable

# An operation with phases in several states is in the first of these that any of them is in.
_WORST_FIRST = (
    "aborting",
    "aborted",
    "stopping",
    "stopped",
    "holding",
    "held",
    "restarting",
    "pausing",
    "paused",
    "running",
)
# What a hold of the batch holds.
HOLDABLE = ("running", "pausing", "paused", "restarting")
ENDED = ("stopped", "aborted")
_BY_SIGNATURES = {"running": "running", "performed": "running", "complete": "complete"}


def phase_of(state: str, phase: str) -> str:
    """Return the procedural state of an execution.

    Args:
        state: how far it is signed.
        phase: its procedural state as stored; idle in rows older than the column.
    """
    return _BY_SIGNATURES.get(state, phase) if phase == "idle" else phase


def rolled_up(phases: Iterable[str]) -> str:
    """Return the state of an operation, a unit procedure or a batch from those of its phases.

    What is worst shows: one aborted phase makes the whole aborted. It is complete when all are,
    idle when none began, and running in between.
    """
    found = set(phases)
    worst = next((state for state in _WORST_FIRST if state in found), None)
    if worst is not None:
        return worst
    return "running" if len(found) > 1 else next(iter(found), "idle")
