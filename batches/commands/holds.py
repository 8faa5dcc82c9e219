"""Holds: the work stops at once, for a person or for the software; only quality lets it go on."""

from __future__ import annotations

from typing import Any

from audit.acts import Act, command, record
from audit.permissions import holds, require
from batches.commands.advancing import restart_phases
from batches.commands.locks import batch_for_update, event_fields, save_batch
from batches.commands.opening import open_steps
from batches.commands.stopping import STOPPERS, placed_hold
from batches.events import BatchResumed
from batches.models import Batch, Hold
from batches.rules.entries import LONGEST_REASON, reason_from
from batches.states import BATCH
from kernel.events import publish


@command(may_be_silent=True)
def hold_batch(*, batch_id: int, cause: str, reason: str, act: Act) -> Hold | None:
    """Put a batch on hold; None when it is on hold for the same cause already.

    Args:
        cause: one word for the cause ("person", "limit_exceeded", "identity").
        reason: one sentence for whoever must decide; never patient data.

    Raises:
        NotPermitted: a person without a part in the making.
        IllegalMove: the batch is not being made.
    """
    batch = batch_for_update(batch_id, act=act)
    if act.by.is_person:
        require(holds(act.by, *STOPPERS, site_id=batch.site_id), "put this batch on hold")
    return placed_hold(batch, cause=cause, reason=reason_from(reason, what="A hold"), act=act)


@command
def resume_batch(*, batch_id: int, seen: int, reason: str, act: Act) -> Batch:
    """Lift every hold of a batch and restart its held phases; the work may go on.

    Raises:
        NotPermitted: whoever asks is not quality assurance at the site.
        IllegalMove: the batch is not on hold.
    """
    batch = batch_for_update(batch_id, seen=seen, act=act)
    require(holds(act.by, "qa", site_id=batch.site_id), "let this batch go on")
    words = reason_from(reason, what="Going on")
    batch.state = BATCH.after(batch.state, "resume")
    save_batch(batch, "resume", act=act, reason=words)
    for hold in batch.holds.select_for_update().filter(lifted_at=None).order_by("pk"):
        hold.lifted_at, hold.lifted_by, hold.lift_reason = act.at, act.by, words
        hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        record(act, "lift_hold", hold)
    restart_phases(batch, act=act)
    publish(BatchResumed(**event_fields(batch, act)))
    # What a loop at its bound kept from going on.
    open_steps(batch, act=act)
    return batch


def hold_batches_of(event: Any) -> None:
    """Stop the batch that is being made for a chain of identity (reader of CustodyBroken).

    The hold follows from what was scanned, so nobody is asked for a role: whoever scanned stands
    in the ledger as the one by whom it came about.
    """
    making = Batch.objects.select_for_update(of=("self",)).select_related("order")
    # One that ends before it is locked is not found any more: there is nothing left to stop.
    for batch in making.filter(
        order__chain_id=event.chain_id, state__in=("in_progress", "on_hold")
    ).order_by("pk"):
        placed_hold(batch, cause="identity", reason=event.detail[:LONGEST_REASON], act=event.act)
