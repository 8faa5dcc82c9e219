"""Receipt: which orders wait for material where, and what a wrong scan led to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from audit.queries import entries_in
from batches.models import Batch, Order


def orders_awaited(sites: Iterable[int] | None) -> QuerySet[Order]:
    """Return the orders of which a bag is still on its way to these sites, soonest needed first."""
    found = Order.objects.filter(
        state__in=("collected", "received"), chain__containers__state="collected"
    ).select_related("therapy", "site", "made_at", "patient", "chain")
    if sites is not None:
        found = found.filter(made_at_id__in=list(sites))
    return found.distinct().order_by("administer_from", "pk")


def batch_of_order(order: Order) -> Batch | None:
    """Return the newest batch of an order, if there is one."""
    return Batch.objects.defer("control_recipe").filter(order=order).first()


def opened_by(act_id: UUID, order: Order) -> str:
    """Return the number of the record that a floor above opened because of an act, or nothing.

    It stands in the ledger of the batch, or in that of the chain of identity before there is one.
    """
    batch = batch_of_order(order)
    streams = [order.chain.stream(), *([batch.stream()] if batch else [])]
    for stream in streams:
        for entry in entries_in(stream).filter(act=act_id, verb="open"):
            number = json.loads(entry.entry)["after"].get("number", "")
            if number:
                return str(number)
    return ""
