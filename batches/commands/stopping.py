"""Stopping: the one way in which a batch that is locked is put on hold, whoever asks."""

from __future__ import annotations

from audit.acts import Act, record
from batches.commands.advancing import hold_phases
from batches.commands.locks import event_fields, save_batch
from batches.events import BatchHeld
from batches.models import Batch, Hold
from batches.states import BATCH
from kernel.events import publish

STOPPERS = ("operator", "verifier", "qa", "qp")


def placed_hold(batch: Batch, *, cause: str, reason: str, act: Act) -> Hold | None:
    """Put a batch that is locked on hold, and its running phases with it.

    Returns:
        The hold; None when the batch is on hold for the same cause already.
    """
    if batch.state != "on_hold":
        batch.state = BATCH.after(batch.state, "hold")
    elif batch.holds.filter(lifted_at=None, cause=cause, step=None).exists():
        return None
    save_batch(batch, "hold", act=act, cause=cause)
    hold = Hold(batch=batch, cause=cause, reason=reason, placed_at=act.at, placed_by=act.by)
    hold.save(force_insert=True)
    record(act, "place_hold", hold)
    hold_phases(batch, act=act)
    publish(BatchHeld(**event_fields(batch, act), cause=cause))
    return hold
