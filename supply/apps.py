"""The supply app."""

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """See the package docstring."""

    name = "supply"
    default_auto_field = "django.db.models.BigAutoField"
