"""Weighings: each container of a weighing step, from its empty weight to its full one."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from audit.models import Recorded, User, kept_history
from batches.models.batch import Batch
from batches.models.step import Step
from batches.states import WEIGHING
from supply.models import Equipment, MaterialLot


def _weight() -> models.DecimalField[Decimal | None, Decimal | None]:
    return models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)


class Weighing(Recorded):
    """One container: weighed empty, then with what was taken of one lot; 21 CFR 211.188(b)(4).

    Weights are in ``unit``, that of the scale, as it showed them or as somebody typed them;
    ``calibration_due_on`` is how the calibration of the scale stood at that time. What was weighed
    and not used is returned to its lot, and the row stays.
    """

    chained_in = ("batch", "batch_id")
    moves = {"state": WEIGHING}

    class Source(models.TextChoices):
        DEVICE = "device"
        KEYED = "keyed"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="weighings")
    step = models.ForeignKey(Step, models.PROTECT, related_name="weighings")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=WEIGHING.choices(), default=WEIGHING.initial)
    lot = models.ForeignKey(MaterialLot, models.PROTECT, related_name="+")
    potency = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    scale = models.ForeignKey(Equipment, models.PROTECT, related_name="+")
    calibration_due_on = models.DateField(null=True, blank=True)
    unit = models.CharField(max_length=16)
    tare = models.DecimalField(max_digits=18, decimal_places=6)
    tare_source = models.CharField(max_length=8, choices=Source)
    tared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    tared_at = models.DateTimeField()
    gross = _weight()
    gross_source = models.CharField(max_length=8, choices=Source, blank=True)
    net = _weight()
    weighed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    weighed_at = models.DateTimeField(null=True, blank=True)
    # How much the balance of the lot fell by, in the unit of its material.
    taken = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("step", "number"), name="weighing_is_numbered_once"),
            models.UniqueConstraint(
                fields=("step",),
                condition=models.Q(state="tared"),
                name="one_container_is_filled_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("tared", "discarded"), net__isnull=True)
                | models.Q(
                    state__in=("weighed", "returned"),
                    net__isnull=False,
                    gross__isnull=False,
                    taken__isnull=False,
                    weighed_by__isnull=False,
                    net__gt=0,
                    net=models.F("gross") - models.F("tare"),
                ),
                name="net_is_gross_less_tare",
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"

    @property
    def code(self) -> str:
        """What stands on the container: the step and the number, "S07-2"."""
        return f"{self.step.code}-{self.number}"
