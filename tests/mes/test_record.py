"""The batch record: whole, the same for the same batch, sealed at the decision, and proven."""

from __future__ import annotations

import json
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pypdf import PdfReader

from audit.ledger import write_checkpoint
from audit.models import LedgerEntry, OutboxMessage, Signature
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, StepValue
from batches.reports.batch_record import pdf_of
from kernel.canonical import canonical, digest
from mes.record import parts_of, record_document
from mes.verifying import streams_of, verify_batch
from quality.queries import exceptions_of
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import again, operator, planned_batch, running_batch, verifier
from tests.worlds.quality import (
    CLOUDY,
    SOFT,
    closed,
    disposition,
    escalated,
    executed_batch,
    moved,
    qualified,
    quality,
    review,
    reviewed_batch,
    reviewed_by_production,
    trail_reviewed,
)

pytestmark = pytest.mark.django_db


def released_batch() -> Batch:
    batch = reviewed_batch(**SOFT, **CLOUDY)
    disposition(batch, "released", qualified())
    return again(batch)


def named(batch: Batch) -> list[str]:
    return [str(one) for one in Verifier(streams=streams_of(batch)).findings()]


@pytest.mark.requirement("P11-03")
def test_the_record_of_the_same_batch_is_the_same_to_the_byte() -> None:
    batch = released_batch()
    write_checkpoint(act=act_by())
    first, second = record_document(batch), record_document(again(batch))
    assert canonical(first) == canonical(second)
    assert pdf_of(first) == pdf_of(second)
    body = {name: part for name, part in first.items() if name != "digest"}
    assert (digest(first["record"]), digest(body)) == (first["content_digest"], first["digest"])


@pytest.mark.requirement("P11-03", "P11-15", "P11-16", "CGMP-16")
def test_everything_that_was_recorded_stands_in_both_forms() -> None:
    batch = released_batch()
    write_checkpoint(act=act_by())
    document = json.loads(canonical(record_document(batch)))
    record = document["record"]
    assert len(document["ledger"]["entries"]) == batch_entries(batch)
    assert sum(len(step["values"]) for step in record["steps"]) == StepValue.objects.count()
    assert [one["state"] for one in record["exceptions"]] == ["accepted", "accepted"]
    text = " ".join(page.extract_text() for page in PdfReader(to_file(document)).pages)
    flat = " ".join(text.split())
    for signature in Signature.objects.filter(in_stream=batch.stream()):
        assert signature.signer_name in flat
        assert f"{signature.meaning} · 23 Nov 2026" in flat
        assert signature.statement_digest[:32] in flat
    for value in StepValue.objects.all():
        assert value.entered in flat
    for exception in record["exceptions"]:
        assert exception["detail"] in flat
    assert document["content_digest"] in flat
    assert document["digest"] in flat
    for entry in document["ledger"]["entries"]:
        assert entry["hash"][:16] in flat.replace(" ", "")


def batch_entries(batch: Batch) -> int:
    return LedgerEntry.objects.filter(stream=batch.stream()).count()


def to_file(document: dict[str, Any]) -> BytesIO:
    return BytesIO(pdf_of(document))


def test_a_batch_that_was_only_planned_has_a_record_too() -> None:
    document = record_document(planned_batch())
    assert (document["seal"], document["checkpoint"]) == (None, None)
    assert document["record"]["steps"] == []
    assert pdf_of(document).startswith(b"%PDF")


@pytest.mark.requirement("A11-08", "P11-06")
def test_a_correction_shows_old_and_new_who_when_and_why() -> None:
    batch = executed_batch(**SOFT)
    step = batch.steps.get(code="S05")
    correct(step)
    found = record_document(again(batch))["record"]["corrections"]
    assert found["statement"] == "1 value was changed after entry."
    (change,) = found["changes"]
    assert (change["old"], change["new"], change["by"], change["reason"]) == (
        "45.0",
        "54.0",
        "Olivia Example",
        "The figures were swapped.",
    )
    document = record_document(again(batch))
    text = PdfReader(to_file(document)).pages
    flat = " ".join(" ".join(page.extract_text() for page in text).split())
    assert "45.0 mL" in flat
    assert "54.0 mL" in flat


def correct(step: Any) -> None:
    by, reason = operator(), "The figures were swapped."
    step.refresh_from_db()
    commands.correct_value(
        step_id=step.pk,
        seen=step.version,
        entered="54.0",
        reason=reason,
        proof=proof_of(by),
        witness=proof_of(verifier()),
        seen_digest=digest(queries.correction_statement(step, entered="54.0", reason=reason)),
        act=act_by(by),
    )


def test_a_record_names_no_patient() -> None:
    batch = running_batch()
    assert "family_name" not in canonical(record_document(batch))


@pytest.mark.requirement("P11-01")
def test_a_decided_record_is_sealed_with_its_decision_and_checked_at_once() -> None:
    batch = released_batch()
    document = record_document(batch)
    assert document["seal"]["content_digest"] == document["content_digest"]
    assert document["seal"]["parts"] == parts_of(document["record"])
    sealing = LedgerEntry.objects.get(stream=batch.stream(), verb="seal_record")
    assert sealing.act == LedgerEntry.objects.get(subject_type="batches.Batch", verb="release").act
    assert OutboxMessage.objects.filter(kind="audit.write_checkpoint").count() == 1
    assert verify_batch(batch)["intact"]


def test_a_rejected_record_is_sealed_too() -> None:
    batch = reviewed_by_production()
    review(batch, "quality", quality())
    disposition(again(batch), "rejected", qualified())
    document = record_document(again(batch))
    assert document["seal"]["content_digest"] == document["content_digest"]
    assert named(batch) == []


@pytest.mark.requirement("P11-17")
def test_a_deviation_that_lives_on_after_the_decision_is_no_tampering() -> None:
    batch = reviewed_by_production(**SOFT)
    (exception,) = exceptions_of(batch)
    deviation = closed(escalated(exception))
    review(batch, "quality", quality())
    trail_reviewed(batch)
    disposition(again(batch), "released", qualified())
    moved(deviation, "reopen")
    document = record_document(again(batch))
    assert document["seal"]["content_digest"] != document["content_digest"]
    assert named(batch) == []


@pytest.mark.requirement("P11-01", "P11-02")
def test_the_command_says_that_all_is_intact() -> None:
    batch = released_batch()
    write_checkpoint(act=act_by())
    told = StringIO()
    call_command("verify_ledger", stdout=told)
    assert told.getvalue().startswith("Intact: ")
    told = StringIO()
    call_command("verify_ledger", "--batch", batch.number, "--json", stdout=told)
    report = json.loads(told.getvalue())
    assert (report["intact"], report["findings"]) == (True, [])
