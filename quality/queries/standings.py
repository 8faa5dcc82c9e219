"""How reviews, dispositions and deviations stand beside what was signed of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit.models import LedgerEntry, Signature
from audit.queries import entries_in
from audit.queries.validity import Standing, standing_of_change
from kernel.canonical import plain
from quality.models import Deviation, Disposition, Review
from quality.queries.release import is_changed_since
from quality.queries.statements import closing_statement
from quality.queries.trail import reopening_entries

# What production reviews: that quality goes on with the batch afterwards is no change of it.
MADE = ("batches.Step", "batches.StepValue")


def standing_of_reviews(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how reviews stand: a later recorded change of the batch opens them again."""
    found = Review.objects.select_related("batch__order__chain").in_bulk(
        {one.subject_id for one in signatures}
    )
    return {one.pk: _of_review(one, found.get(one.subject_id)) for one in signatures}


def _of_review(signature: Signature, review: Review | None) -> Standing:
    if review is None or not _is_head_kept(signature):
        return Standing.ALTERED
    if review.kind == Review.Kind.TRAIL:
        is_changed = reopening_entries(review.batch, review).exists()
    elif review.kind == Review.Kind.PRODUCTION:
        later = entries_in(review.batch.stream()).filter(seq__gt=review.ledger_seq)
        is_changed = later.filter(subject_type__in=MADE).exclude(verb="refused").exists()
    else:
        # What follows a decision is judged by the decision.
        is_undecided = review.batch.decided_at is None
        is_changed = is_undecided and is_changed_since(review.batch, review)
    return Standing.CHANGED if is_changed else Standing.AS_SIGNED


def _is_head_kept(signature: Signature) -> bool:
    """Say whether the ledger still holds the entry up to which was signed."""
    said = signature.statement
    return LedgerEntry.objects.filter(
        stream=signature.in_stream, seq=said["ledger_entries"], hash=said["ledger_head"]
    ).exists()


def standing_of_dispositions(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how dispositions stand: they are never changed."""
    found = Disposition.objects.in_bulk({one.subject_id for one in signatures})
    standings = {}
    for one in signatures:
        made = found.get(one.subject_id)
        is_same = made is not None and made.decision == one.statement["decision"]
        is_kept = is_same and _is_head_kept(one)
        standings[one.pk] = Standing.AS_SIGNED if is_kept else Standing.ALTERED
    return standings


def standing_of_deviations(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how deviations stand beside their closing."""
    found = Deviation.objects.select_related("reported_by").in_bulk(
        {one.subject_id for one in signatures}
    )
    standings = {}
    for one in signatures:
        deviation = found.get(one.subject_id)
        if deviation is None:
            standings[one.pk] = Standing.ALTERED
            continue
        now = plain(closing_statement(deviation))
        # Closing itself counts the version up; the names of people may change.
        is_same = all(
            now.get(name) == said
            for name, said in one.statement.items()
            if name not in ("version", "reported_by")
        )
        standings[one.pk] = Standing.AS_SIGNED if is_same else standing_of_change(one)
    return standings
