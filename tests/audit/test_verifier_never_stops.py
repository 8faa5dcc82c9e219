"""Whatever an attacker leaves behind, verification ends, says so, and names it in printable words."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from audit.ledger import write_checkpoint
from audit.models import LedgerEntry
from audit.verification import Verifier, plain_report
from audit.verification.cells import cell, stored_cell
from kernel.canonical import canonical
from tests.worlds.audit import act_by, person, site

pytestmark = pytest.mark.django_db(transaction=True)

NASTY = (
    "", "null", "[]", "{}", "0", '"x"', "\u202e", "{", "[" * 5000, '{"a":' * 5000, "1" * 5000,
    '{"subject":null}', '{"subject":{"type":[],"id":{}}}', '{"subject":{"type":"x","id":"1"}}',
    '{"subject":{"type":"audit.Site","id":"99999999999999999999999"},"act":"","by":{"id":0},'
    '"verb":"","before":{},"after":{}}',
    '{"subject":{"type":"audit.Site","id":1},"act":"","by":{"id":0},"verb":"","before":[],'
    '"after":"xy"}',
    '{"subject":{"type":"\\ud800","id":"\\n\\u0000"},"act":1,"by":{"id":0},"verb":"",'
    '"before":{"\\ud800":1},"after":{}}',
    '{"subject":{"type":"audit.Site","id":"-1"},"act":"","by":[],"verb":{},"before":1,"after":1}',
)  # fmt: skip


def all_findings() -> list[str]:
    verifier = Verifier()
    found = list(verifier.findings())
    assert canonical(plain_report(verifier, found))
    assert all(str(one).isprintable() for one in found)
    return [str(one) for one in found]


@pytest.mark.requirement("P11-01")
@pytest.mark.parametrize("number", range(len(NASTY)))
def test_an_unreadable_entry_is_named(superuser: Any, number: int) -> None:
    site()
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "UPDATE audit_ledgerentry SET entry = %s WHERE stream = 'people' AND seq = 2",
        [NASTY[number]],
    )
    assert "hash: ledger people #2: was changed after it was recorded" in all_findings()


@pytest.mark.requirement("P11-01")
def test_every_edited_byte_of_an_entry_is_named(superuser: Any) -> None:
    site()
    superuser.execute("SET session_replication_role = replica")
    chance = random.Random(20261123)
    real = LedgerEntry.objects.get(stream="people", seq=2).entry
    for _ in range(150):
        at = chance.randrange(len(real))
        other = chance.choice([chr(chance.randrange(1, 0x2FF)), "", '"', "}", "\U0001f600", "\\"])
        edited = real[:at] + other + real[at + 1 :]
        if edited == real:
            continue
        superuser.execute(
            "UPDATE audit_ledgerentry SET entry = %s WHERE stream = 'people' AND seq = 2", [edited]
        )
        found = all_findings()
        assert "hash: ledger people #2: was changed after it was recorded" in found, edited
        assert "forged: ledger people #2: was not written by this application" in found, edited


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_ledgerentry SET recorded_at = 'infinity' WHERE seq = 2",
        "UPDATE audit_ledgerentry SET recorded_at = '4713-01-01 BC' WHERE seq = 2",
        "UPDATE audit_ledgerentry SET seq = -9223372036854775808 WHERE seq = 2",
        "UPDATE audit_ledgerentry SET seq = 9223372036854775807 WHERE seq = 2",
        "UPDATE audit_ledgerentry SET hash = '', prev_hash = E'\\u202e' WHERE seq = 2",
        "UPDATE audit_ledgerentry SET subject_type = 'no.Such' WHERE seq = 2",
        "UPDATE audit_user SET created_at = 'infinity' WHERE username = 'anna'",
        "UPDATE audit_user SET full_name = E'\\u202e\\n' WHERE username = 'anna'",
        "UPDATE audit_user SET id = 9223372036854775807 WHERE username = 'anna'",
    ],
)
def test_a_value_that_no_program_expects_is_named(superuser: Any, attack: str) -> None:
    person("anna")
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(attack)
    assert all_findings() != []


@pytest.mark.parametrize("column", ["stream", "entry", "recorded_at", "hash", "prev_hash", "verb"])
def test_a_column_without_a_value_is_named(superuser: Any, column: str) -> None:
    site()
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(f"ALTER TABLE audit_ledgerentry ALTER COLUMN {column} DROP NOT NULL")
    try:
        superuser.execute(
            f"UPDATE audit_ledgerentry SET {column} = NULL WHERE stream = 'people' AND seq = 2"
        )
        assert all_findings() != []
    finally:
        superuser.execute(f"DELETE FROM audit_ledgerentry WHERE {column} IS NULL")
        superuser.execute(f"ALTER TABLE audit_ledgerentry ALTER COLUMN {column} SET NOT NULL")


@pytest.mark.requirement("P11-01")
def test_a_number_and_a_truth_in_json_are_told_apart() -> None:
    """Where true became 1, something was changed."""
    assert cell({"a": True}) != cell({"a": 1}) != cell({"a": "1"})
    assert cell(True) != cell(1)
    assert cell({"a": 1, "b": [2]}) == stored_cell({"b": [2], "a": 1})


@pytest.mark.parametrize(
    "column", ["audit_user.full_name", "audit_site.code", "audit_signature.statement"]
)
def test_a_missing_column_is_named(superuser: Any, column: str) -> None:
    table, name = column.split(".")
    person("anna")
    site()
    superuser.execute(f"ALTER TABLE {table} RENAME COLUMN {name} TO hidden")
    try:
        found = all_findings()
    finally:
        superuser.execute(f"ALTER TABLE {table} RENAME COLUMN hidden TO {name}")
    if table == "audit_signature":
        assert "signature: all: cannot be read (ProgrammingError)" in found
    else:
        assert any(one.startswith("unreadable: audit.") for one in found)


def test_a_checkpoint_file_of_noise_is_named() -> None:
    site()
    write_checkpoint(act=act_by())
    chance = random.Random(7)
    path = Path(settings.CHECKPOINT_FILE)
    whole = path.read_bytes()
    for _ in range(60):
        noise = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            noise[chance.randrange(len(noise))] = chance.randrange(256)
        path.write_bytes(bytes(noise))
        assert all_findings() != [] or bytes(noise) == whole
    for text in ("", "\n", "null\n", '{"n":1}\n', '{"n":"x","heads":[]}\n', "\x00" * 100):
        path.write_text(text)
        assert all_findings() == ["witness: checkpoint file: is gone, but the database knows it"]
    path.write_bytes(whole)
    assert all_findings() == []
