"""Tampering with a released record, as superuser: each attack is named, by page, shell and gate."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.ledger import write_checkpoint
from audit.models import LedgerEntry
from audit.verification import Verifier
from batches.models import StepValue
from batches.reports.batch_record import pdf_of
from mes.record import record_document
from mes.verifying import streams_of
from quality.queries import exceptions_of
from supply.models import Equipment
from tests.audit.test_tampering import rechain
from tests.mes.test_record import released_batch
from tests.worlds.audit import act_by
from tests.worlds.batches import again, stock
from tests.worlds.monitoring import measured, sensor
from tests.worlds.quality import (
    SOFT,
    decided,
    disposition,
    executed_batch,
    qualified,
    quality,
    review,
    reviewer,
    trail_reviewed,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attacker(superuser: Any) -> Any:
    superuser.execute("SET session_replication_role = replica")
    return superuser


def found(streams: list[str] | None = None) -> list[str]:
    return [str(one) for one in Verifier(streams=streams).findings()]


def shell(*arguments: str) -> tuple[int, str]:
    told = StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=told)
    except SystemExit as ended:
        return int(ended.code or 0), told.getvalue()
    return 0, told.getvalue()


@pytest.mark.requirement("P11-01", "P11-17")
def test_one_byte_of_a_signed_value_is_named_everywhere(attacker: Any, client: Client) -> None:
    batch = released_batch()
    value = StepValue.objects.get(name="volume")
    attacker.execute("UPDATE batches_stepvalue SET entered = '46.0' WHERE id = %s", [value.pk])
    expected = [
        f"changed: batches.StepValue {value.pk}.entered: is not what was recorded",
        f"signed: record of {batch.number}, step S05, value 1: is not what Olivia Example performed",
        f"signed: record of {batch.number}, step S05, value 1: is not what Vera Example verified",
        f"record: record of {batch.number}: steps: is not what was sealed at the decision",
    ]
    assert (found(), found(streams_of(batch))) == (expected, expected)
    code, told = shell()
    assert (code, told.splitlines()[1:]) == (1, expected)
    code, told = shell("--batch", batch.number, "--json")
    assert (code, len(json.loads(told)["findings"])) == (1, 4)
    client.force_login(quality(), backend="mes.sign_in.People")
    page = client.post(f"/batches/{batch.number}/verify/", headers={"HX-Request": "true"})
    assert "Not as recorded" in page.content.decode()
    assert f"batches.StepValue {value.pk}.entered" in page.content.decode()


@pytest.mark.requirement("P11-02")
def test_a_deleted_middle_and_a_deleted_last_entry_are_named(attacker: Any) -> None:
    batch = released_batch()
    write_checkpoint(act=act_by())
    stream = batch.stream()
    last = LedgerEntry.objects.filter(stream=stream).latest("seq").seq
    attacker.execute("DELETE FROM audit_ledgerentry WHERE stream = %s AND seq = 20", [stream])
    attacker.execute("DELETE FROM audit_ledgerentry WHERE stream = %s AND seq = %s", [stream, last])
    named = found()
    assert f"gap: ledger {stream} #20: is missing" in named
    assert f"truncated: ledger {stream} #{last}: is missing; checkpoint 1 saw it" in named
    assert shell()[0] == 1


@pytest.mark.requirement("P11-01", "P11-02", "P11-17")
def test_who_changes_value_ledger_and_chain_is_named_by_seal_signature_and_checkpoint(
    attacker: Any,
) -> None:
    batch = released_batch()
    write_checkpoint(act=act_by())
    value = StepValue.objects.get(name="volume")
    attacker.execute("UPDATE batches_stepvalue SET entered = '46.0' WHERE id = %s", [value.pk])
    attacker.execute(
        'UPDATE audit_ledgerentry SET entry = replace(entry, \'"entered":"45.0"\','
        " '\"entered\":\"46.0\"') WHERE subject_type = 'batches.StepValue' AND subject_id = %s",
        [str(value.pk)],
    )
    rechain(attacker, batch.stream())
    kinds = {one.partition(":")[0] for one in found()}
    assert kinds == {"forged", "rewritten", "signed", "record"}


@pytest.mark.requirement("P11-01")
def test_a_reading_that_was_changed_is_named_by_what_was_sealed(attacker: Any) -> None:
    stock()
    watching = sensor(at_room=Equipment.objects.get(code="ROOM-1"))
    batch = executed_batch(**SOFT)
    measured(watching, [20.0 + step % 7 / 10 for step in range(300)])
    review(batch, "production", reviewer())
    for one in exceptions_of(batch):
        decided(one)
    review(batch, "quality", quality())
    trail_reviewed(batch)
    disposition(again(batch), "released", qualified())
    document = record_document(again(batch))
    (shown,) = document["record"]["sensors"]
    assert (shown["summary"]["usable"], shown["summary"]["high"]) == (300, "20.6")
    assert len(document["charts"][0]["points"]) > 100
    assert b"%PDF" in pdf_of(document)[:10]
    assert found() == []
    attacker.execute("UPDATE monitoring_reading SET value = 20.05 WHERE value = 20.0")
    assert found(streams_of(batch)) == [
        f"readings: readings of ROOM101-TEMP for {batch.number}: the readings are not the ones"
        " that were sealed"
    ]


@pytest.mark.requirement("P11-01")
def test_a_back_dated_decision_is_named(attacker: Any) -> None:
    batch = released_batch()
    attacker.execute("UPDATE batches_batch SET decided_at = decided_at - interval '1 day'")
    assert f"changed: batches.Batch {batch.pk}.decided_at: is not what was recorded" in found()
    assert found(streams_of(batch))[-1] == (
        f"record: record of {batch.number}: custody: is not what was sealed at the decision"
    )


def test_a_batch_that_is_not_there_is_no_tampering() -> None:
    with pytest.raises(CommandError) as refused:
        call_command("verify_ledger", "--batch", "B-999999")
    assert refused.value.returncode == 2
