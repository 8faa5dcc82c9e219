"""Planning: which orders can be made now, and which have no batch yet."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from batches.models import Batch, Order, Step
from batches.queries.work import OPEN_STEP


def orders_to_plan(sites: Iterable[int] | None) -> QuerySet[Order]:
    """Return the orders without a batch that these sites make and that are ready, soonest first."""
    is_ready = Q(state="received") | Q(state="ordered", therapy__is_autologous=False)
    found = Order.objects.filter(is_ready, batch=None).select_related(
        "therapy", "patient", "site", "made_at"
    )
    if sites is not None:
        found = found.filter(made_at_id__in=list(sites))
    return found.order_by("administer_from", "pk")


def next_open_step(batch: Batch, *, after: int = 0) -> Step | None:
    """Return the step to go on with: the next open one, else the first open one."""
    steps = batch.steps.filter(state__in=OPEN_STEP).order_by("ordinal")
    return steps.filter(ordinal__gt=after).first() or steps.first()
