"""Equipment: rooms and units, and which batch holds a unit from when to when."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from audit.models import Recorded, Site, User, kept_history
from supply.rules.hierarchy import LEVELS
from supply.states import EQUIPMENT, QUALIFICATION


class Equipment(Recorded):
    """A room, an incubator, a processor, a balance: status, calibration, where it stands."""

    chained_in = ("supply", None)
    moves = {"state": EQUIPMENT, "qualification": QUALIFICATION}
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    equipment_class = models.CharField(max_length=40)
    site = models.ForeignKey(Site, models.PROTECT)
    room = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    # What it is part of (IEC 61512-1): a part goes with its unit from batch to batch.
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="parts")
    level = models.CharField(
        max_length=20, choices=[(one, one.replace("_", " ")) for one in LEVELS], default="unit"
    )
    state = models.CharField(max_length=16, choices=EQUIPMENT.choices(), default=EQUIPMENT.initial)
    # A shared unit (a balance, a room) serves several batches at once; another holds one at a time.
    is_shared = models.BooleanField(default=True)
    calibration_due_on = models.DateField(null=True, blank=True)
    is_calibration_failed = models.BooleanField(default=False)
    qualification = models.CharField(
        max_length=16, choices=QUALIFICATION.choices(), default=QUALIFICATION.initial
    )
    # Until when its cleaning, and its daily check, hold; no cleaning limit and no check: none.
    clean_until = models.DateTimeField(null=True, blank=True)
    checked_until = models.DateTimeField(null=True, blank=True)
    # The line on which its weight is read, by the name that the settings give it; none: it is typed.
    scale_line = models.CharField(max_length=40, blank=True, default="")
    history = kept_history()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="equipment_is_no_part_of_itself"
            ),
        )

    def __str__(self) -> str:
        return self.code


class EquipmentUse(Recorded):
    """A unit held by a batch: ISA-88 knows at most one batch in a unit at a time."""

    chained_in = ("supply", None)
    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="uses")
    batch = models.CharField(max_length=24)
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            ExclusionConstraint(
                name="one_batch_in_a_unit",
                expressions=[
                    ("equipment", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "begun_at",
                            "ended_at",
                            models.Value("[)"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True)
                | models.Q(ended_at__gte=models.F("begun_at")),
                name="use_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.equipment_id} {self.batch}"
