"""The reviews and the one disposition of a batch (21 CFR 211.192, EU GMP Annex 16)."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, User
from batches.models import Batch


class Review(Recorded):
    """A signed review of a batch, by production or by quality, or of its audit trail."""

    chained_in = ("batch", "batch_id")
    append_only = True

    class Kind(models.TextChoices):
        PRODUCTION = "production"
        QUALITY = "quality"
        TRAIL = "trail"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=16, choices=Kind)
    reviewed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    # The place in the ledger of the batch up to which the reviewer had looked.
    ledger_seq = models.PositiveBigIntegerField()
    comment = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.kind}"


class Disposition(Recorded):
    """What was decided on a batch, once."""

    chained_in = ("batch", "batch_id")
    append_only = True

    class Decision(models.TextChoices):
        RELEASED = "released"
        REJECTED = "rejected"

    batch = models.OneToOneField(Batch, models.PROTECT, related_name="disposition")
    decision = models.CharField(max_length=16, choices=Decision)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=1000, blank=True)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.decision}"
