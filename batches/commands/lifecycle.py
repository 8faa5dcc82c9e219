"""Lifecycle: a batch is started, its steps open one after another, and it ends."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Case, QuerySet, When
from django.db.models.fields.json import KeyTransform

from audit.acts import Act, command
from audit.permissions import holds, require
from batches.commands.locks import (
    batch_for_update,
    event_fields,
    move_order,
    order_of_batch_for_update,
    save_batch,
    save_step,
)
from batches.events import BatchAborted, BatchStarted, ExecutionCompleted
from batches.models import Batch, Step
from batches.rules.entries import reason_from
from batches.rules.sequencing import openable
from batches.states import BATCH, STEP
from kernel.errors import Conflict
from kernel.events import publish
from kernel.prepared import prepared


@command
def start_batch(*, batch_id: int, seen: int, act: Act) -> Batch:
    """Start making an issued batch: its room is taken, its order is in manufacture (if not yet).

    Raises:
        NotPermitted: the operator does not work at the site.
        IllegalMove: the batch is not issued.
        StaleView: it changed after it was shown.
        Conflict: with code ``room_busy``, another batch is being made in the room.
    """
    order = order_of_batch_for_update(batch_id)
    batch = batch_for_update(batch_id, seen=seen, act=act)
    require(holds(act.by, "operator", site_id=batch.site_id), "start batches here")
    batch.state = BATCH.after(batch.state, "start")
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


def open_steps(batch: Batch, *, act: Act) -> list[Step]:
    """Open every waiting step whose predecessors are complete; the batch is locked."""
    rows = _followers(batch.pk)
    complete = {code for code, state, _ in rows if state == "complete"}
    if len(complete) == len(rows):
        complete_execution(batch, act=act)
        return []
    codes = openable({code: needs for code, state, needs in rows if state == "waiting"}, complete)
    if not codes:
        return []
    opened = list(
        batch.steps.select_for_update(of=("self",)).filter(code__in=codes).order_by("ordinal")
    )
    for step in opened:
        step.state = STEP.after(step.state, "open")
        save_step(step, "open", act=act)
    return opened


@prepared
def _followers(batch_id: int) -> QuerySet[Step, tuple[str, str, list[str]]]:
    rows = Step.objects.filter(batch_id=batch_id).order_by()
    # What a step waits for is asked of those that wait: every other answer would be read for nothing.
    needs = Case(When(state="waiting", then=KeyTransform("after", "definition")))
    return rows.values_list("code", "state", needs)


def complete_execution(batch: Batch, *, act: Act) -> None:
    """End the making of a batch whose last step is complete; the batch is locked."""
    whole = batch_for_update(batch.pk, act=act)
    whole.state = batch.state = BATCH.after(whole.state, "complete")
    whole.completed_at = act.at
    save_batch(whole, "complete", "completed_at", act=act)
    publish(ExecutionCompleted(**event_fields(whole, act)))


@command
def abort_batch(*, batch_id: int, seen: int, reason: str, act: Act) -> Batch:
    """End the making of a batch before its last step; it can only be rejected then.

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
    publish(BatchAborted(**event_fields(batch, act)))
    return batch
