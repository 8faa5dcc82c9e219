"""Reviews: production first, then quality; each signed by somebody with no part in the making."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.acts import Act, command, record
from audit.permissions import require
from audit.signing import Proof, sign
from batches.commands import mark_in_review, mark_production_reviewed, mark_returned
from batches.commands.locks import batch_for_update, check_seen
from batches.states import BATCH
from kernel.errors import AlreadyDone, Conflict, FieldError
from quality.models import Review
from quality.permissions import may_decide, may_review_production
from quality.queries.exceptions import makers_of, participants_of
from quality.queries.release import is_changed_since, last_review, release_facts
from quality.queries.statements import ledger_head, review_statement
from quality.rules.release_gate import missing_before_review
from quality.rules.words import optional_words, words_from

UNDER_REVIEW = ("qa_review", "qa_review_of_aborted")


def not_ready(what: str, missing: tuple[str, ...]) -> Conflict:
    """Return the refusal that names everything that is missing."""
    return Conflict(
        f"{what} is not possible yet: {' '.join(missing)}",
        code="not_ready",
        errors=[FieldError(pointer="", code="missing", detail=one) for one in missing],
    )


def _signed_review(
    batch: Any, kind: Review.Kind, *, comment: str, proof: Proof, seen_digest: str, act: Act
) -> Review:
    review = Review(
        batch=batch,
        kind=kind,
        reviewed_by=act.by,
        reviewed_at=act.at,
        ledger_seq=ledger_head(batch.stream())[0],
        comment=optional_words(comment, pointer="/comment"),
    )
    review.save(force_insert=True)
    sign(
        act=act,
        proof=proof,
        subject=review,
        meaning="reviewed",
        statement=review_statement(batch, kind),
        seen_digest=seen_digest,
        shown=batch,
    )
    record(act, f"review_{kind}", review)
    return review


@command
def review_production(
    *, batch_id: int, seen: int, proof: Proof, seen_digest: str, act: Act, comment: str = ""
) -> Review:
    """Sign that production has reviewed the record of a batch.

    Raises:
        NotPermitted: the signer is no verifier at the site, or performed a step of this batch.
        AlreadyDone: production has reviewed it.
        IllegalMove: the execution is not complete.
        StaleView: the record is not what was shown.
    """
    batch = batch_for_update(batch_id, act=act)
    require(may_review_production(act.by, batch.site_id), "review batches for production here")
    require(act.by.pk not in makers_of(batch), "review a batch in which you performed a step")
    known = last_review(batch, Review.Kind.PRODUCTION)
    if known is not None:
        raise AlreadyDone(
            f"{known.reviewed_by.full_name} has already reviewed batch {batch.number}."
        )
    BATCH.after(batch.state, "review_production")
    check_seen(seen, batch.version)
    review = _signed_review(
        batch,
        Review.Kind.PRODUCTION,
        comment=comment,
        proof=proof,
        seen_digest=seen_digest,
        act=act,
    )
    mark_production_reviewed(batch_id=batch_id, act=act)
    return review


@command
def open_review(*, batch_id: int, seen: int, act: Act) -> Any:
    """Take a batch into the review of quality.

    Raises:
        NotPermitted: the person does not belong to the quality unit, or had a part in the making.
        IllegalMove: production has not reviewed it.
    """
    batch = batch_for_update(batch_id, seen=seen, act=act)
    _require_independent_quality(batch, act)
    return mark_in_review(batch_id=batch_id, act=act)


@command
def return_batch(*, batch_id: int, seen: int, reason: str, act: Act) -> Any:
    """Give the record of a batch back to production for correction, with a reason.

    Raises:
        NotPermitted: the person does not belong to the quality unit, or had a part in the making.
        IllegalMove: it is not in the review of quality.
        Invalid: the reason says nothing.
    """
    batch = batch_for_update(batch_id, seen=seen, act=act)
    _require_independent_quality(batch, act)
    words = words_from(reason, pointer="/reason", what="A reason")
    return mark_returned(batch_id=batch_id, act=replace(act, reason=words))


def _require_independent_quality(batch: Any, act: Act) -> None:
    require(may_decide(act.by, batch.site_id), "review batches for quality here")
    require(
        act.by.pk not in participants_of(batch), "review a batch in whose making you had a part"
    )


@command
def review_batch(
    *, batch_id: int, seen: int, proof: Proof, seen_digest: str, act: Act, comment: str = ""
) -> Review:
    """Sign that quality has reviewed a batch: every exception opened and decided.

    A batch that quality has not yet taken into review is taken in by this act.

    Raises:
        NotPermitted: the signer does not belong to the quality unit, or had a part in the making.
        Conflict: something is missing; the refusal names all of it.
        AlreadyDone: it is reviewed, and nothing changed since.
        IllegalMove: production has not reviewed it, or it is decided.
        StaleView: the record is not what was shown.
    """
    batch = batch_for_update(batch_id, act=act)
    _require_independent_quality(batch, act)
    if batch.state not in UNDER_REVIEW:
        BATCH.after(batch.state, "open_review")
    known = last_review(batch, Review.Kind.QUALITY)
    if known is not None and not is_changed_since(batch, known):
        raise AlreadyDone(
            f"{known.reviewed_by.full_name} has already reviewed batch {batch.number},"
            " and nothing changed since."
        )
    missing = missing_before_review(release_facts(batch))
    if missing:
        raise not_ready("The review", missing)
    check_seen(seen, batch.version)
    review = _signed_review(
        batch, Review.Kind.QUALITY, comment=comment, proof=proof, seen_digest=seen_digest, act=act
    )
    if batch.state not in UNDER_REVIEW:
        mark_in_review(batch_id=batch_id, act=act)
    return review
