"""Amendments in the record: on paper, in the package, and named when somebody alters one."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from audit.ledger import write_checkpoint
from audit.verification import Verifier
from batches import commands
from batches.reports.batch_record import pdf_of
from kernel.errors import Conflict
from mes.demo.performing import perform_batch, steady_sensors
from mes.record import record_document
from quality.commands import open_review
from quality.queries import exceptions_of
from tests.worlds.amendments import added_step, approved, changed, hard, rejected, written
from tests.worlds.audit import act_by
from tests.worlds.batches import again, running_batch, shift, step_of
from tests.worlds.packages import packed, verified
from tests.worlds.quality import (
    decided,
    disposition,
    qualified,
    review,
    reviewer,
    trail_reviewed,
)
from tests.worlds.quality import quality as qa
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db(transaction=True)


def findings() -> list[str]:
    return [str(one) for one in Verifier().findings()]


def amended_batch() -> Any:
    batch = running_batch()
    approved(written(batch, added_step("S05")))
    limits = changed(again(batch), "change_limits", "S05", soft=hard("70.0", "90.0"))
    approved(written(again(batch), limits))
    rejected(written(again(batch), added_step("S06", "S21")), reason="Not needed at all.")
    return again(batch)


@pytest.mark.requirement("S88-11", "P11-03")
def test_the_record_shows_every_amendment_with_its_values_before_and_after() -> None:
    batch = amended_batch()
    document = record_document(batch)
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf_of(document))).pages)
    flat = " ".join(text.split())
    assert "Amendments" in flat
    assert "Step S20 Look at the line again is added after S05" in flat
    assert "The limits of step S05 are changed" in flat
    assert "50.0" in flat
    assert "70.0" in flat
    assert "Not needed at all." in flat
    assert "amended by A2" in flat
    assert "Amendment A1" in flat
    assert document["record"]["amendments"][1]["before"]["soft"]["min"] == "50.0"
    assert findings() == []


@pytest.mark.requirement("S88-11", "CGMP-04", "P11-01")
@pytest.mark.parametrize("which", ["amendment", "decision", "step", "batch", "frozen", "row"])
def test_whoever_alters_an_amendment_or_what_follows_from_it_is_named(
    which: str, attacker: Any
) -> None:
    batch = amended_batch()
    first = batch.amendments.get(number=1)
    second = batch.amendments.get(number=2)
    step = step_of(batch, "S05")
    limits = '{"soft": {"min": "10.0", "max": "90.0"}}'
    asked = {
        "amendment": (
            f"UPDATE batches_amendment SET after = '{limits}' WHERE id = {second.pk}",
            f"batches.Amendment {second.pk}.after",
        ),
        "decision": (
            f"DELETE FROM batches_amendmentdecision WHERE amendment_id = {first.pk}",
            "are not those that were approved",
        ),
        "step": (
            "UPDATE batches_step SET definition = jsonb_set(definition, '{soft,min}', '\"1\"')"
            f" WHERE id = {step.pk}",
            "step S05 does not read what was approved",
        ),
        "batch": (
            f"UPDATE batches_batch SET effective_digest = '' WHERE id = {batch.pk}",
            "follows another document",
        ),
        "frozen": (
            "UPDATE batches_batch SET control_recipe = jsonb_set(control_recipe,"
            f" '{{header,storage}}', '\"Warm\"') WHERE id = {batch.pk}",
            f"batches.Batch {batch.pk}.control_recipe",
        ),
        "row": (
            f"UPDATE batches_amendment SET reason = 'Another' WHERE id = {first.pk}",
            f"batches.Amendment {first.pk}.reason",
        ),
    }
    statement, named = asked[which]
    attacker.execute(statement)
    assert any(named in one for one in findings())
    # Whoever reads is told; nothing can be decided on what was altered.
    client = Client()
    client.force_login(quality(), backend="mes.sign_in.People")
    page = client.get(f"/batches/{batch.number}/amendments/")
    assert page.status_code == 200
    if which in ("amendment", "decision", "frozen"):
        assert "are not those that were approved" in page.content.decode()


@pytest.mark.requirement("S88-11", "P11-03")
def test_the_package_of_an_amended_batch_verifies_without_the_house(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = amended_batch()
    write_checkpoint(act=act_by())
    code = verified(tmp_path, packed(batch))
    assert (code, "BAD" in capsys.readouterr().out) == (0, False)


def made(batch: Any) -> Any:
    """The batch, made to its end, and reviewed by production."""
    work = shift()
    with steady_sensors(work, batch):
        perform_batch(batch, work)
    review(again(batch), "production", reviewer())
    return again(batch)


def released(batch: Any) -> Any:
    """The batch, made to its end, reviewed and released."""
    made(batch)
    for one in exceptions_of(again(batch)):
        decided(one)
    review(again(batch), "quality", qa())
    trail_reviewed(again(batch))
    disposition(again(batch), "released", qualified())
    return again(batch)


@pytest.mark.requirement("S88-11", "CGMP-04", "P11-03")
def test_an_amended_batch_is_released_and_sealed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = running_batch()
    approved(written(batch, added_step("S05")))
    batch = released(batch)
    assert batch.state == "released"
    assert step_of(batch, "S20").state == "complete"
    write_checkpoint(act=act_by())
    assert findings() == []
    assert verified(tmp_path, packed(batch)) == 0
    assert "BAD" not in capsys.readouterr().out


@pytest.mark.requirement("S88-11", "P11-03")
def test_nobody_decides_on_an_amendment_of_a_batch_that_is_decided() -> None:
    batch = running_batch()
    waiting = written(again(batch), added_step("S08", "S22"))
    batch = made(batch)
    open_review(batch_id=batch.pk, seen=batch.version, act=act_by(qa()))
    disposition(again(batch), "rejected", qualified())
    for decide in (approved, rejected):
        with pytest.raises(Conflict, match="its record is closed"):
            decide(waiting)
    with pytest.raises(Conflict, match="its record is closed"):
        commands.withdraw_amendment(
            amendment_id=waiting.pk, reason="Late.", act=act_by(waiting.written_by)
        )
    assert findings() == []
