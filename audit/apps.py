"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """People, acts, signatures, ledger."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear who signs in, and who fails to."""
        from audit import handlers

        handlers.connect()
