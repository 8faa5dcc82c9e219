"""The database as the last witness: grants, append-only tables, legal moves, and no unrecorded write.

Installed by the owner of the schema after every migration; the application's role owns nothing
and is given exactly what its records need. ``verify_ledger`` compares what is installed with
what this file would install.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from django.apps import apps
from django.db import models

from audit.models import AccessEvent, Checkpoint, FeedEvent, LedgerEntry, Recorded
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
CREATE OR REPLACE FUNCTION onelot_must_be_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written text := CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END;
    entries jsonb;
    silent text;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(entry::jsonb -> 'after') INTO entries FROM audit_ledgerentry
        WHERE txid = pg_current_xact_id()::text::bigint
          AND subject_type = TG_ARGV[0] AND subject_id = written;
    IF entries IS NULL OR TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% % was written and not recorded', TG_ARGV[0], written
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NULL;
    END IF;
    SELECT string_agg(now.key, ', ' ORDER BY now.key) INTO silent
        FROM jsonb_each(to_jsonb(NEW)) now
        WHERE now.value IS DISTINCT FROM to_jsonb(OLD) -> now.key
          AND NOT now.key = ANY (TG_ARGV[1:])
          AND NOT EXISTS (SELECT FROM jsonb_array_elements(entries) told WHERE told ? now.key);
    IF silent IS NOT NULL THEN
        RAISE EXCEPTION '% %: % was written and not recorded', TG_ARGV[0], written, silent
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION onelot_history_of_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM audit_ledgerentry
         WHERE txid = pg_current_xact_id()::text::bigint AND subject_type = TG_ARGV[0]
           AND subject_id = NEW.id::text AND act::text = NEW.history_change_reason
    ) THEN
        RAISE EXCEPTION 'history of % % was written and not recorded', TG_ARGV[0], NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""

# Asked for by every commit. PostgreSQL cannot replace a constraint trigger, only make it once.
AT_COMMIT = """
DO $$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = '"{table}"'::regclass AND tgname = '{name}'
    ) THEN
        CREATE CONSTRAINT TRIGGER {name} AFTER {when} ON "{table}"
            DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION {function}({arguments});
    END IF;
END $$
"""


def moves_of(model: type[models.Model]) -> dict[str, Moves]:
    """Return the state machines of a model: {field name: its moves}."""
    return model.moves if issubclass(model, Recorded) else {}


def is_append_only(model: type[models.Model]) -> bool:
    """Say whether rows of ``model`` are only ever added."""
    if model in (LedgerEntry, Checkpoint, FeedEvent, AccessEvent):
        return True
    if model.__name__.startswith("Historical"):
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
        for name, (when, function, arguments) in at_commit(model).items():
            yield AT_COMMIT.format(
                table=table,
                name=name,
                when=when,
                function=function,
                arguments=", ".join(f"'{one}'" for one in arguments),
            )


def at_commit(model: type[models.Model]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Return what a commit asks of the rows of ``model``: {trigger: (when, function, arguments)}.

    A changed row needs an entry of the ledger in the same transaction that names the row and
    every column that changed, a row of history one of its act. Requirement P11-06.
    """
    if issubclass(model, Recorded):
        told = (model._meta.label, *model.unrecorded)
        return {"recorded": ("INSERT OR UPDATE OR DELETE", "onelot_must_be_recorded", told)}
    instance_type = getattr(model, "instance_type", None)
    if instance_type is not None and issubclass(instance_type, Recorded):
        return {"recorded": ("INSERT", "onelot_history_of_act", (instance_type._meta.label,))}
    return {}


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
