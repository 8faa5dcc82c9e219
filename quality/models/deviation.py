"""Deviations: a departure from what was approved, investigated and closed by somebody else."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, Site, User, kept_history
from batches.models import Batch
from quality.states import DEVIATION


class Deviation(Recorded):
    """A deviation of a batch, or of a chain of identity before there is a batch."""

    chained_in = ("", "in_stream")
    moves = {"state": DEVIATION}

    class Class(models.TextChoices):
        MINOR = "minor"
        MAJOR = "major"
        CRITICAL = "critical"

    number = models.CharField(max_length=24, unique=True)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="deviations")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    in_stream = models.CharField(max_length=64)
    kind = models.CharField(max_length=32)
    title = models.CharField(max_length=200)
    description = models.TextField()
    state = models.CharField(max_length=24, choices=DEVIATION.choices(), default=DEVIATION.initial)
    version = models.PositiveIntegerField(default=1)
    classification = models.CharField(max_length=16, choices=Class, blank=True)
    cause = models.TextField(blank=True)
    impact_on_other_batches = models.TextField(blank=True)
    decision = models.TextField(blank=True)
    reported_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "classification"), name="deviations_by_state"),)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="closed")
                | (
                    ~models.Q(cause="")
                    & ~models.Q(impact_on_other_batches="")
                    & ~models.Q(decision="")
                    & ~models.Q(classification="")
                    & models.Q(closed_by__isnull=False)
                ),
                name="closed_deviation_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True)
                | ~models.Q(closed_by=models.F("reported_by")),
                name="nobody_closes_their_own_deviation",
            ),
        )

    def __str__(self) -> str:
        return self.number
