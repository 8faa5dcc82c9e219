"""Tampering by whoever owns the database: each attack is made as superuser, and each is named."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from audit.acts import Act, command, record
from audit.commands import add_site
from audit.keys import secret, warrant_of
from audit.ledger import link_text, write_checkpoint
from audit.models import LedgerEntry, Signature, Site
from audit.signing import digest_of, sign
from audit.verification import Verifier
from kernel.canonical import EMPTY_HASH, canonical, chained
from tests.worlds.audit import act_by, person, proof_of, site

pytestmark = pytest.mark.django_db(transaction=True)


def found(*streams: str) -> list[str]:
    return [str(one) for one in Verifier(streams=streams or None).findings()]


@pytest.fixture
def house() -> None:
    """Three sites, and a signature of Anna's on the first."""
    for code in ("NORTH", "PLANT", "SOUTH"):
        site(code)
    anna = person("anna")
    statement = {"value": "12.5"}
    sign(
        act=act_by(anna), proof=proof_of(anna), subject=Site.objects.get(code="NORTH"),
        meaning="performed", statement=statement, seen_digest=digest_of(statement),
    )  # fmt: skip


def seq_of(verb: str) -> int:
    return LedgerEntry.objects.filter(stream="people", verb=verb).latest("seq").seq


def rechain(cursor: Any, stream: str = "people") -> None:
    """Number and hash a whole stream again, as a careful attacker would."""
    cursor.execute(
        "SELECT id, entry, recorded_at FROM audit_ledgerentry WHERE stream = %s ORDER BY seq",
        [stream],
    )
    previous, rows = EMPTY_HASH, cursor.fetchall()
    for seq, (pk, entry, at) in enumerate(rows, 1):
        link = chained(previous, link_text(stream=stream, seq=seq, recorded_at=at, entry=entry))
        cursor.execute(
            "UPDATE audit_ledgerentry SET seq = %s, prev_hash = %s, hash = %s WHERE id = %s",
            [-seq, previous, link, pk],
        )
        previous = link
    cursor.execute("UPDATE audit_ledgerentry SET seq = -seq WHERE stream = %s", [stream])


@pytest.mark.usefixtures("house")
def test_an_untouched_house_is_intact() -> None:
    write_checkpoint(act=act_by())
    verifier = Verifier()
    assert list(verifier.findings()) == []
    assert (verifier.entries, verifier.rows, verifier.signatures) == (9, 8, 1)
    assert (verifier.checkpoints, found("people")) == (1, [])


@pytest.mark.requirement("P11-01", "P11-17")
@pytest.mark.usefixtures("house")
def test_one_byte_of_a_signed_value_is_named(attacker: Any) -> None:
    made = Signature.objects.get()
    attacker.execute('UPDATE audit_signature SET statement = \'{"value": "12.6"}\'')
    assert found() == [
        f"changed: audit.Signature {made.pk}.statement: is not what was recorded",
        f"signature: signature {made.pk}: its statement was changed",
    ]


@pytest.mark.requirement("P11-17")
@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("signer_name", "'Somebody Else'"),
        ("signed_at", "signed_at - interval '1 day'"),
        ("meaning", "'released'"),
        ("subject_id", "subject_id + 1"),
        ("time_zone", "'Europe/Berlin'"),
        ("reason", "'because'"),
        ("statement_digest", "repeat('0', 64)"),
    ],
)
def test_a_signature_that_says_another_thing_is_named(
    attacker: Any, column: str, value: str
) -> None:
    made = Signature.objects.get()
    attacker.execute(f"UPDATE audit_signature SET {column} = {value}")
    broken = f"signature: signature {made.pk}: its seal is broken"
    named = f"changed: audit.Signature {made.pk}.{column}: is not what was recorded"
    assert named in found()
    assert broken in found()


@pytest.mark.requirement("P11-17")
@pytest.mark.usefixtures("house")
def test_a_signature_copied_to_another_record_is_named(attacker: Any) -> None:
    attacker.execute(
        "INSERT INTO audit_signature (signer_id, signer_name, signer_username, meaning,"
        " subject_type, subject_id, in_stream, statement, statement_digest, signed_at, time_zone,"
        " reason, act, key_id, seal) SELECT signer_id, signer_name, signer_username, meaning,"
        " subject_type, subject_id + 1, in_stream, statement, statement_digest, signed_at,"
        " time_zone, reason, act, key_id, seal FROM audit_signature RETURNING id"
    )
    (made,) = attacker.fetchone()
    assert found() == [
        f"unrecorded: audit.Signature {made}: the ledger does not know this row",
        f"signature: signature {made}: its seal is broken",
    ]


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
def test_a_deleted_middle_entry_is_named(attacker: Any) -> None:
    attacker.execute("DELETE FROM audit_ledgerentry WHERE stream = 'people' AND seq = 3")
    assert found()[0] == "gap: ledger people #3: is missing"
    assert any(one.startswith("unrecorded: audit.Site") for one in found())


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("count", [1, 2])
def test_deleted_last_entries_are_named_by_the_checkpoint_alone(attacker: Any, count: int) -> None:
    write_checkpoint(act=act_by())
    last = seq_of("sign")
    attacker.execute(
        "DELETE FROM audit_ledgerentry WHERE stream = 'people' AND seq > %s", [last - count]
    )
    attacker.execute("DELETE FROM audit_signature")
    if count == 2:
        attacker.execute("DELETE FROM audit_acceptance")
    named = [f"truncated: ledger people #{last}: is missing; checkpoint 1 saw it"]
    assert (found(), found("people")) == (named, named)
    Path(settings.CHECKPOINT_FILE).unlink()
    attacker.execute("DELETE FROM audit_checkpoint")
    assert found() == [], "without a witness nobody can know"


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
def test_swapped_entries_are_named(attacker: Any) -> None:
    attacker.execute("UPDATE audit_ledgerentry SET seq = -3 WHERE stream = 'people' AND seq = 3")
    attacker.execute("UPDATE audit_ledgerentry SET seq = 3 WHERE stream = 'people' AND seq = 4")
    attacker.execute("UPDATE audit_ledgerentry SET seq = 4 WHERE seq = -3")
    kinds = [one.partition(": ")[::2] for one in found()[:2]]
    assert kinds[0] == ("chain", "ledger people #3: does not follow the entry before it")
    assert kinds[1] == ("hash", "ledger people #3: was changed after it was recorded")


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
def test_a_chain_made_anew_is_named_by_the_checkpoint_alone(attacker: Any) -> None:
    write_checkpoint(act=act_by())
    plant = Site.objects.get(code="PLANT")
    attacker.execute(
        "DELETE FROM audit_ledgerentry WHERE subject_type = 'audit.Site' AND subject_id = %s",
        [str(plant.pk)],
    )
    attacker.execute("DELETE FROM audit_site WHERE id = %s", [plant.pk])
    attacker.execute("DELETE FROM audit_historicalsite WHERE id = %s", [plant.pk])
    rechain(attacker)
    last = LedgerEntry.objects.filter(stream="people").latest("seq").seq + 1
    assert found() == [f"truncated: ledger people #{last}: is missing; checkpoint 1 saw it"]
    site("EAST")
    assert found() == [f"rewritten: ledger people #{last}: is not what checkpoint 1 saw"]


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
def test_the_first_rewritten_entry_is_named(attacker: Any) -> None:
    write_checkpoint(act=act_by())
    seen = seq_of("sign")
    for code in ("EAST", "WEST"):
        site(code)
        write_checkpoint(act=act_by())
    attacker.execute("UPDATE audit_ledgerentry SET recorded_at = recorded_at + interval '1 s'")
    rechain(attacker)
    assert found() == [f"rewritten: ledger people #{seen}: is not what checkpoint 1 saw"]


@pytest.mark.requirement("P11-02", "P11-06")
@pytest.mark.usefixtures("house")
def test_an_entry_that_the_application_did_not_write_is_named(superuser: Any) -> None:
    last = seq_of("sign")
    real = json.loads(LedgerEntry.objects.get(stream="people", seq=last).entry)
    plant = Site.objects.get(code="PLANT")
    forged = {
        **real,
        "verb": "rename",
        "subject": {"type": "audit.Site", "id": str(plant.pk)},
        "before": {"name": "Plant"},
        "after": {"name": "Planu"},
        "warrant": "0" * 64,
    }
    superuser.execute(
        "INSERT INTO audit_ledgerentry (stream, entry) VALUES ('people', %s)", [canonical(forged)]
    )
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("UPDATE audit_site SET name = 'Planu' WHERE id = %s", [plant.pk])
    assert found() == [
        f"forged: ledger people #{last + 1}: was not written by this application",
        f"history: history of audit.Site {plant.pk}, change 2: is gone",
    ]


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
def test_an_entry_copied_to_another_stream_is_named(superuser: Any) -> None:
    entry = LedgerEntry.objects.get(stream="people", seq=2).entry
    superuser.execute(
        "INSERT INTO audit_ledgerentry (stream, entry) VALUES ('batch:1', %s)", [entry]
    )
    assert found() == [
        "forged: ledger batch:1 #1: was not written by this application",
        "entry: ledger people #2: the record is recorded in batch:1, too",
    ]
    pk = json.loads(entry)["subject"]["id"]
    moved = f"moved: audit.Site {pk}: is recorded in batch:1, and belongs to people"
    assert moved in found("batch:1")


@pytest.mark.requirement("P11-06")
@pytest.mark.usefixtures("house")
def test_a_column_beside_the_entry_that_says_another_thing_is_named(attacker: Any) -> None:
    attacker.execute("UPDATE audit_ledgerentry SET actor_id = actor_id + 1 WHERE seq = 2")
    assert found() == ["entry: ledger people #2: columns and entry disagree"]


@pytest.mark.requirement("P11-01")
@pytest.mark.usefixtures("house")
def test_a_change_laundered_by_a_later_command_is_named(attacker: Any) -> None:
    attacker.execute("UPDATE audit_site SET name = 'Planu' WHERE code = 'PLANT'")

    @command
    def rename(*, act: Act) -> None:
        place = Site.objects.get(code="PLANT")
        place.name = "Plant of the south"
        place.save(update_fields=["name"])
        record(act, "rename", place)

    rename(act=act_by())
    last = seq_of("rename")
    assert found() == [f"entry: ledger people #{last}: name was not what the entry says"]


@pytest.mark.requirement("P11-07")
@pytest.mark.parametrize(
    ("attack", "named"),
    [
        (
            "ALTER TABLE audit_ledgerentry DISABLE TRIGGER append_only",
            "guard: trigger append_only on audit_ledgerentry: is switched off",
        ),
        (
            "DROP TRIGGER never_emptied ON audit_signature",
            "guard: trigger never_emptied on audit_signature: is gone",
        ),
        (
            "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE ON audit_ledgerentry"
            " FOR EACH ROW EXECUTE FUNCTION onelot_refuse_change()",
            "guard: trigger append_only on audit_ledgerentry: is not the one that was installed",
        ),
        (
            "CREATE OR REPLACE FUNCTION onelot_refuse_change() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW; END $$",
            "guard: function onelot_refuse_change: is not the one that was installed",
        ),
        (
            "GRANT DELETE ON audit_ledgerentry TO onelot_app",
            "guard: role onelot_app: may DELETE on audit_ledgerentry",
        ),
    ],
)
def test_a_guard_that_was_tampered_with_is_named(superuser: Any, attack: str, named: str) -> None:
    assert found() == []
    superuser.execute("BEGIN")
    superuser.execute("SELECT pg_get_functiondef('onelot_refuse_change()'::regprocedure)")
    (body,) = superuser.fetchone()
    superuser.execute("COMMIT")
    superuser.execute(attack)
    try:
        assert found() == [named]
        assert found("people") == [named]
    finally:
        superuser.execute(body)
        superuser.execute("ALTER TABLE audit_ledgerentry ENABLE TRIGGER append_only")
        superuser.execute("REVOKE DELETE ON audit_ledgerentry FROM onelot_app")
        superuser.execute(
            "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_ledgerentry"
            " FOR EACH ROW EXECUTE FUNCTION onelot_refuse_change();"
            "CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON audit_signature"
            " FOR EACH STATEMENT EXECUTE FUNCTION onelot_refuse_change()"
        )


@pytest.mark.requirement("P11-02")
@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("tampered", "named"),
    [
        ("cut", "witness: checkpoint 3: its line, and all after it, are gone from the file"),
        ("middle", "witness: checkpoint 3: a line before it is missing or was changed"),
        ("edited", "witness: checkpoint 2: its seal is not ours"),
        ("gone", "witness: checkpoint file: is gone, but the database knows it"),
    ],
)
def test_a_checkpoint_file_that_was_tampered_with_is_named(tampered: str, named: str) -> None:
    for code in ("EAST", "WEST", "FAR"):
        add_site(code=code, name=code, kind="plant", act=act_by())
        write_checkpoint(act=act_by())
    path = Path(settings.CHECKPOINT_FILE)
    lines = path.read_text().splitlines(keepends=True)
    if tampered == "cut":
        path.write_text("".join(lines[:2]))
    elif tampered == "middle":
        path.write_text(lines[0] + lines[2])
    elif tampered == "edited":
        path.write_text(lines[0] + lines[1].replace('"people":[', '"people":[1') + lines[2])
    else:
        path.unlink()
    assert named in found()


def test_a_line_torn_by_a_crash_does_not_stop_the_witness() -> None:
    site("NORTH")
    write_checkpoint(act=act_by())
    path = Path(settings.CHECKPOINT_FILE)
    with path.open("a") as file:
        file.write('{"at":"2026-11')
    site("SOUTH")
    line = write_checkpoint(act=act_by())
    assert line is not None
    assert (line["n"], found()) == (2, [])


def test_a_warrant_is_the_hmac_of_the_standard_library() -> None:
    key = secret("ledger")
    expected = hmac.digest(key, b'people\n{"a":1}', "sha256").hex()
    assert warrant_of("people", '{"a":1}') == expected


@pytest.mark.requirement("P11-01")
@pytest.mark.usefixtures("house")
def test_an_operator_that_lies_is_not_asked(superuser: Any) -> None:
    """The owner of the database makes all texts equal, for whoever looks into their schema first."""
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        "CREATE FUNCTION public.all_same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.all_same)"
    )
    try:
        superuser.execute(
            "INSERT INTO audit_site SELECT 900000, 'STRAY', name, kind, time_zone FROM audit_site"
            " LIMIT 1 RETURNING id"
        )
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = public, pg_catalog")
        named = found()
    finally:
        connection.close()
        superuser.execute("DROP FUNCTION public.all_same(text, text) CASCADE")
    assert "unrecorded: audit.Site 900000: the ledger does not know this row" in named
