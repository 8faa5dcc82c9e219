"""The logbook of a unit: what was done with it, by whom and when, for which batch."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, Signature, User
from supply.models.equipment import Equipment

KINDS = ("use", "cleaning", "calibration", "check", "maintenance", "service")


class LogbookEntry(Recorded):
    """One line of the logbook of a unit, only ever added (21 CFR 211.182)."""

    chained_in = ("supply", None)
    append_only = True
    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="logbook")
    kind = models.CharField(max_length=16, choices=[(one, one) for one in KINDS])
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    batch = models.CharField(max_length=24, blank=True)
    words = models.CharField(max_length=1200)
    # Where the line made the unit fit for use: what its person signed.
    signature = models.ForeignKey(Signature, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("equipment", "-id"), name="logbook_of_unit"),)

    def __str__(self) -> str:
        return self.words
