"""Certified copies: of what one may be made, which there are, and whether they are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.models import Signature
from audit.queries.validity import Standing
from batches.models import Attachment, Batch, CertifiedCopy
from batches.ports import record_original
from batches.queries.files import file_found
from batches.rules.copies import DECIDED, WORDS, Original
from kernel.canonical import digest
from kernel.errors import Conflict, NotFound


def original_of(batch: Batch, file_id: int | None) -> Original:
    """Return a file of a batch as it is kept, or the whole record where none is named.

    Raises:
        NotFound: the batch has no such file.
        Conflict: with code ``altered``, its bytes are not those that were kept; with code
            ``not_decided``, the record may still change.
    """
    if file_id is None:
        if batch.state not in DECIDED:
            raise Conflict(
                f"The record of batch {batch.number} is copied when the batch is decided.",
                code="not_decided",
            )
        return record_original(batch)
    kept = file_found(batch, file_id)
    content = bytes(kept.content)
    if hashlib.sha256(content).hexdigest() != kept.digest:
        raise Conflict(
            f"The bytes of {kept.name} are not those that were kept: nobody certifies a copy.",
            code="altered",
        )
    sort = "pdf" if kept.sort == Attachment.Sort.LABEL else kept.sort
    return Original(
        name=kept.name,
        sort=sort,
        digest=kept.digest,
        content=content,
        captured_by=kept.made_by.full_name,
        captured_at=kept.made_at,
    )


def copies_of(batch: Batch) -> list[CertifiedCopy]:
    """Return the certified copies of a batch, oldest first, without the bytes; one query."""
    found = batch.certified_copies.select_related("certified_by", "attachment__step")
    return list(found.defer("content", "attachment__content").order_by("number"))


def copy_found(batch: Batch, number: int) -> CertifiedCopy:
    """Return one certified copy of a batch, with its bytes.

    Raises:
        NotFound: the batch has no such copy.
    """
    found = batch.certified_copies.filter(number=number).first()
    if found is None:
        raise NotFound(f"Batch {batch.number} has no certified copy {number}.")
    return found


def plain_copy(one: CertifiedCopy) -> dict[str, Any]:
    """Return a certified copy as the record lists it."""
    return {
        "code": one.code,
        "original": one.original,
        "original_digest": one.original_digest,
        "digest": one.digest,
        "size": one.size,
        "certified_by": one.certified_by.full_name,
        "certified_at": one.certified_at,
    }


def copy_statement(batch: Batch, *, original: str, original_digest: str) -> dict[str, Any]:
    """Return what is signed when a copy is certified: of what, and that it is true."""
    return {
        "record": "certified copy",
        "batch": batch.number,
        "chain_of_identity": batch.order.chain.value,
        "original": original,
        "original_digest": original_digest,
        "certified": WORDS,
    }


def changed_copies(batch: Batch) -> Iterator[tuple[CertifiedCopy, str]]:
    """Yield the copies that are not what was certified, and why, one at a time."""
    rows = batch.certified_copies.select_related("attachment").order_by("number")
    for one in rows.iterator(chunk_size=1):
        if hashlib.sha256(bytes(one.content)).hexdigest() != one.digest:
            yield one, "its bytes are not those that were kept"
        kept = one.attachment
        if kept is None:
            continue
        if hashlib.sha256(bytes(kept.content)).hexdigest() != one.original_digest:
            yield one, f"its original {one.original} is not the one that was copied"


def standing_of_copies(signatures: Sequence[Signature]) -> Mapping[int, Standing]:
    """Return how certified copies stand beside the signatures on them."""
    found = CertifiedCopy.objects.select_related("batch__order__chain").in_bulk(
        {one.subject_id for one in signatures}
    )
    standings = {}
    for one in signatures:
        copy = found.get(one.subject_id)
        is_same = copy is not None and one.statement_digest == digest(
            copy_statement(copy.batch, original=copy.original, original_digest=copy.original_digest)
        )
        standings[one.pk] = Standing.AS_SIGNED if is_same else Standing.ALTERED
    return standings
