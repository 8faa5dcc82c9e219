"""Lifecycle: a batch is started, and it ends."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.acts import Act, command
from audit.permissions import holds, require
from batches.commands.advancing import abort_phases
from batches.commands.clearing import require_clear_room
from batches.commands.locks import (
    batch_for_update,
    event_fields,
    move_order,
    order_of_batch_for_update,
    save_batch,
)
from batches.commands.opening import open_steps
from batches.events import BatchAborted, BatchStarted
from batches.models import Batch
from batches.rules.entries import reason_from
from batches.states import BATCH
from kernel.errors import Conflict
from kernel.events import publish
from supply import commands as supply


@command
def start_batch(*, batch_id: int, seen: int, act: Act) -> Batch:
    """Start making an issued batch: its room is taken, its order is in manufacture (if not yet).

    Raises:
        NotPermitted: the operator does not work at the site.
        IllegalMove: the batch is not issued.
        StaleView: it changed after it was shown.
        Conflict: with code ``room_busy``, another batch is being made in the room; with code
            ``changeover``, the room was not cleared after the batch before.
    """
    order = order_of_batch_for_update(batch_id)
    batch = batch_for_update(batch_id, seen=seen, act=act)
    require(holds(act.by, "operator", site_id=batch.site_id), "start batches here")
    state = BATCH.after(batch.state, "start")
    require_clear_room(batch, act)
    batch.state = state
    batch.started_at = act.at
    try:
        # One patient in a room: the database decides between two that start at once (ATMP-08).
        with transaction.atomic():
            save_batch(batch, "start", "started_at", act=act)
    except IntegrityError:
        room = batch.room.code if batch.room else "The room"
        raise Conflict(
            f"{room} is taken by another batch until it ends.", code="room_busy"
        ) from None
    if order.state != "manufacturing":
        move_order(order, "manufacture", act=act)
    open_steps(batch, act=act)
    publish(BatchStarted(**event_fields(batch, act)))
    return batch


@command
def abort_batch(*, batch_id: int, seen: int, reason: str, act: Act) -> Batch:
    """End the making of a batch before its last step, and abort what runs; it can only be rejected.

    Raises:
        NotPermitted: whoever asks is not quality assurance at the site.
        IllegalMove: the batch is not being made.
    """
    batch = batch_for_update(batch_id, seen=seen, act=act)
    require(holds(act.by, "qa", site_id=batch.site_id), "abort batches")
    words = reason_from(reason, what="Aborting")
    batch.state = BATCH.after(batch.state, "abort")
    batch.completed_at = act.at
    save_batch(batch, "abort", "completed_at", act=act, reason=words)
    abort_phases(batch, act=act)
    supply.free_units(used_in=batch.number, act=act)
    publish(BatchAborted(**event_fields(batch, act)))
    return batch
