"""Batches as REST clients see them: by the site that ordered, or the site that makes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet

from batches.models import Batch
from batches.queries.work import batches_seen
from kernel.errors import NotFound


def batches_of_sites(sites: Iterable[int] | None) -> QuerySet[Batch]:
    """Return the batches these sites ordered or make, with their progress; None is all."""
    found = batches_seen(None).annotate(
        step_count=Count("steps__code", filter=~Q(steps__state="skipped"), distinct=True),
        complete_count=Count("steps__code", filter=Q(steps__state="complete"), distinct=True),
    )
    if sites is None:
        return found
    ids = list(sites)
    return found.filter(Q(site_id__in=ids) | Q(order__site_id__in=ids))


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


def plain_batch(batch: Any) -> dict[str, Any]:
    """Return a batch for a client; it must come from ``batches_of_sites``."""
    return {
        "number": batch.number,
        "order": batch.order.number,
        "external_id": batch.order.external_id,
        "chain_of_identity": batch.order.chain.value,
        "patient": batch.order.patient.code,
        "therapy": batch.order.therapy.code,
        "recipe": f"{batch.recipe_version.recipe.code} v{batch.recipe_version.number}",
        "site": batch.site.code,
        "state": batch.state,
        "version": batch.version,
        "step_count": batch.step_count,
        "steps_complete": batch.complete_count,
        "started_at": batch.started_at,
        "completed_at": batch.completed_at,
        "decided_at": batch.decided_at,
        "updated_at": batch.updated_at,
    }


def plain_steps(batch: Batch) -> list[dict[str, Any]]:
    """Return how far each step of a batch is, in order; every execution is a line of its own."""
    names = ("code", "execution", "title", "kind", "state", "started_at", "completed_at")
    return list(batch.steps.order_by("ordinal", "inserted", "execution").values(*names))
