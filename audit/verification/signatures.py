"""Signatures: each seal checked, and each statement compared with the digest that was signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import DatabaseError, transaction

from audit.keys import is_sealed
from audit.ledger import Finding
from audit.models import Signature
from audit.verification.naming import UNREADABLE, finding
from kernel.canonical import canonical, digest

CHUNK = 500


class Signatures:
    """The signatures of the streams being walked."""

    def __init__(self, streams: Sequence[str] | None) -> None:
        self.streams = streams
        self.checked = 0

    def check(self) -> Iterator[Finding]:
        """Name every signature whose seal is broken or whose statement is another."""
        rows = Signature.objects.order_by("pk")
        if self.streams is not None:
            rows = rows.filter(in_stream__in=self.streams)
        try:
            with transaction.atomic():
                for row in rows.iterator(chunk_size=CHUNK):
                    self.checked += 1
                    yield from checked(row)
        except DatabaseError as error:
            yield finding("signature", "all", f"cannot be read ({type(error).__name__})")


def checked(row: Signature) -> Iterator[Finding]:
    """Check one signature."""
    where = f"signature {row.pk}"
    try:
        is_same = digest(row.statement) == row.statement_digest
    except UNREADABLE:
        is_same = False
    if not is_same:
        yield finding("signature", where, "its statement was changed")
    try:
        text = canonical(row.sealed_part())
        is_ours = is_sealed(text, key_id=row.key_id, signature=row.seal)
    except UNREADABLE:
        is_ours = False
    if not is_ours:
        yield finding("signature", where, "its seal is broken")
