"""Files on record, for tests that ask who may open them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit.acts import Act, command
from audit.signing import digest_of
from batches import commands, queries
from batches.commands.file_contents import Content
from batches.commands.keeping import kept
from batches.models import Attachment, Batch, CertifiedCopy
from batches.reports.copies import copy_pdf
from batches.rules.copies import Certificate
from tests.conftest import NOON
from tests.worlds.audit import act_by, proof_of
from tests.worlds.recipes import quality

LATER = NOON + timedelta(hours=1)


def file_on_record(batch: Batch) -> Attachment:
    """A small table in the first step of a batch."""
    return _on_record(batch=batch, act=act_by())


@command
def _on_record(*, batch: Batch, act: Act) -> Attachment:
    step = batch.steps.order_by("ordinal")[0]
    content = Content("csv", "table.csv", "text/csv", b"a,b\n1,2\n")
    return kept(step, content, copies=1, reason="", act=act)


def drawn(batch: Batch, file_id: int | None) -> tuple[bytes, Certificate]:
    """A copy as it is drawn before anybody signs it, and its first page."""
    certificate = Certificate(
        batch=batch.number,
        number=batch.certified_copies.count() + 1,
        original=queries.original_of(batch, file_id),
        certified_by=quality().full_name,
        username=quality().username,
        certified_at=LATER,
        statement_digest="d" * 64,
    )
    return copy_pdf(certificate), certificate


def certified(batch: Batch, file_id: int | None, *, by: Any = None, **more: Any) -> CertifiedCopy:
    """A copy certified by quality."""
    content, certificate = drawn(batch, file_id)
    original = certificate.original
    statement = queries.copy_statement(
        batch, original=original.name, original_digest=original.digest
    )
    given: dict[str, Any] = {
        "batch_id": batch.pk,
        "file_id": file_id,
        "number": certificate.number,
        "original_digest": original.digest,
        "content": content,
        "proof": proof_of(by or quality(), at=LATER),
        "seen_digest": digest_of(statement),
        "act": act_by(by or quality(), at=LATER),
    }
    return commands.certify_copy(**{**given, **more})
