"""The records of the third floor."""

from recipes.models.recipe import Recipe, RecipeVersion, Therapy

__all__ = ["Recipe", "RecipeVersion", "Therapy"]
