"""Reservations ahead: which batch is to have a unit from when to when, alone or beside others."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    BigIntegerRangeField,
    DateTimeRangeField,
    RangeOperators,
)
from django.db import models

from audit.models import Recorded, User, kept_history
from supply.models.equipment import Equipment
from supply.states import RESERVATION


class Reservation(Recorded):
    """A unit kept for a batch during an interval (IEC 61512-1, allocation and arbitration).

    Note [Alone or beside others]: a shared reservation takes one place, its own number, and one
    that is exclusive takes every place. Two overlap where both their times and their places do,
    so the database refuses each overlap with an exclusive one, and lets shared ones stand.
    """

    chained_in = ("supply", None)
    moves = {"state": RESERVATION}
    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="reservations")
    batch = models.CharField(max_length=24)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_shared = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16, choices=RESERVATION.choices(), default=RESERVATION.initial
    )
    reserved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reserved_at = models.DateTimeField()
    history = kept_history()

    class Meta:
        ordering = ("begins_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("begins_at")),
                name="reservation_ends_after_it_begins",
            ),
            ExclusionConstraint(
                name="reservations_do_not_overlap",
                condition=models.Q(state="standing"),
                expressions=[
                    ("equipment", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "begins_at",
                            "ends_at",
                            models.Value("[)"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        models.Func(
                            models.Case(
                                models.When(is_shared=True, then=models.F("id")),
                                default=models.Value(0),
                            ),
                            models.Case(
                                models.When(is_shared=True, then=models.F("id") + 1),
                                default=None,
                            ),
                            models.Value("[)"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        )

    def __str__(self) -> str:
        return f"{self.equipment_id} {self.batch}"
