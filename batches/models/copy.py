"""Certified copies: a true copy of a file or of the record, made and signed by quality."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, User
from batches.models.attachment import Attachment, Encoded, Hashed
from batches.models.batch import Batch


class CertifiedCopy(Recorded):
    """A PDF that somebody compared with the original and signed as its true copy.

    The original is a file, or the whole record where there is none; ``original_digest`` is what
    was certified. The copy holds the original byte for byte.
    """

    chained_in = ("batch", "batch_id")
    append_only = True
    unrecorded = ("content",)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="certified_copies")
    number = models.PositiveSmallIntegerField()
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="certified_copies"
    )
    original = models.CharField(max_length=80)
    original_digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    certified_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    certified_at = models.DateTimeField()

    class Meta:
        ordering = ("batch_id", "number")
        constraints = (
            models.UniqueConstraint(fields=("batch", "number"), name="copy_is_numbered_once"),
            models.CheckConstraint(
                condition=models.Q(
                    digest=Encoded(Hashed(models.F("content")), models.Value("hex"))
                ),
                name="copy_is_what_its_digest_says",
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.code}"

    @property
    def code(self) -> str:
        """How people call it: C1, C2, …"""
        return f"C{self.number}"
