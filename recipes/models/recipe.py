"""Therapies, their recipes, and versions: a master batch record is one whole, hashed document."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, Site, User, kept_history
from recipes.states import VERSION


class Therapy(Recorded):
    """What a hospital orders."""

    chained_in = ("recipes", None)
    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    is_autologous = models.BooleanField()
    made_at = models.ForeignKey(Site, models.PROTECT, null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class Recipe(Recorded):
    """The master batch record of a therapy, over all its versions; of none: a library entry."""

    chained_in = ("recipe", "pk")
    code = models.CharField(max_length=40, unique=True)
    therapy = models.ForeignKey(
        Therapy, models.PROTECT, null=True, blank=True, related_name="recipes"
    )
    title = models.CharField(max_length=200)
    # Where it is made by this recipe; without one, wherever the therapy is made.
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+")
    history = kept_history()

    def __str__(self) -> str:
        return self.code


class RecipeVersion(Recorded):
    """One version: a document that cannot change any more once it is approved."""

    chained_in = ("recipe", "recipe_id")
    moves = {"state": VERSION}
    recipe = models.ForeignKey(Recipe, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=VERSION.choices(), default=VERSION.initial)
    version = models.PositiveIntegerField(default=1)
    document: Any = models.JSONField()
    document_digest = models.CharField(max_length=64)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    # When an approved version comes into force by itself.
    effective_from = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("recipe_id", "number")
        constraints = (
            models.UniqueConstraint(fields=("recipe", "number"), name="version_is_numbered_once"),
            models.UniqueConstraint(
                fields=("recipe",),
                condition=models.Q(state="effective"),
                name="one_version_is_effective",
            ),
        )

    def __str__(self) -> str:
        return f"{self.recipe_id} v{self.number}"
