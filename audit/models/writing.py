"""Writing a record and its history: statements that are put together once, and asked many times.

Django puts every INSERT and UPDATE together anew, and simple-history makes a manager class, an
instance and a query for each row of history. A signature writes four rows, and waits for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias

from django.db import connection, models
from simple_history.models import HistoricalRecords

from kernel.prepared import statement
from kernel.transactions import current_scope

Column: TypeAlias = "models.Field[Any, Any]"
# Of a row of history itself, before the values of the record.
ABOUT = (
    "history_type",
    "history_user_id",
    "history_change_reason",
    "history_relation_id",
)


class KeptHistory(HistoricalRecords):
    """The history of simple-history, written by one statement; signals for others are not sent."""

    def create_historical_record(
        self, instance: Any, history_type: str, using: str | None = None
    ) -> None:
        """Add the row: the values of the record, who acts, and the act as the reason."""
        scope = current_scope()
        table, fields = _history_of(instance.__class__)
        by = scope.act.by.pk if scope else None
        about = [history_type, by, instance._change_reason, instance.pk]
        columns = (*ABOUT, *(field.column for field in fields))
        values = about + stored((field, getattr(instance, field.attname)) for field in fields)
        statement(_timed(_insert(table, columns)), values).close()


@cache
def _timed(asked: str) -> str:
    """Let the database say when a row of history was written."""
    begun = asked.replace(" (", " (history_date, ", 1)
    return begun.replace(" VALUES (", " VALUES (clock_timestamp(), ", 1)


@cache
def _history_of(model: Any) -> tuple[str, tuple[Column, ...]]:
    kept: Any = model.history.model
    return kept._meta.db_table, tuple(kept.tracked_fields)


def stored(values: Iterable[tuple[Column, Any]]) -> list[Any]:
    """Return values as the database takes them."""
    return [field.get_db_prep_save(value, connection) for field, value in values]


def insert(row: models.Model, fields: Sequence[Column], returned: Sequence[Column]) -> list[Any]:
    """Store a new row, and return what the database itself gave it, as one row in a list."""
    asked = _insert(
        row._meta.db_table,
        tuple(field.column for field in fields),
        tuple(field.column for field in returned),
    )
    values = stored((field, field.pre_save(row, True)) for field in fields)
    with statement(asked, values) as cursor:
        return [cursor.fetchone()] if returned else []


def update(row: models.Model, values: Sequence[tuple[Column, Any]]) -> bool:
    """Store the changed values of a row, and say whether there is one."""
    asked = _update(
        row._meta.db_table, row._meta.pk.column, tuple(field.column for field, _ in values)
    )
    with statement(asked, [*stored(values), row.pk]) as cursor:
        return bool(cursor.rowcount)


@cache
def _insert(table: str, columns: tuple[str, ...], returned: tuple[str, ...] = ()) -> str:
    quoted = connection.ops.quote_name
    names, holes = ", ".join(map(quoted, columns)), ", ".join(["%s"] * len(columns))
    asked = f"INSERT INTO {quoted(table)} ({names}) VALUES ({holes})"  # noqa: S608  # names of our own
    return f"{asked} RETURNING {', '.join(map(quoted, returned))}" if returned else asked


@cache
def _update(table: str, key: str, columns: tuple[str, ...]) -> str:
    quoted = connection.ops.quote_name
    pairs = ", ".join(f"{quoted(column)} = %s" for column in columns)
    return f"UPDATE {quoted(table)} SET {pairs} WHERE {quoted(key)} = %s"  # noqa: S608  # names of our own
