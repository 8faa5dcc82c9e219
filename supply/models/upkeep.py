"""What keeps equipment fit: calibrations with their certificates, and the daily checks of scales."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, User, kept_history
from supply.models.equipment import Equipment
from supply.states import CALIBRATION


class Calibration(Recorded):
    """A calibration of a unit as its certificate tells it; quality accepts it with a signature."""

    chained_in = ("supply", None)
    moves = {"state": CALIBRATION}
    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="calibrations")
    state = models.CharField(
        max_length=16, choices=CALIBRATION.choices(), default=CALIBRATION.initial
    )
    certificate = models.CharField(max_length=80)
    # The laboratory or the person that calibrated, as the certificate names it.
    done_by = models.CharField(max_length=120)
    done_on = models.DateField()
    due_on = models.DateField()
    is_passed = models.BooleanField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("equipment", "certificate"),
                condition=~models.Q(state="declined"),
                name="certificate_counts_once",
            ),
            models.CheckConstraint(
                condition=models.Q(due_on__gt=models.F("done_on")),
                name="calibration_is_due_after_it_was_done",
            ),
        )

    def __str__(self) -> str:
        return self.certificate


class ScaleCheck(Recorded):
    """A check of a scale with its weight, before the work of a day; weights in ``unit``."""

    chained_in = ("supply", None)
    append_only = True
    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="checks")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    unit = models.CharField(max_length=16)
    check_weight = models.DecimalField(max_digits=18, decimal_places=6)
    tolerance = models.DecimalField(max_digits=18, decimal_places=6)
    # Whether the scale itself told what it shows, or somebody typed it.
    source = models.CharField(
        max_length=8, choices=[("device", "device"), ("keyed", "keyed")], default="keyed"
    )
    # The text as it was read from the scale stands beside its number (requirement DI-05).
    entered = models.CharField(max_length=64)
    shown = models.DecimalField(max_digits=18, decimal_places=6)
    is_passed = models.BooleanField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.equipment_id} {self.entered} {self.unit}"
