"""Electronic signatures: bound to what was shown, never edited (21 CFR 11.50 and 11.70)."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models.recorded import Recorded
from audit.models.user import User

MEANINGS = (
    "authored",
    "approved",
    "issued",
    "performed",
    "verified",
    "reviewed",
    "released",
    "rejected",
    "closed",
    "certified",
)


class Signature(Recorded):
    """Who signed what, when, meaning what; a seal covers all of it with a key kept elsewhere."""

    chained_in = ("", "in_stream")
    append_only = True
    signer = models.ForeignKey(User, models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=120)
    signer_username = models.CharField(max_length=64)
    meaning = models.CharField(max_length=16, choices=[(word, word) for word in MEANINGS])
    subject_type = models.CharField(max_length=64)
    subject_id = models.BigIntegerField()
    in_stream = models.CharField(max_length=64)
    statement: Any = models.JSONField()
    statement_digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    reason = models.CharField(max_length=1000, blank=True)
    act = models.UUIDField()
    key_id = models.CharField(max_length=16)
    seal = models.CharField(max_length=128)

    # How it stands today, where somebody asked (``audit.queries.judged``); no column.
    validity: str = ""

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(fields=("subject_type", "subject_id"), name="signature_by_subject"),
        )

    def __str__(self) -> str:
        return f"{self.signer_name}, {self.meaning}"

    def sealed_part(self) -> dict[str, Any]:
        """Return what the seal covers: everything but the seal."""
        return {
            name: value
            for name, value in self.snapshot().items()
            if name not in ("id", "seal", "statement")
        }
