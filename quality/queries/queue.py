"""The queue of the reviewers: which batches wait, since when, and how much there is to look at."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from audit.models import User
from audit.permissions import sites_of
from batches.queries import batches_seen

WAITING = (
    "execution_complete",
    "production_reviewed",
    "qa_review",
    "returned_for_correction",
    "aborted",
    "qa_review_of_aborted",
)


def review_queue(user: User, *, state: str = "") -> Any:
    """Return the batches that wait for a review or a decision where this person works.

    The patient who has waited longest comes first; each batch has ``exceptions_in_all``,
    ``exceptions_undecided`` and ``deviations_open``.
    """
    found = batches_seen(sites_of(user)).filter(state__in=(state,) if state else WAITING)
    return found.annotate(
        exceptions_in_all=Count("exceptions", distinct=True),
        exceptions_undecided=Count(
            "exceptions", filter=~Q(exceptions__state="accepted"), distinct=True
        ),
        deviations_open=Count("deviations", filter=~Q(deviations__state="closed"), distinct=True),
    ).order_by("order__ordered_at", "pk")


def waiting_after(queue: Any, batch_id: int) -> Any:
    """Return what of the queue comes after a batch; all of it when there is no such batch."""
    last = queue.filter(pk=batch_id).first()
    if last is None:
        return queue
    at = last.order.ordered_at
    return queue.filter(Q(order__ordered_at__gt=at) | Q(order__ordered_at=at, pk__gt=last.pk))
