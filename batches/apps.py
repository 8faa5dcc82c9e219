"""The batches app."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """See the package docstring."""

    name = "batches"
    default_auto_field = "django.db.models.BigAutoField"
