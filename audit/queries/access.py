"""The access log: who came in, who tried to, searched and sorted."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from datetime import date as Date

from django.db.models import F, Q, QuerySet

from audit.models import AccessEvent

# How the log can be sorted: the name in the address, and the order.
EVENT_ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-at", "-id"),
    "oldest": ("at", "id"),
    "person": ("username", "-at", "-id"),
}


def access_events(
    *,
    person: str = "",
    outcome: str = "",
    origin: str = "",
    since: Date | None = None,
    until: Date | None = None,
    order: str = "newest",
    after: int | None = None,
) -> QuerySet[AccessEvent]:
    """Return the attempts that somebody looks for, sorted.

    Args:
        person: the beginning of the user ID as it was typed.
        after: the attempt after which the page begins.
    """
    found = AccessEvent.objects.select_related("user")
    if person:
        found = found.filter(username__startswith=person.casefold())
    if outcome:
        found = found.filter(outcome=outcome)
    if origin:
        found = found.filter(origin=origin)
    if since is not None:
        found = found.filter(at__gte=datetime.combine(since, time.min, UTC))
    if until is not None:
        found = found.filter(at__lt=datetime.combine(until, time.min, UTC) + timedelta(days=1))
    order_by = EVENT_ORDERS[order]
    mark = None if after is None else AccessEvent.objects.filter(pk=after).first()
    if mark is not None:
        found = found.filter(_after(mark, order_by))
    return found.order_by(*[F(n[1:]).desc() if n[0] == "-" else F(n).asc() for n in order_by])


def _after(mark: AccessEvent, order_by: tuple[str, ...]) -> Q:
    """Return what comes after a row in an order."""
    after, same = Q(), Q()
    for name in order_by:
        field = name.lstrip("-")
        value = getattr(mark, field)
        after |= same & Q(**{f"{field}__{'lt' if name[0] == '-' else 'gt'}": value})
        same &= Q(**{field: value})
    return after
