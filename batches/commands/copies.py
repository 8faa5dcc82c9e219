"""Certified copies: signed by quality over the digest of the original, and kept beside it."""

from __future__ import annotations

import hashlib

from audit.acts import Act, command, record
from audit.permissions import holds, require
from audit.queries import next_id
from audit.signing import Proof, sign
from batches.commands.locks import batch_for_update
from batches.models import CertifiedCopy
from batches.queries.copies import copy_statement, original_of
from batches.rules.copies import CERTIFIED, CERTIFIERS
from kernel.errors import StaleView


@command
def certify_copy(
    *,
    batch_id: int,
    file_id: int | None,
    number: int,
    original_digest: str,
    content: bytes,
    proof: Proof,
    seen_digest: str,
    act: Act,
) -> CertifiedCopy:
    """Keep a true copy of a file, or of the whole record, signed as such (requirement DI-04).

    Args:
        file_id: the file; None for the record of a decided batch.
        number: of the copy, as it stands on its first page.
        original_digest: of the original that the copy was drawn from.
        content: the copy, a PDF that was drawn before anything is locked.

    Raises:
        NotPermitted: the signer is not of quality at the site.
        Conflict: the original is not what was kept, or the batch is not decided.
        StaleView: the original is another one than was drawn, or another copy came first.
    """
    batch = batch_for_update(batch_id, act=act)
    require(holds(act.by, *CERTIFIERS, site_id=batch.site_id), "certify copies")
    original = original_of(batch, file_id)
    if original.digest != original_digest or number != batch.certified_copies.count() + 1:
        raise StaleView("The record changed while the copy was made. Look again, then certify.")
    made = CertifiedCopy(
        id=next_id(CertifiedCopy),
        batch=batch,
        number=number,
        attachment_id=file_id,
        original=original.name,
        original_digest=original.digest,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        content=content,
        certified_by=act.by,
        certified_at=act.at,
    )
    made.save(force_insert=True)
    sign(
        act=act,
        proof=proof,
        subject=made,
        meaning=CERTIFIED,
        statement=copy_statement(batch, original=original.name, original_digest=original.digest),
        seen_digest=seen_digest,
        shown=batch,
    )
    record(act, "certify_copy", made)
    return made
