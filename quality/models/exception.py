"""Exceptions of a batch: everything a reviewer must see, and nothing else."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, User, kept_history
from batches.models import Batch, Step
from quality.models.deviation import Deviation
from quality.states import EXCEPTION


class BatchException(Recorded):
    """An event outside what was expected, with the reviewer's decision on it.

    ``alarm`` is the id that monitoring gave an alarm, and ``context`` what a reviewer needs to
    look it up (the sensor, since when): floors beside this one are known by value, not by key.
    """

    chained_in = ("batch", "batch_id")
    moves = {"state": EXCEPTION}

    class Severity(models.TextChoices):
        NOTE = "note"
        WARNING = "warning"
        CRITICAL = "critical"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="exceptions")
    step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="exceptions")
    kind = models.CharField(max_length=32)
    severity = models.CharField(max_length=8, choices=Severity)
    detail = models.CharField(max_length=1000)
    alarm = models.BigIntegerField(null=True)
    context: Any = models.JSONField(default=dict)
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=EXCEPTION.choices(), default=EXCEPTION.initial)
    deviation = models.ForeignKey(Deviation, models.PROTECT, null=True, related_name="exceptions")
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    comment = models.CharField(max_length=1000, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("batch",),
                condition=~models.Q(state="accepted"),
                name="exceptions_open",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("batch", "alarm"),
                condition=models.Q(alarm__isnull=False),
                name="alarm_is_one_exception_of_a_batch",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="accepted")
                | (
                    models.Q(reviewed_by__isnull=False)
                    & models.Q(reviewed_at__isnull=False)
                    & ~models.Q(comment="")
                ),
                name="accepted_exception_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="in_deviation") | models.Q(deviation__isnull=False),
                name="escalated_exception_has_a_deviation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.kind}"
