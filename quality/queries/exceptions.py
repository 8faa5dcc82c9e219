"""Reads of exceptions: those of one batch and no other, and who had a part in its making."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from kernel.errors import NotFound
from quality.models import BatchException

_WEIGHT = Case(
    When(severity="critical", then=Value(0)),
    When(severity="warning", then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


def exceptions_of(batch: Any) -> QuerySet[BatchException]:
    """Return every exception of a batch and nothing else, the gravest first, then by time."""
    return (
        BatchException.objects.filter(batch=batch)
        .select_related("step", "deviation", "raised_by", "opened_by", "reviewed_by")
        .annotate(weight=_WEIGHT)
        .order_by("weight", "raised_at", "id")
    )


def exception_of(batch: Any, exception_id: int) -> BatchException:
    """Return one exception of a batch.

    Raises:
        NotFound: there is none, or it belongs to another batch.
    """
    found = exceptions_of(batch).filter(pk=exception_id).first()
    if found is None:
        raise NotFound("There is no such exception in this batch.")
    return found


def makers_of(batch: Any) -> set[int]:
    """Return the ids of who performed a step of a batch or entered a value in it."""
    rows = batch.steps.order_by().values_list("performed_by_id", "values__entered_by_id")
    rows = rows.distinct()
    return {person for row in rows for person in row if person is not None}


def participants_of(batch: Any) -> set[int]:
    """Return the ids of who performed, entered or verified anything in a batch."""
    verifiers = batch.steps.exclude(verified_by=None).values_list("verified_by_id", flat=True)
    return makers_of(batch) | set(verifiers)
