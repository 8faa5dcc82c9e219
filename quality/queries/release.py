"""What is known of a batch when somebody asks to release it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.models import LedgerEntry
from audit.queries import entries_in
from audit.verification import Verifier
from batches.queries import latest_of, unfinished_steps
from quality.models import Deviation, Review
from quality.permissions import may_certify
from quality.queries.deviations import deviations_of
from quality.queries.exceptions import exceptions_of, participants_of
from quality.queries.trail import reopening_entries
from quality.rules.release_gate import ReleaseFacts

ABORTED = ("aborted", "qa_review_of_aborted")


def verified_findings(batch: Any) -> tuple[str, ...]:
    """Return what verification finds wrong in the ledger, rows and signatures of a batch."""
    streams = [batch.stream(), batch.order.chain.stream()]
    return tuple(str(finding) for finding in Verifier(streams=streams).findings())


def last_review(batch: Any, kind: str) -> Review | None:
    """Return the last review of that kind, if there is one."""
    return batch.reviews.select_related("reviewed_by").filter(kind=kind).order_by("-id").first()  # type: ignore[no-any-return]  # a reverse relation


def is_changed_since(batch: Any, review: Review) -> bool:
    """Say whether anything was recorded in a batch after a review, other than by the review.

    A refused attempt is in the ledger too, but it changed nothing.
    """
    own = LedgerEntry.objects.get(subject_type=Review._meta.label, subject_id=str(review.pk))
    later = entries_in(batch.stream()).filter(seq__gt=review.ledger_seq).exclude(act=own.act)
    later = later.exclude(verb="refused")
    # To read the trail, and to sign that, changes nothing in the record.
    later = later.exclude(
        act__in=list(later.filter(verb="review_trail").values_list("act", flat=True))
    )
    chained = entries_in(batch.order.chain.stream()).filter(
        subject_type=Deviation._meta.label, recorded_at__gt=own.recorded_at
    )
    return later.exists() or chained.exists()


def unverified_identity_steps(batch: Any) -> tuple[str, ...]:
    """Return the titles of the identity steps of a batch that hold no matching scan.

    The latest execution counts: one that was stopped and done again need not have been scanned.
    """
    asked = batch.steps.filter(kind="scan_identity")
    proven = set(asked.filter(values__verdict="ok").values_list("pk", flat=True))
    return tuple(
        step.title for step in latest_of(asked) if step.state != "skipped" and step.pk not in proven
    )


def missing_clearances(batch: Any) -> tuple[str, ...]:
    """Return at which stages the line was not cleared, of those its recipe asks for (CGMP-10)."""
    steps = latest_of(batch.steps.filter(kind="line_clearance"))
    asked = {str(step.definition["stage"]) for step in steps}
    done = {str(step.definition["stage"]) for step in steps if step.state == "complete"}
    return tuple(sorted(asked - done, reverse=True))


def unreviewed_results(batch: Any) -> tuple[str, ...]:
    """Return the titles of the tests whose laboratory record no second person has reviewed.

    The latest execution counts; one that was skipped keeps none (21 CFR 211.194(a)(8)).
    """
    tests = latest_of(batch.steps.filter(kind="in_process_control"))
    kept = [step for step in tests if step.definition.get("laboratory")]
    return tuple(
        step.title for step in kept if step.state != "skipped" and step.verified_by_id is None
    )


def is_received(batch: Any) -> bool:
    """Say whether the patient's material was scanned and matched at receipt, where there is any."""
    chain, therapy = batch.order.chain, batch.order.therapy
    if not therapy.is_autologous and not chain.containers.exists():
        return True
    return bool(chain.custody.filter(kind="received", is_match=True).exists())


def release_facts(
    batch: Any, *, signer: Any = None, findings: Sequence[str] | None = None
) -> ReleaseFacts:
    """Return the facts that the release gate asks for.

    Args:
        signer: who would sign; None knows of no Qualified Person.
        findings: what ``verified_findings`` found; None when nobody verified yet.
    """
    exceptions = list(exceptions_of(batch))
    review = last_review(batch, Review.Kind.QUALITY)
    trail_review = last_review(batch, Review.Kind.TRAIL)
    return ReleaseFacts(
        has_steps=batch.steps.exists(),
        open_steps=tuple(step.title for step in unfinished_steps(batch)),
        is_aborted=batch.state in ABORTED,
        is_production_reviewed=last_review(batch, Review.Kind.PRODUCTION) is not None,
        is_quality_reviewed=review is not None,
        is_changed_since_review=review is not None and is_changed_since(batch, review),
        is_trail_reviewed=trail_review is not None,
        is_changed_since_trail_review=trail_review is not None
        and reopening_entries(batch, trail_review).exists(),
        unopened_exceptions=sum(one.opened_at is None for one in exceptions),
        undecided_exceptions=sum(one.state != "accepted" for one in exceptions),
        open_deviations=tuple(
            deviations_of(batch)
            .exclude(state="closed")
            .order_by("id")
            .values_list("number", flat=True)
        ),
        undecided_amendments=batch.amendments.filter(decision=None).count(),
        open_holds=batch.holds.filter(lifted_at=None).count(),
        is_identity_verified_at_receipt=is_received(batch),
        clearances_missing=missing_clearances(batch),
        unreviewed_results=unreviewed_results(batch),
        identity_steps_unverified=unverified_identity_steps(batch),
        ledger_findings=None if findings is None else tuple(findings),
        is_signer_qualified=signer is not None and may_certify(signer, batch.site_id),
        has_signer_taken_part=signer is not None and signer.pk in participants_of(batch),
    )
