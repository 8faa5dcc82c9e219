"""A comment on a line of a recipe, as of one version."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, User, kept_history
from recipes.models.recipe import Recipe, RecipeVersion


class RecipeComment(Recorded):
    """What somebody says of one part of a version; it is open until somebody settles it.

    ``pointer`` names the part by codes in place of indices, so that it keeps its place when
    something is put before it.
    """

    chained_in = ("recipe", "recipe_id")
    recipe = models.ForeignKey(Recipe, models.PROTECT, related_name="+")
    version = models.ForeignKey(RecipeVersion, models.PROTECT, related_name="comments")
    pointer = models.CharField(max_length=300)
    text = models.TextField(max_length=2000)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("version_id", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | models.Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="comment_is_resolved_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version_id} {self.pointer}"
