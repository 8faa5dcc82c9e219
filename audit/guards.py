"""The database as the last witness: grants, append-only tables and legal moves, from the models.

Installed by the owner of the schema after every migration; the application's role owns nothing
and is given exactly what its records need. ``verify_ledger`` compares what is installed with
what this file would install.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from django.apps import apps
from django.db import models

from audit.models import Checkpoint, FeedEvent, LedgerEntry, Recorded
from kernel.states import Moves

FUNCTIONS = """
CREATE OR REPLACE FUNCTION onelot_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE FUNCTION onelot_legal_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text; after text;
BEGIN
    before := to_jsonb(OLD) ->> TG_ARGV[0];
    after := to_jsonb(NEW) ->> TG_ARGV[0];
    IF before IS DISTINCT FROM after AND NOT (before || '>' || after = ANY (TG_ARGV[1:])) THEN
        RAISE EXCEPTION '%.% may not go from % to %', TG_TABLE_NAME, TG_ARGV[0], before, after
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def moves_of(model: type[models.Model]) -> dict[str, Moves]:
    """Return the state machines of a model: {field name: its moves}."""
    return model.moves if issubclass(model, Recorded) else {}


def is_append_only(model: type[models.Model]) -> bool:
    """Say whether rows of ``model`` are only ever added."""
    if model in (LedgerEntry, Checkpoint, FeedEvent) or model.__name__.startswith("Historical"):
        return True
    return issubclass(model, Recorded) and model.append_only


def rights_of(model: type[models.Model]) -> str:
    """Return what the application's role may do to the table of ``model``."""
    label = model._meta.app_label
    if is_append_only(model):
        return "SELECT, INSERT"
    if issubclass(model, Recorded):
        return "SELECT, INSERT, UPDATE"
    if label == "contenttypes":
        return "SELECT"
    return "SELECT, INSERT, UPDATE, DELETE"


def statements(role: str, tables: Container[str]) -> Iterator[str]:
    """Yield the SQL that gives ``role`` its rights on ``tables`` and installs the guards."""
    yield FUNCTIONS
    yield f'GRANT USAGE ON SCHEMA public TO "{role}"'
    yield f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"'
    yield f'GRANT SELECT ON TABLE django_migrations TO "{role}"'
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or model._meta.db_table not in tables:
            continue
        table = model._meta.db_table
        yield f'REVOKE ALL ON TABLE "{table}" FROM "{role}"'
        yield f'GRANT {rights_of(model)} ON TABLE "{table}" TO "{role}"'
        if is_append_only(model):
            yield from append_only(table)
        for field, moves in moves_of(model).items():
            yield from legal_moves(table, field, moves)


def append_only(table: str) -> Iterator[str]:
    """Yield the triggers that refuse every change of a row, and the emptying of the table."""
    yield (
        f'CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}"'
        " FOR EACH ROW EXECUTE FUNCTION onelot_refuse_change()"
    )
    yield (
        f'CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON "{table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION onelot_refuse_change()"
    )


def legal_moves(table: str, field: str, moves: Moves) -> Iterator[str]:
    """Yield the trigger that refuses a move the state table does not have."""
    edges = ", ".join(f"'{before}>{after}'" for before, after in sorted(moves.edges))
    yield (
        f'CREATE OR REPLACE TRIGGER legal_{field} BEFORE UPDATE ON "{table}"'
        f" FOR EACH ROW EXECUTE FUNCTION onelot_legal_move('{field}', {edges})"
    )
