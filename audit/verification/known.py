"""Known: whether the ledger knows every row of every record and of its history, asked at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DatabaseError, connection, transaction

from audit.models import Recorded
from audit.verification.history import history_of

# Every record that an entry names, made once; asking for each table on its own is slower.
UNKNOWN = """
WITH known AS MATERIALIZED (
    SELECT DISTINCT subject_type AS kind, subject_id AS id FROM audit_ledgerentry
), held AS ({held})
SELECT EXISTS (
    SELECT FROM held WHERE NOT EXISTS (
        SELECT FROM known WHERE known.kind = held.kind AND known.id = held.id))
"""


def are_all_known(models: Iterable[type[Recorded]]) -> bool:
    """Say whether the ledger knows all rows; no answer is no, and whoever asked looks closer."""
    held = []
    for model in models:
        for one in (model, history_of(model)):
            if one is not None:
                held.append(
                    f"SELECT DISTINCT '{model._meta.label}' AS kind, id::text AS id"  # noqa: S608 - our own words
                    f' FROM "{one._meta.db_table}"'
                )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(UNKNOWN.format(held=" UNION ALL ".join(held)))
            return not cursor.fetchone()[0]
    except DatabaseError:
        return False
