"""Classes of equipment: what a recipe asks for, and what the house asks of every unit of it."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from audit.models import Recorded, kept_history


def _weight() -> models.DecimalField[Decimal | None, Decimal | None]:
    return models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)


class EquipmentClass(Recorded):
    """A class of units; a scale also says what it can weigh, and how it is checked each day.

    Units name their class by its code. Weights are in ``unit``.
    """

    chained_in = ("supply", None)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=16, blank=True)
    range_min = _weight()
    range_max = _weight()
    resolution = _weight()
    minimum_weight = _weight()
    check_weight = _weight()
    check_tolerance = _weight()
    # How long a check of a scale holds, and a cleaning of any unit; none: it is not asked for.
    check_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    clean_hold_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                # What is unknown passes a check of the database: each part must be there by name.
                condition=models.Q(range_max__isnull=True, range_min__isnull=True)
                | models.Q(
                    range_min__isnull=False,
                    range_max__isnull=False,
                    resolution__isnull=False,
                    minimum_weight__isnull=False,
                    range_min__gte=0,
                    range_max__gt=models.F("range_min"),
                    resolution__gt=0,
                    minimum_weight__gte=models.F("range_min"),
                    minimum_weight__lte=models.F("range_max"),
                )
                & ~models.Q(unit=""),
                name="scale_has_its_range_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(check_hours__isnull=True)
                | models.Q(
                    check_weight__isnull=False,
                    check_tolerance__isnull=False,
                    check_hours__gt=0,
                    check_weight__gt=0,
                    check_tolerance__gte=0,
                )
                & ~models.Q(unit=""),
                name="check_has_weight_and_tolerance",
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def is_scale(self) -> bool:
        """Say whether units of this class weigh."""
        return self.range_max is not None
