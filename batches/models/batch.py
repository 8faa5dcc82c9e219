"""Batches: one patient's medicine in the making, with its own frozen copy of the recipe."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, Site, User, kept_history
from batches.models.order import Order
from batches.states import BATCH, GIVEN_UP
from recipes.models import RecipeVersion
from supply.models import Equipment


class Batch(Recorded):
    """The executed batch record's head. ATMP: a batch has exactly one order, so one patient.

    An order is made by one batch at a time; another follows only where that one was given up.
    """

    chained_in = ("batch", "pk")
    moves = {"state": BATCH}
    number = models.CharField(max_length=24, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="batches")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    recipe_version = models.ForeignKey(RecipeVersion, models.PROTECT, related_name="+")
    room = models.ForeignKey(Equipment, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=24, choices=BATCH.choices(), default=BATCH.initial)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    control_recipe: Any = models.JSONField(null=True)
    control_recipe_digest = models.CharField(max_length=64, blank=True)
    # Of the frozen copy with every approved amendment in it; empty while there is none.
    effective_digest = models.CharField(max_length=64, blank=True, default="")
    planned_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("order",),
                condition=~models.Q(state__in=GIVEN_UP),
                name="one_batch_makes_an_order",
            ),
            models.UniqueConstraint(
                fields=("room",),
                condition=models.Q(state__in=("in_progress", "on_hold")),
                name="one_batch_in_a_room",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("planned", "canceled"))
                | (models.Q(issued_at__isnull=False) & ~models.Q(control_recipe_digest="")),
                name="batch_is_issued_with_its_recipe",
            ),
        )

    def __str__(self) -> str:
        return self.number


class Hold(Recorded):
    """A stop of the work, of the whole batch or of one phase: why, by whom, and who let it go on."""

    chained_in = ("batch", "batch_id")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="holds")
    step = models.ForeignKey(
        "batches.Step", models.PROTECT, null=True, blank=True, related_name="holds"
    )
    cause = models.CharField(max_length=32)
    reason = models.CharField(max_length=1000)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    lift_reason = models.CharField(max_length=1000, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.cause}"
