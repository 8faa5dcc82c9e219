"""Guards: what is installed in the database, compared with what the application installs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.db import connection

from audit.guards import FUNCTIONS, is_append_only, moves_of, rights_of
from audit.ledger import Finding
from audit.models import LedgerEntry
from audit.verification.naming import finding

# pg_trigger.tgtype: for each row 1, before 2, insert 4, delete 8, update 16, truncate 32.
ON_INSERT, ON_CHANGE, ON_UPDATE, ON_TRUNCATE = 1 + 2 + 4, 1 + 2 + 8 + 16, 1 + 2 + 16, 2 + 32
BODY = re.compile(r"FUNCTION (\w+)\(\).*?AS \$\$(.*?)\$\$", re.DOTALL)
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER")

TRIGGERS = """
SELECT c.relname, t.tgname, p.proname, t.tgtype::int, t.tgenabled::text,
       coalesce(encode(t.tgargs, 'escape'), ''), t.tgqual IS NULL AND t.tgattr::text = ''
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT t.tgisinternal AND n.nspname = 'public'
"""
BODIES = """
SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = 'public' AND p.proname = ANY (%s)
"""
ALLOWED = """
SELECT t, r FROM unnest(%s::text[]) t CROSS JOIN unnest(%s::text[]) r
 WHERE has_table_privilege(%s, format('public.%%I', t), r)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A trigger as it must be."""

    function: str
    on: int
    arguments: str = ""


def expected_guards() -> dict[tuple[str, str], Guard]:
    """Return every trigger that must be there: {(table, name): what it does}."""
    ledger = LedgerEntry._meta.db_table
    found = {(ledger, "chain_entry"): Guard(function="onelot_chain_entry", on=ON_INSERT)}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if is_append_only(model):
            for name, on in (("append_only", ON_CHANGE), ("never_emptied", ON_TRUNCATE)):
                found[table, name] = Guard(function="onelot_refuse_change", on=on)
        for field, moves in moves_of(model).items():
            edges = [f"{before}>{after}" for before, after in sorted(moves.edges)]
            found[table, f"legal_{field}"] = Guard(
                function="onelot_legal_move",
                on=ON_UPDATE,
                arguments="".join(f"{word}\\000" for word in (field, *edges)),
            )
    return found


@cache
def expected_bodies() -> dict[str, str]:
    """Return what the functions behind the triggers must say: {name: body}."""
    ledger = import_module("audit.migrations.0002_ledger").LEDGER
    return dict(BODY.findall(FUNCTIONS) + BODY.findall(ledger))


def check_guards() -> Iterator[Finding]:
    """Name every guard that is gone, switched off or another, and every right too many."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        triggers = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
        cursor.execute(BODIES, [list(expected_bodies())])
        bodies = dict(cursor.fetchall())
    for (table, name), guard in expected_guards().items():
        where, found = f"trigger {name} on {table}", triggers.get((table, name))
        if found is None:
            yield finding("guard", where, "is gone")
        elif found[2] != "O":
            yield finding("guard", where, "is switched off")
        elif (*found[:2], *found[3:]) != (guard.function, guard.on, guard.arguments, True):
            yield finding("guard", where, "is not the one that was installed")
    for name, body in expected_bodies().items():
        if bodies.get(name) != body:
            yield finding("guard", f"function {name}", "is not the one that was installed")
    yield from check_rights()


def check_rights() -> Iterator[Finding]:
    """Name every right that the application's role has and should not have."""
    role = settings.APP_DATABASE_ROLE
    allowed = {
        model._meta.db_table: set(rights_of(model).split(", "))
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
        known = cursor.fetchone()
        if known is None:
            yield finding("guard", f"role {role}", "does not exist")
            return
        if known[0]:
            yield finding("guard", f"role {role}", "is a superuser")
            return
        tables = set(connection.introspection.table_names(cursor)) & set(allowed)
        cursor.execute(ALLOWED, [sorted(tables), list(RIGHTS), role])
        for table, right in cursor.fetchall():
            if right not in allowed[table]:
                yield finding("guard", f"role {role}", f"may {right} on {table}")
