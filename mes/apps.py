"""The roof as an app: after every migration the guards of the database are installed again."""

from typing import Any

import structlog
from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.http import HttpRequest


def install_guards(sender: AppConfig, using: str, **_: Any) -> None:
    """Install grants, append-only tables and legal moves, as the owner of the schema."""
    from django.conf import settings
    from django.db import connections

    from audit.commands import create_system_user
    from audit.edges import now
    from audit.guards import statements

    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.APP_DATABASE_ROLE])
        if cursor.fetchone() is None:
            return
        tables = set(connections[using].introspection.table_names(cursor))
        for statement in statements(settings.APP_DATABASE_ROLE, tables):
            cursor.execute(statement)
    if "audit_user" in tables:
        create_system_user(at=now())


def tell_terminal(request: HttpRequest, **_: Any) -> None:
    """Let every line that is logged for a request name the terminal it came from."""
    from audit.edges import origin_of

    structlog.contextvars.bind_contextvars(ip=origin_of(request))


class MesConfig(AppConfig):
    """Wires events to their readers, and guards to the database."""

    name = "mes"

    def ready(self) -> None:
        """Connect what only the roof may know."""
        from django_structlog.signals import bind_extra_request_metadata

        from mes import checks, wiring
        from mes.accounts import factors, identities, sessions

        wiring.connect()
        sessions.connect()
        factors.connect()
        identities.connect()
        checks.register_all()
        bind_extra_request_metadata.connect(tell_terminal, dispatch_uid="terminal")
        # Django tells only apps that have models; by then all tables are there.
        post_migrate.connect(install_guards, sender=apps.get_app_config("audit"))
