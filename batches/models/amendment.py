"""Amendments: what a running batch does otherwise than its frozen recipe, and who decided that."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, User
from batches.models.batch import Batch
from batches.rules.amendments import WHATS


class Amendment(Recorded):
    """A change that somebody asks for: what reads otherwise, from which values to which, and why.

    The change itself is ``batches.rules.amendments.Change``. Nothing of it is ever altered: who
    wants it otherwise withdraws it and writes another.
    """

    chained_in = ("batch", "batch_id")
    append_only = True
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="amendments")
    number = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=16, choices=[(one, one) for one in WHATS])
    place = models.CharField(max_length=40)
    before: Any = models.JSONField(default=dict)
    after: Any = models.JSONField()
    reason = models.CharField(max_length=1000)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("batch_id", "number")
        constraints = (
            models.UniqueConstraint(fields=("batch", "number"), name="amendment_is_numbered_once"),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} A{self.number}"

    @property
    def code(self) -> str:
        """How people call it: A1, A2, …"""
        return f"A{self.number}"


class AmendmentDecision(Recorded):
    """What became of an amendment: approved or rejected by quality, or withdrawn by its author.

    ``base_digest`` is of the document that the batch followed before, ``effective_digest`` of the
    one that it follows since; both empty where nothing came into force.
    """

    chained_in = ("batch", "batch_id")
    append_only = True

    class Outcome(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"

    amendment = models.OneToOneField(Amendment, models.PROTECT, related_name="decision")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome)
    reason = models.CharField(max_length=1000, blank=True)
    base_digest = models.CharField(max_length=64, blank=True)
    effective_digest = models.CharField(max_length=64, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.amendment_id} {self.outcome}"
