"""The part of a batch record that quality wrote, in plain values."""

from __future__ import annotations

from typing import Any

from audit.models import Recorded
from audit.queries import plain_signature, signatures_of
from quality.models import BatchException, Deviation, Disposition, Review
from quality.queries.deviations import deviations_of
from quality.queries.exceptions import exceptions_of


def section_for_record(batch: Any) -> dict[str, Any]:
    """Return exceptions, deviations, reviews and disposition of a batch, with their signatures."""
    disposition = disposition_of(batch)
    reviews = batch.reviews.select_related("reviewed_by").order_by("id")
    return {
        "exceptions": [plain_exception(one) for one in exceptions_of(batch).order_by("id")],
        "deviations": [plain_deviation(one) for one in deviations_of(batch).order_by("id")],
        "reviews": [plain_review(one) for one in reviews],
        "disposition": None if disposition is None else plain_disposition(disposition),
    }


def disposition_of(batch: Any) -> Disposition | None:
    """Return what was decided on a batch, or None."""
    return Disposition.objects.select_related("decided_by").filter(batch=batch).first()


def _signatures(subject: Recorded) -> list[dict[str, Any]]:
    return [plain_signature(one) for one in signatures_of(subject)]


def _name(person: Any) -> str | None:
    return None if person is None else str(person.full_name)


def plain_exception(found: BatchException) -> dict[str, Any]:
    """Return an exception as the record shows it."""
    return {
        "kind": found.kind,
        "severity": found.severity,
        "detail": found.detail,
        "step": None if found.step is None else found.step.code,
        "raised_at": found.raised_at,
        "raised_by": _name(found.raised_by),
        "state": found.state,
        "deviation": None if found.deviation is None else found.deviation.number,
        "opened_by": _name(found.opened_by),
        "opened_at": found.opened_at,
        "reviewed_by": _name(found.reviewed_by),
        "reviewed_at": found.reviewed_at,
        "comment": found.comment,
    }


def plain_deviation(found: Deviation) -> dict[str, Any]:
    """Return a deviation as the record shows it."""
    return {
        "number": found.number,
        "kind": found.kind,
        "title": found.title,
        "description": found.description,
        "state": found.state,
        "classification": found.classification,
        "cause": found.cause,
        "impact_on_other_batches": found.impact_on_other_batches,
        "decision": found.decision,
        "reported_by": _name(found.reported_by),
        "reported_at": found.reported_at,
        "closed_by": _name(found.closed_by),
        "closed_at": found.closed_at,
        "signatures": _signatures(found),
    }


def plain_review(found: Review) -> dict[str, Any]:
    """Return a review as the record shows it."""
    return {
        "kind": found.kind,
        "reviewed_by": _name(found.reviewed_by),
        "reviewed_at": found.reviewed_at,
        "comment": found.comment,
        "signatures": _signatures(found),
    }


def plain_disposition(found: Disposition) -> dict[str, Any]:
    """Return a disposition as the record shows it."""
    return {
        "decision": found.decision,
        "decided_by": _name(found.decided_by),
        "decided_at": found.decided_at,
        "reason": found.reason,
        "signatures": _signatures(found),
    }
