"""Eleven kinds of tampering at twenty random places each: the verifier names all 220.

Every attack is made by the database superuser with all triggers off, on a house with a released
batch, inside a transaction that is taken back. The verifier looks with the application's rights.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from audit.acts import Act, command, record
from audit.ledger import write_checkpoint
from audit.models import LedgerEntry, Recorded, Signature, Site
from audit.verification import Verifier
from tests.audit.test_tampering import rechain
from tests.conftest import as_admin, database_name
from tests.mes.test_record import released_batch
from tests.worlds.audit import act_by

PLACES = 20
# A name that must stand in one of the findings; more than one where either tells of the place.
Named = tuple[str, ...]


@contextmanager
def as_superuser() -> Iterator[Any]:
    """Use the database as its owner's owner, and take back whatever was done."""
    before = dict(connection.settings_dict)
    admin = as_admin(database_name())
    connection.close()
    connection.settings_dict.update(USER=admin.info.user, PASSWORD=admin.info.password)
    admin.close()
    try:
        with taken_back(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield cursor
    finally:
        connection.close()
        connection.settings_dict.update(before)


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction that is rolled back, and in which commands work as if it were not there."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # what Django's own tests set
    with block:
        yield
        transaction.set_rollback(True)


def findings(cursor: Any) -> list[str]:
    """Verify with the rights of the application, and nothing more."""
    cursor.execute(f'SET LOCAL ROLE "{settings.APP_DATABASE_ROLE}"')
    try:
        return [str(one) for one in Verifier().findings()]
    finally:
        cursor.execute("RESET ROLE")


def stored_models() -> list[type[Recorded]]:
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Recorded) and model._base_manager.exists()
    ]


def one_of(model: type[Any], dice: random.Random) -> int:
    """Return the id of some row."""
    return int(dice.choice(list(model._base_manager.values_list("pk", flat=True))))


OTHER = {
    "varchar": "CASE left({0}, 1) WHEN 'x' THEN 'y' ELSE 'x' END || coalesce(substr({0}, 2), '')",
    "text": "coalesce({0}, '') || 'x'",
    "bool": "NOT coalesce({0}, false)",
    "int2": "coalesce({0}, 0) + 1",
    "int4": "coalesce({0}, 0) + 1",
    "int8": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 0.1",
    "float8": "coalesce({0}, 0) + 1",
    "date": "coalesce({0}, current_date) + 1",
    "timestamptz": "coalesce({0}, now()) + interval '1 second'",
    "jsonb": "jsonb_build_object('was', {0})",
    "uuid": "gen_random_uuid()",
    "bytea": "coalesce({0}, '') || '\\x00'",
}


def column_changed(cursor: Any, table: str, pk_column: str, pk: int, column: str) -> bool:
    """Give one column of one row another value; False when the table itself refuses it."""
    cursor.execute(
        "SELECT udt_name FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
        [table, column],
    )
    other = OTHER[cursor.fetchone()[0]].format(f'"{column}"')
    try:
        with transaction.atomic():
            cursor.execute(
                f'UPDATE "{table}" SET "{column}" = {other} WHERE "{pk_column}" = %s', [pk]
            )
    except DatabaseError:
        return False
    return True


def changed_value(cursor: Any, dice: random.Random) -> Named:
    """A value of a record."""
    while True:
        model = dice.choice(stored_models())
        pk = one_of(model, dice)
        names = [f.column for f in model._meta.concrete_fields if f.name not in model.unrecorded]
        column = dice.choice([name for name in names if name != "id"])
        if column_changed(cursor, model._meta.db_table, "id", pk, column):
            return (f"changed: {model._meta.label} {pk}.{column}: is not what was recorded",)


def changed_history(cursor: Any, dice: random.Random) -> Named:
    """A value of the past of a record."""
    kept = [model for model in stored_models() if hasattr(model, "history")]
    while True:
        model = dice.choice(kept)
        history = model.history.model
        pk = one_of(history, dice)
        subject = history._base_manager.get(pk=pk).id
        names = [f.column for f in model._meta.concrete_fields if f.name not in model.unrecorded]
        column = dice.choice([name for name in names if name != "id"])
        if column_changed(cursor, history._meta.db_table, "history_id", pk, column):
            return (f"history of {model._meta.label} {subject}, change",)


def some_entry(dice: random.Random, **conditions: Any) -> LedgerEntry:
    return dice.choice(list(LedgerEntry.objects.filter(**conditions)))


def last_seq(stream: str) -> int:
    return LedgerEntry.objects.filter(stream=stream).latest("seq").seq


def deleted_in_the_middle(cursor: Any, dice: random.Random) -> Named:
    """A link of a chain."""
    while True:
        entry = some_entry(dice)
        if entry.seq < last_seq(entry.stream):
            break
    cursor.execute("DELETE FROM audit_ledgerentry WHERE id = %s", [entry.pk])
    return (f"gap: ledger {entry.stream} #{entry.seq}: is missing",)


def deleted_at_the_end(cursor: Any, dice: random.Random) -> Named:
    """The last links of a chain."""
    stream = some_entry(dice).stream
    last = last_seq(stream)
    first = dice.randint(max(1, last - 3), last)
    cursor.execute("DELETE FROM audit_ledgerentry WHERE stream = %s AND seq >= %s", [stream, first])
    return (f"truncated: ledger {stream} #{last}: is missing",)


def inserted_row(cursor: Any, dice: random.Random) -> Named:
    """A record that nobody made."""
    while True:
        model = dice.choice(stored_models())
        table = model._meta.db_table
        unique = {f.column for f in model._meta.concrete_fields if f.unique and f.column != "id"}
        for constraint in model._meta.total_unique_constraints:
            unique |= {model._meta.get_field(name).column for name in constraint.fields}
        copied = [f.column for f in model._meta.concrete_fields if f.column != "id"]
        cursor.execute(
            "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s",
            [table],
        )
        types = dict(cursor.fetchall())
        taken = [
            OTHER[types[name]].format(f'"{name}"') if name in unique else f'"{name}"'
            for name in copied
        ]
        columns = ", ".join(f'"{name}"' for name in copied)
        try:
            with transaction.atomic():
                cursor.execute(
                    f'INSERT INTO "{table}" (id, {columns}) SELECT 900000 + id, {", ".join(taken)}'
                    f' FROM "{table}" WHERE id = %s',
                    [one_of(model, dice)],
                )
        except DatabaseError:
            continue
        return (f"unrecorded: {model._meta.label} 9",)


def swapped_entries(cursor: Any, dice: random.Random) -> Named:
    """Two links of a chain, each in the place of the other."""
    while True:
        first, second = some_entry(dice), some_entry(dice)
        if first.stream == second.stream and first.pk != second.pk:
            break
    for pk, seq in ((first.pk, -1), (second.pk, first.seq), (first.pk, second.seq)):
        cursor.execute("UPDATE audit_ledgerentry SET seq = %s WHERE id = %s", [seq, pk])
    low = min(first.seq, second.seq)
    return (
        f"ledger {first.stream} #{low}: does not follow",
        f"ledger {first.stream} #{low}: was changed after it was recorded",
    )


def chain_made_anew(cursor: Any, dice: random.Random) -> Named:
    """An entry left out, and every hash behind it computed again."""
    while True:
        entry = some_entry(dice)
        if entry.seq < last_seq(entry.stream):
            break
    cursor.execute("DELETE FROM audit_ledgerentry WHERE id = %s", [entry.pk])
    rechain(cursor, entry.stream)
    return (f"ledger {entry.stream} #",)


def rolled_back(cursor: Any, dice: random.Random) -> Named:
    """The whole database, to what it was some acts ago; only the file outside knows better."""
    steps = dice.randint(1, 6)
    before = last_seq("people")
    with taken_back():
        cursor.execute("SET LOCAL session_replication_role = origin")
        for number in range(steps):
            renamed(name=f"Plant {number}", act=act_by())
            write_checkpoint(act=act_by())
    return (f"truncated: ledger people #{before + steps}: is missing",)


@command
def renamed(*, name: str, act: Act) -> None:
    """What happens between the backup and the attack."""
    found = Site.objects.order_by("pk").first()
    assert found is not None
    found.name = name
    found.save()
    record(act, "rename", found)


def transplanted_signature(cursor: Any, dice: random.Random) -> Named:
    """A signature, moved to or copied onto another record."""
    pk = one_of(Signature, dice)
    if dice.random() < 0.5:
        cursor.execute(
            "UPDATE audit_signature SET subject_id = subject_id + %s WHERE id = %s",
            [dice.randint(1, 9), pk],
        )
        return (f"signature {pk}: its seal is broken",)
    copied = [
        f.column for f in Signature._meta.concrete_fields if f.column not in ("id", "subject_id")
    ]
    columns = ", ".join(f'"{name}"' for name in copied)
    cursor.execute(
        f"INSERT INTO audit_signature (id, subject_id, {columns})"
        f" SELECT 900000, subject_id + %s, {columns} FROM audit_signature WHERE id = %s",
        [dice.randint(1, 9), pk],
    )
    return ("signature 900000: its seal is broken",)


def backdated_signature(cursor: Any, dice: random.Random) -> Named:
    """The time of a signature."""
    pk = one_of(Signature, dice)
    cursor.execute(
        "UPDATE audit_signature SET signed_at = signed_at - %s * interval '1 second' WHERE id = %s",
        [dice.randint(1, 10**6), pk],
    )
    return (f"signature {pk}: its seal is broken",)


def renamed_signer(cursor: Any, dice: random.Random) -> Named:
    """The printed name of a signer, in the signature and in the account."""
    pk = one_of(Signature, dice)
    signer = Signature.objects.get(pk=pk).signer_id
    cursor.execute("UPDATE audit_signature SET signer_name = 'Nobody' WHERE id = %s", [pk])
    cursor.execute("UPDATE audit_user SET full_name = 'Nobody' WHERE id = %s", [signer])
    return (f"signature {pk}: its seal is broken",)


def guard_off_and_on(cursor: Any, dice: random.Random) -> Named:
    """A trigger, switched off for a change and on again, left off, or put back as another."""
    cursor.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND NOT c.relispartition ORDER BY 1, 2"
    )
    table, name = dice.choice(cursor.fetchall())
    way = dice.choice(("restored", "off", "always", "other"))
    if way == "off":
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"')
        return (f"trigger {name} on {table}: is switched off",)
    if way == "always":
        cursor.execute(f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{name}"')
        return (f"trigger {name} on {table}: is switched off",)
    if way == "other":
        cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"')
        cursor.execute(
            f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{table}" FOR EACH ROW'
            " WHEN (false) EXECUTE FUNCTION onelot_refuse_change()"
        )
        return (f"trigger {name} on {table}: is not the one that was installed",)
    cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER ALL')
    named = changed_value(cursor, dice)
    cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER ALL')
    return named


ATTACKS: tuple[Callable[[Any, random.Random], Named], ...] = (
    *(changed_value, changed_history, deleted_in_the_middle, deleted_at_the_end, inserted_row),
    *(swapped_entries, chain_made_anew, rolled_back, transplanted_signature),
    *(backdated_signature, renamed_signer, guard_off_and_on),
)


@pytest.mark.requirement("P11-01", "P11-02", "P11-07", "P11-17")
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_tampering_is_named_wherever_it_happens(attack: Callable[..., Named]) -> None:
    released_batch()
    write_checkpoint(act=act_by())
    witness = Path(settings.CHECKPOINT_FILE)
    lines = witness.read_bytes()
    assert list(Verifier().findings()) == []
    for place in range(PLACES):
        with as_superuser() as cursor:
            named = attack(cursor, random.Random(f"{attack.__name__} {place}"))
            found = findings(cursor)
        witness.write_bytes(lines)
        assert any(name in one for one in found for name in named), (place, named, found[:5])
    assert list(Verifier().findings()) == []
