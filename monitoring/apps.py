"""The monitoring app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """See the package docstring."""

    name = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"
