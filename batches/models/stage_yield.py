"""Yields of a batch: what was found at a stage, beside what was expected there."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, User
from batches.models.batch import Batch
from batches.models.step import Step


def _amount() -> models.DecimalField:  # type: ignore[type-arg]
    return models.DecimalField(max_digits=28, decimal_places=10)


def _percent(*, is_open: bool) -> models.DecimalField:  # type: ignore[type-arg]
    return models.DecimalField(max_digits=14, decimal_places=4, null=is_open, blank=is_open)


class StageYield(Recorded):
    """What a step gave, in percent of what its stage expects; of several, the last one counts."""

    chained_in = ("batch", "batch_id")
    append_only = True
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="yields")
    step = models.ForeignKey(Step, models.PROTECT, related_name="yields")
    label = models.CharField(max_length=200)
    expected = _amount()
    actual = _amount()
    unit = models.CharField(max_length=16)
    percent = _percent(is_open=False)
    low = _percent(is_open=True)
    high = _percent(is_open=True)
    is_within = models.BooleanField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.label}"
