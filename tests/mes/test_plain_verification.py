"""The verifier finds what a verifier without any short cut finds: no less, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from audit.ledger import write_checkpoint
from audit.models import LedgerEntry
from audit.verification import Verifier
from tests.mes.test_eleven_attacks import (
    Named,
    as_superuser,
    changed_history,
    changed_value,
    inserted_row,
    renamed_signer,
    some_entry,
    stored_models,
    swapped_entries,
)
from tests.mes.test_record import released_batch
from tests.worlds.audit import act_by
from tests.worlds.plain_verification import plain_findings

KINDS = frozenset(("entry", "changed", "history", "deleted", "unrecorded"))
PLACES = 3
OTHERS = {
    "act": "gen_random_uuid()",
    "actor_id": "actor_id + 1",
    "verb": "verb || 'x'",
    "subject_id": "subject_id || '0'",
    "subject_type": "'audit.Acceptance'",
}


def changed_column(cursor: Any, dice: random.Random) -> Named:
    """A column of an entry, which its text does not say."""
    entry, column = some_entry(dice), dice.choice(list(OTHERS))
    cursor.execute(
        f"UPDATE audit_ledgerentry SET {column} = {OTHERS[column]} WHERE id = %s", [entry.pk]
    )
    return (f"entry: ledger {entry.stream} #{entry.seq}: columns and entry disagree",)


def exchanged_entries(cursor: Any, dice: random.Random) -> Named:
    """The texts of two entries of a record, each in the place of the other, columns and all."""
    same = [
        (one, other)
        for one in LedgerEntry.objects.order_by("stream", "seq")
        for other in LedgerEntry.objects.filter(
            stream=one.stream, subject_type=one.subject_type, subject_id=one.subject_id,
            seq__gt=one.seq,
        )[:1]
    ]  # fmt: skip
    one, other = dice.choice(same)
    for pk, given in ((one.pk, other), (other.pk, one)):
        cursor.execute(
            "UPDATE audit_ledgerentry SET entry = %s, act = %s, actor_id = %s, verb = %s"
            " WHERE id = %s",
            [given.entry, given.act, given.actor_id, given.verb, pk],
        )
    return (f"ledger {one.stream} #{one.seq}: was changed after it was recorded",)


def history_gone(cursor: Any, dice: random.Random) -> Named:
    """A row of history, taken away or made twice."""
    kept = [model for model in stored_models() if hasattr(model, "history")]
    model = dice.choice(kept)
    history = model.history.model
    row = dice.choice(list(history._base_manager.all()))
    table = history._meta.db_table
    if dice.random() < 0.5:
        cursor.execute(f'DELETE FROM "{table}" WHERE history_id = %s', [row.pk])
        return (f"history of {model._meta.label} {row.id}, change",)
    names = ", ".join(f'"{f.column}"' for f in history._meta.concrete_fields if not f.primary_key)
    cursor.execute(
        f'INSERT INTO "{table}" (history_id, {names}) SELECT 900000 + history_id, {names}'
        f' FROM "{table}" WHERE history_id = %s',
        [row.pk],
    )
    return (f"history of {model._meta.label} {row.id}, change",)


ATTACKS: tuple[Callable[[Any, random.Random], Named], ...] = (
    *(changed_value, changed_history, inserted_row, swapped_entries, renamed_signer),
    *(changed_column, exchanged_entries, history_gone),
)


@pytest.mark.requirement("P11-01", "P11-02")
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_short_cuts_find_what_the_plain_way_finds() -> None:
    released_batch()
    write_checkpoint(act=act_by())
    witness = Path(settings.CHECKPOINT_FILE)
    lines = witness.read_bytes()
    assert (plain_findings(), list(Verifier().findings())) == (set(), [])
    for place in range(PLACES):
        for attack in ATTACKS:
            with as_superuser() as cursor:
                named = attack(cursor, random.Random(f"plain {attack.__name__} {place}"))
                found = list(Verifier().findings())
                wanted = plain_findings()
            witness.write_bytes(lines)
            assert any(name in str(one) for one in found for name in named), (place, named)
            assert {str(one) for one in found if one.kind in KINDS} == wanted, (place, named)
