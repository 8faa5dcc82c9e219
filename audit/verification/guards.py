"""Guards: what is installed in the database, compared with what the application installs."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import connection

from audit.guards import rights_of
from audit.ledger import Finding
from audit.verification.expected import (
    expected_bodies,
    expected_guards,
    on_partitions,
    tables_without_model,
)
from audit.verification.naming import finding

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")

TRIGGERS = """
SELECT c.relname, t.tgname, p.proname, t.tgtype::int, t.tgenabled::text,
       coalesce(encode(t.tgargs, 'escape'), ''),
       t.tgqual IS NULL AND t.tgattr::text = '' AND p.pronamespace = n.oid,
       t.tgdeferrable AND t.tginitdeferred
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT t.tgisinternal AND n.nspname = 'public' ORDER BY 1, 2
"""
PARTITIONS = """
SELECT c.relname, p.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
 WHERE c.relispartition AND c.relkind = 'r' AND n.nspname = 'public'
"""
BODIES = """
SELECT p.proname, array_agg(p.prosrc) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = 'public' AND p.proname = ANY (%s) GROUP BY 1
"""
ALLOWED = """
SELECT t, r FROM unnest(%s::text[]) t CROSS JOIN unnest(%s::text[]) r
 WHERE has_table_privilege(%s, format('public.%%I', t), r)
"""


def check_guards() -> Iterator[Finding]:
    """Name every guard that is gone, off, another or a stranger, and every right too many."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        triggers = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
        cursor.execute(PARTITIONS)
        partitions = dict(cursor.fetchall())
        cursor.execute(BODIES, [list(expected_bodies())])
        bodies = dict(cursor.fetchall())
    guards = expected_guards()
    guards.update(on_partitions(guards, partitions))
    for (table, name), guard in guards.items():
        where, found = f"trigger {name} on {table}", triggers.pop((table, name), None)
        if found is None:
            yield finding("guard", where, "is gone")
        elif found[2] != "O":
            yield finding("guard", where, "is switched off")
        elif (*found[:2], *found[3:]) != (
            *(guard.function, guard.on, guard.arguments),
            *(True, guard.is_late),
        ):
            yield finding("guard", where, "is not the one that was installed")
    for table, name in triggers:
        yield finding("guard", f"trigger {name} on {table}", "is none that was installed")
    for name, body in expected_bodies().items():
        if bodies.get(name) != [body]:
            yield finding("guard", f"function {name}", "is not the one that was installed")
    yield from check_rights(partitions)


def check_rights(partitions: dict[str, str]) -> Iterator[Finding]:
    """Name every right that the application's role has and should not have."""
    role = settings.APP_DATABASE_ROLE
    allowed = {
        model._meta.db_table: set(rights_of(model).split(", "))
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
    allowed.update((table, {"SELECT", "INSERT"}) for table in tables_without_model())
    # Rows of a partition are read and added through its table only.
    allowed.update((partition, set()) for partition in partitions)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        known = cursor.fetchone()
        if known is None:
            yield finding("guard", f"role {role}", "does not exist")
            return
        if known[0]:
            yield finding("guard", f"role {role}", "is a superuser")
            return
        found = {*connection.introspection.table_names(cursor), *partitions}
        tables = found & set(allowed)
        cursor.execute(ALLOWED, [sorted(tables), list(RIGHTS), role])
        for table, right in cursor.fetchall():
            if right not in allowed[table]:
                yield finding("guard", f"role {role}", f"may {right} on {table}")
