"""Planning: which orders can be made now, and which have no batch yet."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from batches.models import Batch, Order, Step
from batches.queries.work import OPEN_STEP
from batches.states import GIVEN_UP
from kernel.prepared import prepared


def orders_to_plan(sites: Iterable[int] | None) -> QuerySet[Order]:
    """Return the orders that no batch makes, that these sites make and that are ready, soonest first."""
    has_bag = Exists(Order.objects.filter(pk=OuterRef("pk"), chain__containers__state="received"))
    is_ready = Q(has_bag, state__in=("received", "manufacturing")) | Q(
        state__in=("ordered", "received", "manufacturing"), therapy__is_autologous=False
    )
    making = Batch.objects.filter(order=OuterRef("pk")).exclude(state__in=GIVEN_UP)
    found = Order.objects.filter(is_ready, ~Exists(making)).select_related(
        "therapy", "patient", "site", "made_at"
    )
    if sites is not None:
        found = found.filter(made_at_id__in=list(sites))
    return found.order_by("administer_from", "pk")


def next_open_step(batch: Batch, *, after: Step | None = None) -> Step | None:
    """Return the step to go on with: the next open one, else the first open one."""
    place = (after.ordinal, after.inserted) if after else (0, 0)
    return next(iter(_open_steps(batch.pk, *place)), None)


@prepared
def _open_steps(batch_id: int, after: int, inserted: int) -> QuerySet[Step]:
    is_later = Q(ordinal__gt=after) | Q(ordinal=after, inserted__gt=inserted)
    comes_later = Case(When(is_later, then=0), default=1)
    open_now = Step.objects.filter(batch_id=batch_id, state__in=OPEN_STEP)
    return open_now.order_by(comes_later, "ordinal", "inserted")[:1]
