"""The one disposition of a batch: a Qualified Person releases or rejects it (EU GMP Annex 16)."""

from __future__ import annotations

from typing import Any

from audit.acts import Act, command, record
from audit.permissions import require
from audit.signing import Proof, sign
from batches.commands import mark_rejected, mark_released
from batches.commands.locks import batch_for_update, check_seen, order_of_batch_for_update
from batches.queries import batches_seen
from batches.states import BATCH
from kernel.errors import AlreadyDone, NotFound
from quality.commands.reviews import not_ready
from quality.models import Disposition
from quality.permissions import may_certify
from quality.queries.release import release_facts, verified_findings
from quality.queries.statements import disposition_statement
from quality.rules.release_gate import missing_before_release
from quality.rules.words import optional_words, shown_time, words_from

MEANINGS = {"release": Disposition.Decision.RELEASED, "reject": Disposition.Decision.REJECTED}


def refuse_second(batch: Any) -> None:
    """Refuse to decide again.

    Raises:
        AlreadyDone: the batch is decided; the sentence says by whom and when.
    """
    known = Disposition.objects.select_related("decided_by").filter(batch=batch).first()
    if known is not None:
        raise AlreadyDone(
            f"Batch {batch.number} was {known.decision} by {known.decided_by.full_name},"
            f" {shown_time(known.decided_at)}. Nothing was written now."
        )


def _locked(batch_id: int, act: Act) -> Any:
    """Return the batch under lock, its order locked before it, if nobody has decided."""
    order_of_batch_for_update(batch_id)
    batch = batch_for_update(batch_id, act=act)
    refuse_second(batch)
    return batch


def _decided(
    batch: Any, verb: str, *, reason: str, proof: Proof, seen_digest: str, act: Act
) -> Disposition:
    decision = MEANINGS[verb]
    statement = disposition_statement(batch, decision)
    made = Disposition(
        batch=batch, decision=decision, decided_by=act.by, decided_at=act.at, reason=reason
    )
    made.save(force_insert=True)
    sign(
        act=act,
        proof=proof,
        subject=made,
        meaning=decision,
        statement=statement,
        seen_digest=seen_digest,
        shown=batch,
        reason=reason,
    )
    record(act, verb, made, reason=reason)
    return made


@command
def release_batch(
    *, batch_id: int, seen: int, proof: Proof, seen_digest: str, act: Act, comment: str = ""
) -> Disposition:
    """Release a batch for its patient, if nothing is missing.

    Verification walks the ledger before the locks are taken, and once more under them only when
    it found something: a gesture that ended in between is no tampering.

    Raises:
        NotPermitted: the signer is no Qualified Person at the site; no other right replaces that.
        AlreadyDone: it is decided; the sentence says by whom and when.
        Conflict: something is missing; the refusal names all of it.
        StaleView: the record is not what was shown.
    """
    known = batches_seen(None).filter(pk=batch_id).first()
    if known is None:
        raise NotFound("There is no such batch.")
    require(may_certify(act.by, known.site_id), "release batches")
    findings = verified_findings(known)
    batch = _locked(batch_id, act)
    if findings:
        findings = verified_findings(batch)
    missing = missing_before_release(release_facts(batch, signer=act.by, findings=findings))
    if missing:
        raise not_ready("The release", missing)
    BATCH.after(batch.state, "release")
    check_seen(seen, batch.version)
    made = _decided(
        batch,
        "release",
        reason=optional_words(comment, pointer="/reason"),
        proof=proof,
        seen_digest=seen_digest,
        act=act,
    )
    mark_released(batch_id=batch_id, act=act)
    return made


@command
def reject_batch(
    *, batch_id: int, seen: int, proof: Proof, seen_digest: str, reason: str, act: Act
) -> Disposition:
    """Reject a batch, with a reason; its order fails.

    Raises:
        NotPermitted: the signer is no Qualified Person at the site.
        AlreadyDone: it is decided; the sentence says by whom and when.
        IllegalMove: it is not in the review of quality.
        Invalid: the reason says nothing.
        StaleView: the record is not what was shown.
    """
    batch = _locked(batch_id, act)
    require(may_certify(act.by, batch.site_id), "reject batches")
    words = words_from(reason, pointer="/reason", what="A reason")
    BATCH.after(batch.state, "reject")
    check_seen(seen, batch.version)
    made = _decided(batch, "reject", reason=words, proof=proof, seen_digest=seen_digest, act=act)
    mark_rejected(batch_id=batch_id, act=act)
    return made
