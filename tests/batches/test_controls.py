"""Documents, samples and results of tests: performed, judged, repeated, and kept."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, StepValue
from batches.reports.words import value_pieces
from batches.rules.controls import document_from
from kernel.canonical import plain
from kernel.errors import AlreadyDone, Conflict, Invalid, Refusal
from recipes.rules.completeness import missing_before_approval
from recipes.rules.parsing import document_from as recipe_from
from supply.models import MaterialLot
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import operator, received_order, running_batch, step_of, verifier
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

__all__ = ["raised"]
pytestmark = pytest.mark.django_db
AGAIN = "The first counting chamber had a bubble."


def controlled_document() -> dict[str, Any]:
    """The small recipe, with a document, two samples and a test before its steps."""
    extra = [
        step("C01", "scan_document", "Have the procedure at hand", document="SOP-012", version="4",
             after=[]),
        step("C02", "sample", "Take a sample", point="After thawing", quantity="0.5", unit="mL",
             container="Cryotube, 1 mL", after=[]),
        step("C03", "sample", "Sample the buffer", point="Opened bottle", quantity="2", unit="mL",
             material="BUFFER", after=[]),
        step("C04", "in_process_control", "Test the viability", test="Viability", method="SOP-031",
             sample="C02", repeats=1, parameter="viability", unit="%", decimals=1,
             hard={"min": "0", "max": "100"}, soft={"min": "70.0"}, after=[]),
    ]  # fmt: skip
    made: dict[str, Any] = deepcopy(plain_document())
    made["procedure"]["unit_procedures"][0]["operations"].insert(
        0, {"code": "OP0", "title": "Control", "steps": extra}
    )
    made["formula"]["parameters"].append(
        {"code": "viability", "label": "Viability", "unit": "%", "kind": "process"}
    )
    return made


def controlled() -> Batch:
    """A running batch of it."""
    version = effective_recipe(drafted_version(**controlled_document()))
    return running_batch(order=received_order(version=version))


def sampled() -> Batch:
    """One whose sample was taken."""
    batch = controlled()
    entered(begin(step_of(batch, "C02")), "0.6", at=LATER)
    signed(step_of(batch, "C02"))
    return batch


@pytest.mark.parametrize(
    ("scanned", "found"),
    [
        ("SOP-012/4", ("SOP-012", "4")),
        ("SOP-012 4", ("SOP-012", "4")),
        ("SOP-012 v4", ("SOP-012", "4")),
        ("SOP-012 version 4", ("SOP-012", "4")),
        ("SOP-012", ("SOP-012", "")),
    ],
)
def test_a_document_is_read_as_it_is_printed(scanned: str, found: tuple[str, str]) -> None:
    assert document_from(scanned) == found


@pytest.mark.requirement("P11-10")
@pytest.mark.parametrize(
    ("scanned", "code", "words"),
    [
        ("SOP-013/4", "wrong_document", "This is SOP-013; the step follows SOP-012."),
        (
            "SOP-012/3",
            "wrong_version",
            "This is version 3 of SOP-012; the recipe follows version 4.",
        ),
        (
            "SOP-012",
            "wrong_version",
            "This is version (none) of SOP-012; the recipe follows version 4.",
        ),
    ],
)
def test_another_document_or_version_is_refused_by_name(
    scanned: str, code: str, words: str
) -> None:
    one = begin(step_of(controlled(), "C01"))
    with pytest.raises(Conflict) as refused:
        entered(one, scanned, source="scanned", at=LATER)
    assert (refused.value.code, refused.value.detail) == (code, words)
    assert not StepValue.objects.filter(step=one).exists()


def test_the_right_document_is_scanned_and_signed() -> None:
    one = begin(step_of(controlled(), "C01"))
    value = entered(one, "SOP-012/4", source="scanned", at=LATER)
    assert value.details == {"document": "SOP-012", "version": "4"}
    assert signed(step_of(one.batch, "C01")).state == "complete"
    with pytest.raises(Invalid, match="typed, not scanned"):
        entered(begin(step_of(one.batch, "C03")), "LOT-1", source="keyed", at=LATER)


@pytest.mark.requirement("CGMP-14")
def test_a_sample_is_named_by_the_system_and_stands_in_the_record() -> None:
    batch = controlled()
    value = entered(begin(step_of(batch, "C02")), "0.6", at=LATER)
    assert value.details == {
        "sample": f"{batch.number}-C02-1",
        "point": "After thawing",
        "container": "Cryotube, 1 mL",
    }
    signed(step_of(batch, "C02"))
    record = plain(queries.record_of(batch))
    (row,) = record["samples"]
    assert (row["sample"], row["quantity"], row["unit"]) == (f"{batch.number}-C02-1", "0.6", "mL")
    assert row["by"] == operator().full_name
    step_row = next(one for one in record["steps"] if one["code"] == "C02")
    words = [told for told, _ in value_pieces(step_row["values"][0], step_row["definition"])]
    assert words[:4] == [
        "0.6 mL",
        f"Sample {batch.number}-C02-1",
        "After thawing",
        "Cryotube, 1 mL",
    ]
    assert not list(Verifier().findings())


@pytest.mark.requirement("CGMP-14")
def test_a_sample_of_a_lot_takes_from_its_balance() -> None:
    batch = controlled()
    before = MaterialLot.objects.get(number="LOT-1").on_hand
    value = entered(begin(step_of(batch, "C03")), "LOT-1", source="scanned", at=LATER)
    assert MaterialLot.objects.get(number="LOT-1").on_hand == before - Decimal(2)
    assert (value.value, value.details["from_lot"]) == (Decimal(2), "LOT-1")


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("0", {}, "range"),
        ("-1", {}, "range"),
        ("0.6", {"unit": "L"}, "unit_mismatch"),
        ("0.4", {}, "reason_needed"),
        ("some", {}, "not_a_number"),
    ],
)
def test_what_is_no_sample_is_refused(text: str, more: dict[str, Any], code: str) -> None:
    one = begin(step_of(controlled(), "C02"))
    with pytest.raises(Refusal) as refused:
        entered(one, text, at=LATER, **more)
    assert refused.value.code == code
    assert not StepValue.objects.filter(step=one).exists()


def test_too_small_a_sample_is_an_exception(raised: Any) -> None:
    entered(begin(step_of(controlled(), "C02")), "0.4", reason="No more was left.", at=LATER)
    assert raised[-1].exception_kind == "soft_limit"
    assert "0.4 mL is less than the 0.5 mL asked for" in raised[-1].detail


@pytest.mark.requirement("CGMP-09")
def test_a_result_outside_its_specification_is_a_critical_exception_and_stays(raised: Any) -> None:
    batch = sampled()
    value = entered(begin(step_of(batch, "C04")), "65.0", at=LATER)
    assert (value.verdict, value.details["sample"]) == (
        "out_of_spec",
        f"{batch.number}-C02-1",
    )
    assert (raised[-1].exception_kind, raised[-1].severity) == ("out_of_specification", "critical")
    assert "Viability: 65.0 is below 70.0 %" in raised[-1].detail
    one = step_of(batch, "C04")
    better = commands.correct_value(
        step_id=one.pk, seen=one.version, entered="75.0", reason="Misread",
        act=act_by(operator(), at=LATER),
    )  # fmt: skip
    assert better.verdict == "in_range"
    assert better.details["result"] == 1
    assert [one.entered for one in queries.values_of(one)] == ["65.0", "75.0"]


@pytest.mark.requirement("DI-06", "CGMP-09", "A11-06")
def test_every_repeat_stays_has_a_reason_and_a_second_person(raised: Any) -> None:
    batch = sampled()
    entered(begin(step_of(batch, "C04")), "65.0", at=LATER)
    with pytest.raises(Invalid) as refused:
        entered(step_of(batch, "C04"), "72.0", at=LATER)
    assert refused.value.code == "reason_needed"
    entered(step_of(batch, "C04"), "72.0", reason=AGAIN, at=LATER)
    assert raised[-1].exception_kind == "repeat"
    with pytest.raises(AlreadyDone):
        entered(step_of(batch, "C04"), "73.0", reason=AGAIN, at=LATER)
    one = step_of(batch, "C04")
    standing = queries.current_values(queries.values_of(one))
    assert [(value.entered, value.verdict) for value in standing] == [
        ("65.0", "out_of_spec"),
        ("72.0", "in_range"),
    ]
    assert queries.found_values(batch)["C04"] == Decimal("72.0")
    assert signed(step_of(batch, "C04")).state == "performed"
    one = step_of(batch, "C04")
    statement = queries.step_statement(one)
    assert [value["entered"] for value in statement["values"]] == ["65.0", "72.0"]
    done = commands.verify_step(
        step_id=one.pk, seen=one.version, seen_digest=digest_of(statement),
        proof=proof_of(verifier(), at=LATER), act=act_by(verifier(), at=LATER),
    )  # fmt: skip
    assert done.state == "complete"
    assert len(plain(queries.record_of(batch))["results"]) == 2


def test_without_its_sample_nothing_is_tested() -> None:
    batch = controlled()
    with pytest.raises(Conflict) as refused:
        entered(begin(step_of(batch, "C04")), "75.0", at=LATER)
    assert refused.value.code == "no_sample"


def test_a_number_that_cannot_be_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        entered(begin(step_of(sampled(), "C04")), "750", at=LATER)
    assert refused.value.code == "hard_limit"


def test_the_screens_show_what_to_take_and_every_result() -> None:
    batch = controlled()
    client = signed_in(operator())
    one = begin(step_of(batch, "C02"))
    page = client.get(path(one)).content.decode()
    for words in (f"{batch.number}-C02-1", "After thawing", "Cryotube, 1 mL", "0.5 mL"):
        assert words in page
    entered(one, "0.6", at=LATER)
    signed(step_of(batch, "C02"))
    test = begin(step_of(batch, "C04"))
    assert "Viability, by SOP-031" in client.get(path(test)).content.decode()
    entered(test, "65.0", at=LATER)
    page = client.get(path(test)).content.decode()
    assert "Repeat the test" in page
    version = step_of(batch, "C04").version
    answer = client.post(
        f"{path(test)}value/",
        {"version": version, "value": "72.0", "unit": "%", "reason": AGAIN},
    )
    assert answer.status_code == 303
    page = client.get(path(test)).content.decode()
    assert "Result 1" in page
    assert "Result 2" in page
    assert "65.0 %" in page
    assert "Repeat the test" not in page


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("sample", "S01", "unknown_reference"), ("soft", None, "missing")],
)
def test_a_test_names_its_sample_and_its_specification(field: str, value: Any, code: str) -> None:
    made = controlled_document()
    made["procedure"]["unit_procedures"][0]["operations"][0]["steps"][3][field] = value
    found = missing_before_approval(recipe_from(made))
    assert [(one.code, one.pointer.rpartition("/")[2]) for one in found] == [(code, field)]
