"""The monitoring app."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

# Readings have no model, so their rights are given here: rows are only ever added and read.
READINGS = "monitoring_reading"
RIGHTS = (
    f'REVOKE ALL ON TABLE {READINGS} FROM "{{role}}"',
    f'GRANT SELECT, INSERT ON TABLE {READINGS} TO "{{role}}"',
    'GRANT EXECUTE ON FUNCTION monitoring_make_partitions(integer) TO "{role}"',
)


def install_rights(sender: AppConfig, using: str, **_: Any) -> None:
    """Give the application's role its rights on readings, and guard them, after every migration."""
    from django.conf import settings
    from django.db import connections

    from audit.guards import append_only

    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('monitoring_reading') IS NOT NULL"
            " AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)",
            [settings.APP_DATABASE_ROLE],
        )
        if not cursor.fetchone()[0]:
            return
        for statement in (*RIGHTS, *append_only(READINGS)):
            cursor.execute(statement.format(role=settings.APP_DATABASE_ROLE))


class MonitoringConfig(AppConfig):
    """See the package docstring."""

    name = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"
    # Verification asks for these guards, too.
    append_only_tables = (READINGS,)

    def ready(self) -> None:
        """Ask to be told when the schema is new; the ground floor's guards come first."""
        post_migrate.connect(install_rights, sender=apps.get_app_config("audit"))
