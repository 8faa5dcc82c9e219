"""Patient orders: what a hospital asked to be made, for whom (a pseudonym), and when it is needed."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from audit.models import Recorded, Site, User, kept_history
from batches.states import ACTIVE_ORDER, ORDER
from recipes.models import Therapy
from supply.models import ChainOfIdentity, Patient


class Order(Recorded):
    """A patient-specific order."""

    chained_in = ("coi", "chain_id")
    moves = {"state": ORDER}
    number = models.CharField(max_length=24, unique=True)
    external_id = models.CharField(max_length=64)
    ordered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    therapy = models.ForeignKey(Therapy, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    made_at = models.ForeignKey(Site, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    chain = models.OneToOneField(ChainOfIdentity, models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=ORDER.choices(), default=ORDER.initial)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    weight_kg = models.DecimalField(max_digits=6, decimal_places=3)
    height_cm = models.DecimalField(max_digits=6, decimal_places=2)
    collection_planned_at = models.DateTimeField(null=True, blank=True)
    administer_from = models.DateField()
    administer_to = models.DateField()
    prescriber_identifier = models.CharField(max_length=64)
    prescriber_name = models.CharField(max_length=200)
    consent_reference = models.CharField(max_length=64)
    consent_signed_at = models.DateTimeField()
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("site", "external_id"), name="order_is_sent_once"),
            models.CheckConstraint(
                condition=models.Q(weight_kg__gt=0) & models.Q(height_cm__gt=0),
                name="order_has_a_body",
            ),
            models.CheckConstraint(
                condition=models.Q(administer_from__lte=models.F("administer_to")),
                name="order_window_is_open",
            ),
            ExclusionConstraint(
                name="one_active_order_per_window",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("therapy", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "administer_from",
                            "administer_to",
                            models.Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=models.Q(state__in=ACTIVE_ORDER),
            ),
        )

    def __str__(self) -> str:
        return self.number
