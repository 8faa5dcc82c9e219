"""The recipes app."""

from django.apps import AppConfig


class RecipesConfig(AppConfig):
    """See the package docstring."""

    name = "recipes"
    default_auto_field = "django.db.models.BigAutoField"
