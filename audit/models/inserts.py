"""New rows as statements: a record and its history, to be sent together with others.

Django sends one statement a row, and builds each anew. What one gesture adds to many tables can
wait and go in one round trip, from statements that are built once per model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


@cache
def statement_of(model: type[models.Model]) -> tuple[str, tuple[models.Field[Any, Any], ...]]:
    """Return the INSERT of all columns of a model but one that numbers itself, and their fields."""
    # The key of a history row is its own; that of a record is drawn beforehand.
    fields = tuple(field for field in model._meta.concrete_fields if field.attname != "history_id")
    names = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places})', fields


def values_of(fields: Sequence[models.Field[Any, Any]], values: dict[str, Any]) -> list[Any]:
    """Return the values of a row as the database takes them, in the order of ``fields``."""
    return [field.get_db_prep_save(values[field.attname], connection) for field in fields]
