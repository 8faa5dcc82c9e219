"""What must be installed in the database: triggers and functions, from models and migrations.

Nobody keeps a list: the guards of models follow from the models, those that a migration installs
by hand are read from its SQL, and tables without a model are named by their app.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader

from audit.guards import FUNCTIONS, at_commit, is_append_only, moves_of

# pg_trigger.tgtype: for each row 1, before 2, insert 4, delete 8, update 16, truncate 32.
FOR_EACH_ROW = 1
AT_COMMIT = {"INSERT OR UPDATE OR DELETE": 1 + 4 + 8 + 16, "INSERT": 1 + 4}
ON_INSERT, ON_CHANGE, ON_UPDATE, ON_TRUNCATE = 1 + 2 + 4, 1 + 2 + 8 + 16, 1 + 2 + 16, 2 + 32
WRITTEN_ON = {"INSERT": ON_INSERT, "UPDATE": ON_UPDATE}
TRIGGER = re.compile(
    r"CREATE TRIGGER (\w+) BEFORE (INSERT|UPDATE) ON (\w+)\s+"
    r"FOR EACH ROW EXECUTE FUNCTION (\w+)\(\)"
)
FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(.*?AS \$\$(.*?)\$\$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A trigger as it must be."""

    function: str
    on: int
    arguments: str = ""
    is_late: bool = False


Guards = dict[tuple[str, str], Guard]


@cache
def written_sql() -> str:
    """Return the SQL that stands in the migrations of the house, each app's oldest first."""
    migrations = MigrationLoader(None).disk_migrations
    return "\n".join(
        operation.sql
        for key in sorted(migrations)
        for operation in migrations[key].operations
        if isinstance(operation, RunSQL) and isinstance(operation.sql, str)
    )


def tables_without_model() -> Iterator[str]:
    """Yield the append-only tables that no model describes; their apps name them."""
    for config in apps.get_app_configs():
        yield from getattr(config, "append_only_tables", ())


def expected_guards() -> Guards:
    """Return every trigger that must be there: {(table, name): what it does}."""
    found = {
        (table, name): Guard(function=function, on=WRITTEN_ON[on])
        for name, on, table, function in TRIGGER.findall(written_sql())
    }
    only_added = set(tables_without_model())
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if is_append_only(model):
            only_added.add(table)
        for field, moves in moves_of(model).items():
            edges = [f"{before}>{after}" for before, after in sorted(moves.edges)]
            found[table, f"legal_{field}"] = Guard(
                function="onelot_legal_move",
                on=ON_UPDATE,
                arguments=written((field, *edges)),
            )
        for name, (when, function, arguments) in at_commit(model).items():
            found[table, name] = Guard(
                function=function, on=AT_COMMIT[when], arguments=written(arguments), is_late=True
            )
    for table in only_added:
        for name, on in (("append_only", ON_CHANGE), ("never_emptied", ON_TRUNCATE)):
            found[table, name] = Guard(function="onelot_refuse_change", on=on)
    return found


def written(arguments: Iterable[str]) -> str:
    """Return the arguments of a trigger as the catalog shows them."""
    return "".join(f"{one}\\000" for one in arguments)


def on_partitions(guards: Guards, partitions: dict[str, str]) -> Guards:
    """Return the triggers that the partitions of guarded tables have from their tables.

    Args:
        partitions: the table of each partition, by the name of the partition.
    """
    return {
        (partition, name): guard
        for partition, parent in partitions.items()
        for (table, name), guard in guards.items()
        if table == parent and guard.on & FOR_EACH_ROW
    }


@cache
def expected_bodies() -> dict[str, str]:
    """Return what the functions of the house must say: {name: body}."""
    return dict(FUNCTION.findall(FUNCTIONS) + FUNCTION.findall(written_sql()))
