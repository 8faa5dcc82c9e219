"""The quality app."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    """See the package docstring."""

    name = "quality"
    default_auto_field = "django.db.models.BigAutoField"
