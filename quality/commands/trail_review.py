"""The review of a batch's audit trail: signed by quality, by somebody with no part in the making.

Source: draft EU GMP Annex 11, section 12 (reviewed before release, by an independent reviewer).
"""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.permissions import require
from audit.signing import Proof, sign
from batches.commands.locks import batch_for_update, check_seen
from kernel.errors import AlreadyDone, Conflict
from quality.models import Review
from quality.permissions import may_decide
from quality.queries.exceptions import participants_of
from quality.queries.queue import WAITING
from quality.queries.release import last_review
from quality.queries.statements import trail_statement
from quality.queries.trail import reopening_entries
from quality.rules.words import optional_words


@command
def review_trail(
    *, batch_id: int, seen: int, proof: Proof, seen_digest: str, act: Act, comment: str = ""
) -> Review:
    """Sign that the audit trail of a batch has been reviewed, as far as it goes now.

    Raises:
        NotPermitted: the signer does not belong to the quality unit, or had a part in the making.
        Conflict: the making is not over, or the batch is decided.
        AlreadyDone: it is reviewed, and nothing changed since.
        StaleView: more was recorded after the trail was shown.
    """
    batch = batch_for_update(batch_id, act=act)
    require(may_decide(act.by, batch.site_id), "review audit trails here")
    require(
        act.by.pk not in participants_of(batch),
        "review the audit trail of a batch in whose making you had a part",
    )
    if batch.state not in WAITING:
        words = batch.state.replace("_", " ")
        raise Conflict(f"Batch {batch.number} is {words}: its trail is not reviewed now.")
    known = last_review(batch, Review.Kind.TRAIL)
    if known is not None and not reopening_entries(batch, known).exists():
        raise AlreadyDone(
            f"{known.reviewed_by.full_name} has already reviewed the audit trail of"
            f" {batch.number}, and nothing changed since."
        )
    check_seen(seen, batch.version)
    statement = trail_statement(batch)
    review = Review(
        batch=batch,
        kind=Review.Kind.TRAIL,
        reviewed_by=act.by,
        reviewed_at=act.at,
        ledger_seq=statement["ledger_entries"],
        comment=optional_words(comment, pointer="/comment"),
    )
    review.save(force_insert=True)
    sign(
        act=act,
        proof=proof,
        subject=review,
        meaning="reviewed",
        statement=statement,
        seen_digest=seen_digest,
        shown=batch,
    )
    record(act, "review_trail", review)
    return review
