"""Branches: what the software decided of an alternative or a loop, with the condition filled in."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded
from batches.models.batch import Batch


class Branch(Recorded):
    """One decision of the procedure: an alternative taken or skipped, a loop again or over."""

    chained_in = ("batch", "batch_id")
    append_only = True

    class Outcome(models.TextChoices):
        TAKEN = "taken"
        SKIPPED = "skipped"
        AGAIN = "again"
        OVER = "over"
        # The last round was over, and the condition not met.
        BOUND = "bound"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="branches")
    kind = models.CharField(max_length=8, choices=[("when", "when"), ("until", "until")])
    level = models.CharField(max_length=16)
    code = models.CharField(max_length=24)
    title = models.CharField(max_length=200)
    round = models.PositiveSmallIntegerField(default=1)
    outcome = models.CharField(max_length=8, choices=Outcome)
    formula = models.CharField(max_length=400)
    used: Any = models.JSONField(default=list)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("batch", "kind", "level", "code", "round"), name="branch_is_decided_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.code} {self.outcome}"
