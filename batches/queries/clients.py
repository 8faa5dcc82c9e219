"""Batches as REST clients see them: by the site that ordered, or the site that makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat

from batches.models import Batch, Step
from batches.queries.work import batches_seen
from kernel.errors import NotFound

# What a client is told of a batch, and where it stands.
COLUMNS = {
    "number": "number",
    "order": "order__number",
    "external_id": "order__external_id",
    "chain_of_identity": "order__chain__value",
    "patient": "order__patient__code",
    "therapy": "order__therapy__code",
    "recipe": "recipe_title",
    "site": "site__code",
    "state": "state",
    "version": "version",
    "step_count": "step_count",
    "steps_complete": "steps_complete",
    "started_at": "started_at",
    "completed_at": "completed_at",
    "decided_at": "decided_at",
    "updated_at": "updated_at",
}


def batches_of_sites(sites: Iterable[int] | None) -> QuerySet[Batch]:
    """Return the batches these sites ordered or make; None is all."""
    found = batches_seen(None)
    if sites is None:
        return found
    ids = list(sites)
    return found.filter(Q(site_id__in=ids) | Q(order__site_id__in=ids))


def batch_rows(found: QuerySet[Batch]) -> QuerySet[Batch, Any]:
    """Return these batches as rows for ``plain_batch``: one query, and no objects of records.

    The steps are counted by a query inside the row, so a page counts those of its own batches and
    never of all (an aggregate over a join would group every batch there is before the limit).
    """
    steps = Step.objects.filter(batch=OuterRef("pk")).order_by().values("batch")
    counted = steps.annotate(n=Count("code", distinct=True)).values("n")
    told = found.annotate(
        step_count=Coalesce(Subquery(counted.exclude(state="skipped")), 0),
        steps_complete=Coalesce(Subquery(counted.filter(state="complete")), 0),
        recipe_title=Concat(
            "recipe_version__recipe__code",
            Value(" v"),
            Cast("recipe_version__number", TextField()),
            output_field=TextField(),
        ),
    )
    return told.values_list("pk", *COLUMNS.values(), named=True)


def batch_of_sites(number: str, sites: Iterable[int] | None) -> Batch:
    """Return a batch that one of these sites ordered or makes.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    rows = batches_of_sites(sites)
    found = rows.filter(number=number).first() if number.isprintable() else None
    if found is None:
        raise NotFound("There is no such batch.")
    return found


def plain_batch(row: Any) -> dict[str, Any]:
    """Return a batch for a client, from a row of ``batch_rows``."""
    return {name: getattr(row, column) for name, column in COLUMNS.items()}


def plain_steps(batch: Batch) -> list[dict[str, Any]]:
    """Return how far each step of a batch is, in order; every execution is a line of its own."""
    names = ("code", "execution", "title", "kind", "state", "started_at", "completed_at")
    return list(batch.steps.order_by("ordinal", "inserted", "execution").values(*names))
