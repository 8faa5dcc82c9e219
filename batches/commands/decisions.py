"""Decisions: what the floor above decided on a batch. Signatures and gates are its business."""

from __future__ import annotations

from audit.acts import Act, command
from audit.permissions import holds, require
from batches.commands.locks import (
    batch_for_update,
    event_fields,
    move_order,
    order_of_batch_for_update,
    save_batch,
)
from batches.events import BatchMoved, BatchRejected, BatchReleased
from batches.models import Batch
from batches.states import BATCH, GIVEN_UP
from kernel.events import publish


def _moved(batch_id: int, verb: str, act: Act) -> Batch:
    batch = batch_for_update(batch_id, act=act)
    batch.state = BATCH.after(batch.state, verb)
    save_batch(batch, verb, act=act)
    publish(BatchMoved(**event_fields(batch, act), state=batch.state))
    return batch


@command
def mark_production_reviewed(*, batch_id: int, act: Act) -> Batch:
    """Note that production has reviewed the record of a batch."""
    return _moved(batch_id, "review_production", act)


@command
def mark_in_review(*, batch_id: int, act: Act) -> Batch:
    """Note that quality has opened the review of a batch."""
    return _moved(batch_id, "open_review", act)


@command
def mark_returned(*, batch_id: int, act: Act) -> Batch:
    """Note that quality gave the record back for correction."""
    return _moved(batch_id, "return", act)


@command
def mark_released(*, batch_id: int, act: Act) -> Batch:
    """Note that a batch is released, and its order with it.

    Raises:
        NotPermitted: the actor is no Qualified Person at the site.
        IllegalMove: the batch is not in review.
    """
    order = order_of_batch_for_update(batch_id)
    batch = batch_for_update(batch_id, act=act)
    require(holds(act.by, "qp", site_id=batch.site_id), "release batches")
    batch.state = BATCH.after(batch.state, "release")
    batch.decided_at = act.at
    save_batch(batch, "release", "decided_at", act=act)
    move_order(order, "release", act=act)
    publish(BatchReleased(**event_fields(batch, act)))
    return batch


@command
def mark_rejected(*, batch_id: int, act: Act) -> Batch:
    """Note that a batch is rejected; its order has failed, unless another batch makes it.

    Raises:
        NotPermitted: the actor is neither quality assurance nor a Qualified Person at the site.
        IllegalMove: the batch is not in review.
    """
    order = order_of_batch_for_update(batch_id)
    batch = batch_for_update(batch_id, act=act)
    require(holds(act.by, "qa", "qp", site_id=batch.site_id), "reject batches")
    batch.state = BATCH.after(batch.state, "reject")
    batch.decided_at = act.at
    save_batch(batch, "reject", "decided_at", act=act)
    if not Batch.objects.filter(order=order).exclude(state__in=GIVEN_UP).exists():
        move_order(order, "fail", act=act)
    publish(BatchRejected(**event_fields(batch, act)))
    return batch
