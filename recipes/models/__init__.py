"""The records of the third floor."""

from recipes.models.comment import RecipeComment
from recipes.models.recipe import Recipe, RecipeVersion, Therapy

__all__ = ["Recipe", "RecipeComment", "RecipeVersion", "Therapy"]
