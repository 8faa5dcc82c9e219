"""IQ, database: migrations, guards, and the rights of the role under which the application runs."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from audit.guards import is_append_only, rights_of
from audit.verification.expected import expected_bodies, expected_guards
from audit.verification.guards import check_guards
from mes.build import schema_version
from mes.qualification.lines import Line, line, to_judge

MIGRATIONS, GUARDS, RIGHTS = "Migrations", "Guards", "Rights"
POWERS = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
  FROM pg_roles WHERE rolname = %s
"""


def migrations() -> Iterator[Line]:
    """Yield whether the schema is the one of this release, no older and no newer."""
    loader = MigrationLoader(connection)
    ours, applied = set(loader.disk_migrations), set(loader.applied_migrations)
    yield line(MIGRATIONS, "Not applied yet", "none", named(ours - applied))
    yield line(MIGRATIONS, "Applied, and not of this release", "none", named(applied - ours))
    yield line(MIGRATIONS, "Applied", len(ours), len(applied & ours))
    yield to_judge(MIGRATIONS, "Schema version", "as in the release", schema_version())


def named(pairs: set[tuple[str, str]]) -> str:
    """Return migrations by name."""
    return ", ".join(f"{app}.{name}" for app, name in sorted(pairs)) or "none"


def guards() -> Iterator[Line]:
    """Yield whether each trigger and function is there, switched on and the one of this release."""
    found = list(check_guards())
    tables = {table for table, _ in expected_guards()}
    for table in sorted(tables):
        names = sorted(name for on, name in expected_guards() if on == table)
        wrong = [
            one.detail for one in found if one.where.startswith("trigger ")
            and one.where.endswith(f" on {table}")
        ]  # fmt: skip
        yield line(
            GUARDS, f"Triggers of {table}", f"{', '.join(names)}: on, as released",
            f"{', '.join(names)}: on, as released" if not wrong else "; ".join(wrong),
        )  # fmt: skip
    wrong_functions = {one.where for one in found}
    for name in sorted(expected_bodies()):
        is_good = f"function {name}" not in wrong_functions
        yield line(
            GUARDS, f"Function {name}", "as released", "as released" if is_good else "another"
        )
    yield line(
        GUARDS,
        "Findings in all, partitions and strangers included",
        "none",
        "; ".join(f"{one.where} {one.detail}" for one in found) or "none",
    )


def rights() -> Iterator[Line]:
    """Yield what the application's role may do, compared with what it needs."""
    role = settings.APP_DATABASE_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        yield line(RIGHTS, "Role of this session", (role, role), cursor.fetchone())
        cursor.execute(POWERS, [role])
        names = [column.name for column in cursor.description]
        powers = cursor.fetchone() or [False] * len(names)
        held = [name for name, has in zip(names, powers, strict=True) if has]
        yield line(RIGHTS, "Powers over the server", "none", ", ".join(held) or "none")
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE pg_has_role(%s, oid, 'MEMBER')"
            " AND rolname <> %s ORDER BY 1",
            [role, role],
        )
        roles = ", ".join(name for (name,) in cursor.fetchall())
        yield line(RIGHTS, "Other roles it may take", "none", roles or "none")
        cursor.execute("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = relowner"
                       " WHERE rolname = %s", [role])  # fmt: skip
        yield line(RIGHTS, "Tables and indexes it owns", 0, cursor.fetchone()[0])
        for what, question in {
            "Create in the schema": "has_schema_privilege(%s, 'public', 'CREATE')",
            "Create in the database": "has_database_privilege(%s, current_database(), 'CREATE')",
            "Switch triggers off for its session":
                "has_parameter_privilege(%s, 'session_replication_role', 'SET')",
        }.items():  # fmt: skip
            cursor.execute(f"SELECT {question}", [role])
            yield line(RIGHTS, what, "refused", "allowed" if cursor.fetchone()[0] else "refused")
    yield from rights_on_tables(role)


def rights_on_tables(role: str) -> Iterator[Line]:
    """Yield the rights on each table; those that are only added to give no right to change."""
    wanted = {
        model._meta.db_table: (set(rights_of(model).split(", ")), is_append_only(model))
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t, array_agg(r) FROM unnest(%s::text[]) t CROSS JOIN unnest(%s::text[]) r"
            " WHERE has_table_privilege(%s, format('public.%%I', t), r) GROUP BY t",
            [sorted(wanted), ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER"], role],
        )
        held = {table: set(names) for table, names in cursor.fetchall()}
    for table, (names, only_added) in sorted(wanted.items()):
        words = f"{', '.join(sorted(names))}" + (", no change" if only_added else "")
        found = ", ".join(sorted(held.get(table, set()))) or "none"
        yield line(RIGHTS, f"On {table}", words, found, held.get(table, set()) == names)
