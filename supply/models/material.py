"""Materials, their lots, and the equipment that touches them."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, Site, kept_history
from supply.states import LOT


class Material(Recorded):
    """A material definition (ISA-95)."""

    chained_in = ("supply", None)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=16)
    history = kept_history()

    def __str__(self) -> str:
        return self.code


class MaterialLot(Recorded):
    """A quantity of a material with one identity; what is on hand never falls below zero."""

    chained_in = ("lot", "pk")
    moves = {"state": LOT}
    material = models.ForeignKey(Material, models.PROTECT, related_name="lots")
    number = models.CharField(max_length=40)
    site = models.ForeignKey(Site, models.PROTECT)
    state = models.CharField(max_length=16, choices=LOT.choices(), default=LOT.initial)
    expires_on = models.DateField()
    on_hand = models.DecimalField(max_digits=14, decimal_places=4)
    received_at = models.DateTimeField()
    # In percent of what the label claims, as its certificate of analysis says; none: not stated.
    potency = models.DecimalField(max_digits=9, decimal_places=4, null=True, blank=True)
    history = kept_history()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("material", "number", "site"), name="lot_is_numbered_once"
            ),
            models.CheckConstraint(condition=models.Q(on_hand__gte=0), name="lot_is_not_overdrawn"),
            models.CheckConstraint(
                condition=models.Q(potency__isnull=True) | models.Q(potency__gt=0),
                name="lot_has_some_potency",
            ),
        )

    def __str__(self) -> str:
        return f"{self.material_id} {self.number}"
