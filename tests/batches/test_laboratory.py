"""Laboratory records: whole, computed, reviewed by a second person, and named when the data change."""

from __future__ import annotations

import hashlib
import io
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Attachment, Batch, Step, StepValue
from batches.reports.words import value_pieces
from batches.rules.laboratory import TestData
from batches.rules.needs import needs_second
from kernel.canonical import plain
from kernel.errors import Conflict, Invalid, NotPermitted, Refusal
from quality.queries.release import release_facts
from quality.rules.release_gate import ReleaseFacts, missing_before_release, missing_before_review
from recipes.rules.completeness import missing_before_approval
from recipes.rules.parsing import document_from
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import again, operator, received_order, running_batch, step_of, verifier
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

__all__ = ["raised"]
pytestmark = pytest.mark.django_db
RAW = b"cell,stained\n1,no\n2,yes\n"
LAST = LATER + timedelta(minutes=10)
LABORATORY: dict[str, Any] = {
    "method_version": "3",
    "amounts": [
        {"name": "counted", "label": "Cells counted", "unit": "{cells}"},
        {"name": "stained", "label": "Of them stained", "unit": "{cells}"},
        {"name": "volume", "label": "Volume in the chamber", "unit": "uL"},
    ],
    "formula": "(counted - stained) / counted * 100",
    "raw_data": ["csv"],
}
AMOUNTS = {"counted": "248", "stained": "17", "volume": "10,0"}


def laboratory_document(**changes: Any) -> dict[str, Any]:
    """The small recipe with a sample and a test that keeps a laboratory record."""
    test = step(
        "C02", "in_process_control", "Test the viability", test="Viability", method="SOP-031",
        sample="C01", repeats=1, parameter="viability", unit="%", decimals=1, verify=True,
        hard={"min": "0", "max": "100"}, soft={"min": "70.0"}, after=[], laboratory=LABORATORY,
    )  # fmt: skip
    sample = step("C01", "sample", "Take a sample", point="After thawing", quantity="0.5",
                  unit="mL", after=[])  # fmt: skip
    made: dict[str, Any] = deepcopy(plain_document())
    made["procedure"]["unit_procedures"][0]["operations"].insert(
        0, {"code": "OP0", "title": "Control", "steps": [sample, {**deepcopy(test), **changes}]}
    )
    made["formula"]["parameters"].append(
        {"code": "viability", "label": "Viability", "unit": "%", "kind": "process"}
    )
    return made


def sampled(**changes: Any) -> Batch:
    """A running batch of it whose sample was taken."""
    version = effective_recipe(drafted_version(**laboratory_document(**changes)))
    batch = running_batch(order=received_order(version=version))
    entered(begin(step_of(batch, "C01")), "0.6", at=LATER)
    signed(step_of(batch, "C01"))
    return batch


def data(batch: Batch, **changes: Any) -> TestData:
    given: dict[str, Any] = {
        "sample": f"{batch.number}-C01-1", "amounts": AMOUNTS, "content": RAW,
        "file_name": "counts.csv",
    }  # fmt: skip
    return TestData(**{**given, **changes})


def recorded(batch: Batch, **changes: Any) -> StepValue:
    """The record of the test, entered by the analyst."""
    one = step_of(batch, "C02")
    one = begin(one) if one.state == "ready" else one
    more = {name: changes.pop(name) for name in ("reason",) if name in changes}
    value = entered(one, "", test=data(batch, **changes), at=LATER, **more)
    assert isinstance(value, StepValue)
    return value


def reviewed(batch: Batch, *, by: Any) -> Step:
    """The record reviewed by somebody."""
    one = step_of(batch, "C02")
    return commands.verify_step(
        step_id=one.pk, seen=one.version, proof=proof_of(by, at=LAST),
        seen_digest=digest_of(queries.step_statement(one)), act=act_by(by, at=LAST),
    )  # fmt: skip


@pytest.mark.requirement("CGMP-18")
def test_all_eight_contents_are_kept_and_signed() -> None:
    batch = sampled()
    value = recorded(batch)
    kept = value.details["laboratory"]
    # (1) the sample: what, how much, where from, taken when and by whom, received when
    assert value.details["sample"] == f"{batch.number}-C01-1"
    assert kept["of"] == {
        "point": "After thawing", "quantity": "0.6", "unit": "mL", "taken_at": plain(LATER),
        "taken_by": operator().full_name,
    }  # fmt: skip
    assert kept["received_at"] == plain(LATER)
    # (2) the method, (3) the amounts as entered and as understood
    assert (value.details["method"], kept["method_version"]) == ("SOP-031", "3")
    assert [(one["entered"], one["value"], one["unit"]) for one in kept["amounts"]] == [
        ("248", "248", "{cells}"), ("17", "17", "{cells}"), ("10,0", "10.0", "uL"),
    ]  # fmt: skip
    # (4) the raw data, byte for byte
    raw = Attachment.objects.get(pk=kept["raw"]["attachment"])
    assert (bytes(raw.content), raw.digest) == (RAW, kept["raw"]["digest"])
    assert raw.digest == hashlib.sha256(RAW).hexdigest()
    # (5) the calculation, (6) the result and the standard
    assert kept["formula"] == LABORATORY["formula"]
    assert (value.value, value.unit, value.source) == (Decimal("93.1"), "%", "computed")
    assert value.verdict == "in_range"
    # (7) the analyst and the date, (8) the reviewer
    assert signed(step_of(batch, "C02")).state == "performed"
    done = reviewed(batch, by=verifier())
    assert (done.state, done.performed_by, done.verified_by) == (
        "complete", operator(), verifier(),
    )  # fmt: skip
    record = plain(queries.record_of(batch))
    row = next(one for one in record["steps"] if one["code"] == "C02")
    for signature in row["signatures"]:
        (covered,) = signature["statement"]["values"]
        assert covered["details"]["laboratory"] == kept
    (result,) = record["results"]
    assert result["laboratory"]["raw"]["digest"] == raw.digest
    told = [words for words, _ in value_pieces(row["values"][0], row["definition"])]
    for words in (
        "Version 3 of the method", "After thawing, 0.6 mL", "Cells counted: 248 cells",
        "Volume in the chamber: 10,0 µL", "= (counted - stained) / counted * 100", raw.digest,
    ):  # fmt: skip
        assert words in told
    assert not list(Verifier().findings())


@pytest.mark.requirement("CGMP-18")
def test_the_analyst_does_not_review_their_own_record() -> None:
    batch = sampled()
    both = person("olivia", "operator", "verifier", at_site=site("PLANT"))
    recorded(batch)
    signed(step_of(batch, "C02"))
    with pytest.raises(NotPermitted) as refused:
        reviewed(batch, by=both)
    assert (refused.value.status, refused.value.code) == (403, "same")
    assert step_of(batch, "C02").state == "performed"
    assert release_facts(again(batch)).unreviewed_results == ("Test the viability",)
    reviewed(batch, by=verifier())
    assert release_facts(again(batch)).unreviewed_results == ()


@pytest.mark.requirement("CGMP-18")
def test_without_a_reviewed_record_nothing_is_released() -> None:
    told = "The laboratory record of Test the viability is not reviewed by a second person."
    facts = ReleaseFacts(unreviewed_results=("Test the viability",))
    assert missing_before_release(facts) == missing_before_review(facts) == (told,)
    assert missing_before_release(ReleaseFacts()) == ()


@pytest.mark.requirement("CGMP-18")
def test_a_laboratory_record_always_asks_for_a_second_person() -> None:
    # As an amendment may add it: no recipe without a reviewer is approved.
    alone = document_from(laboratory_document(verify=False)).steps[1]
    bare = document_from(laboratory_document(verify=False, laboratory=None)).steps[1]
    assert (needs_second(alone, ["in_range"]), needs_second(bare, ["in_range"])) == (True, False)


@pytest.mark.requirement("CGMP-18")
def test_a_record_that_did_not_apply_is_reviewed_too() -> None:
    batch = sampled(may_skip=True)
    one = begin(step_of(batch, "C02"))
    commands.mark_not_applicable(
        step_id=one.pk, seen=one.version, reason="The sample was lost.",
        act=act_by(operator(), at=LATER),
    )  # fmt: skip
    assert signed(step_of(batch, "C02")).state == "performed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("CGMP-18", "P11-01")
def test_raw_data_that_were_replaced_are_named(superuser: Any) -> None:
    batch = sampled()
    recorded(batch)
    assert not list(Verifier().findings())
    other = b"cell,stained\n1,no\n2,no\n"
    superuser.execute("SET session_replication_role = replica")
    # Even with a digest that fits: the ledger and the signed record know the true one.
    superuser.execute(
        "UPDATE batches_attachment SET content = %s, digest = %s, size = %s",
        [other, hashlib.sha256(other).hexdigest(), len(other)],
    )
    found = [str(one) for one in Verifier().findings()]
    assert any("Attachment" in one and "digest" in one for one in found)
    assert (
        f"file: raw data counts.csv of {batch.number}, step C02:"
        " are not those whose digest the laboratory record holds" in found
    )


@pytest.mark.requirement("CGMP-18")
@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"sample": "B-000099-C01-1"}, "/sample", "wrong_sample"),
        ({"sample": ""}, "/sample", "wrong_sample"),
        ({"amounts": {**AMOUNTS, "counted": ""}}, "/amounts/counted", "not_a_number"),
        ({"amounts": {"counted": "1"}}, "/amounts/stained", "not_a_number"),
        ({"amounts": {**AMOUNTS, "volume": "-1"}}, "/amounts/volume", "range"),
        ({"amounts": {**AMOUNTS, "volume": "0.00000000001"}}, "/amounts/volume", "too_precise"),
        ({"amounts": {**AMOUNTS, "counted": "0"}}, "", "no_value"),
        ({"amounts": {**AMOUNTS, "stained": "500"}}, "/value", "hard_limit"),
        ({"content": b""}, "/file", "blank"),
        ({"content": b"%PDF-1.4\n%%EOF\n"}, "/file", "wrong_type"),
    ],
)
def test_a_record_that_is_not_whole_is_refused_and_nothing_is_kept(
    changes: dict[str, Any], pointer: str, code: str
) -> None:
    batch = sampled()
    with pytest.raises(Refusal) as refused:
        recorded(batch, **changes)
    assert refused.value.code == code
    assert [one.pointer for one in refused.value.errors if one.pointer] == (
        [pointer] if pointer else []
    )
    assert not StepValue.objects.filter(step__code="C02").exists()
    assert not Attachment.objects.exists()


@pytest.mark.requirement("CGMP-18")
def test_a_number_alone_is_no_laboratory_record() -> None:
    batch = sampled()
    with pytest.raises(Conflict) as refused:
        entered(begin(step_of(batch, "C02")), "93.1", at=LATER)
    assert refused.value.code == "no_raw_data"


def test_a_result_without_a_formula_is_typed() -> None:
    batch = sampled(laboratory={"method_version": "3", "raw_data": ["csv"]})
    one = begin(step_of(batch, "C02"))
    value = entered(one, "88,5", test=data(batch, amounts={}), at=LATER)
    assert (value.entered, value.value, value.source) == ("88,5", Decimal("88.5"), "keyed")


@pytest.mark.requirement("CGMP-18", "DI-06")
def test_a_repeat_keeps_both_records_and_neither_is_corrected(raised: Any) -> None:
    batch = sampled()
    assert recorded(batch, amounts={**AMOUNTS, "stained": "124"}).verdict == "out_of_spec"
    assert raised[-1].exception_kind == "out_of_specification"
    one = step_of(batch, "C02")
    with pytest.raises(Conflict) as refused:
        commands.correct_value(
            step_id=one.pk, seen=one.version, entered="93.1", reason="Misread",
            act=act_by(operator(), at=LATER),
        )  # fmt: skip
    assert refused.value.code == "not_correctable"
    with pytest.raises(Invalid):
        recorded(batch)
    again_ = recorded(batch, reason="A bubble in the chamber.", content=RAW + b"3,no\n")
    assert again_.details["result"] == 2
    assert Attachment.objects.count() == 2
    assert len(plain(queries.record_of(batch))["results"]) == 2


@pytest.mark.requirement("CGMP-18")
def test_the_screen_takes_the_record_and_shows_it_before_both_sign() -> None:
    batch = sampled()
    client = signed_in(operator())
    one = begin(step_of(batch, "C02"))
    page = client.get(path(one)).content.decode()
    for words in ("SOP-031, version 3", f"{batch.number}-C01-1", "Of them stained", "Raw data"):
        assert words in page
    raw = io.BytesIO(RAW)
    raw.name = "counts.csv"
    form = {
        "version": one.version, "sample": f"{batch.number}-C01-1", "amount_counted": "248",
        "amount_stained": "many", "amount_volume": "10",
    }  # fmt: skip
    wrong = client.post(f"{path(one)}test/", {**form, "file": raw})
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.content.decode()
    assert "problem-title" not in wrong.content.decode()
    lost = client.post(f"{path(one)}test/", {**form, "amount_stained": "17"})
    assert (lost.status_code, "Choose the file of raw data." in lost.content.decode()) == (
        422,
        True,
    )
    raw.seek(0)
    done = client.post(f"{path(one)}test/", {**form, "amount_stained": "17", "file": raw})
    assert (done.status_code, done["Location"]) == (303, path(one) + "?sign=1")
    page = client.get(path(one) + "?sign=1").content.decode()
    for words in ("Received for testing", "93.1", hashlib.sha256(RAW).hexdigest()[:16]):
        assert words in page
    assert "Correct the value" not in page


@pytest.mark.requirement("CGMP-18")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sample": None}, "The recipe does not say which sample the test in C02 is made of."),
        (
            {"verify": False},
            "Step C02 is a laboratory record and has no second person to review it.",
        ),
        (
            {"laboratory": {**LABORATORY, "formula": "counted / lost"}},
            "Step C02: The formula uses lost, which is not among the amounts.",
        ),
        (
            {"laboratory": {**LABORATORY, "formula": "counted - volume"}},
            "Step C02: cells - µL has no meaning.",
        ),
        ({"soft": None}, "The recipe does not say the specification of the test in C02."),
    ],
)
def test_a_recipe_that_would_not_keep_all_of_it_is_not_approved(
    changes: dict[str, Any], told: str
) -> None:
    plain_recipe = laboratory_document()
    assert missing_before_approval(document_from(plain_recipe)) == ()
    found = missing_before_approval(document_from(laboratory_document(**changes)))
    assert told in [one.detail for one in found]


@pytest.mark.parametrize(
    ("laboratory", "code"),
    [
        ({"amounts": []}, "required"),
        ({**LABORATORY, "amounts": LABORATORY["amounts"][:1] * 2}, "duplicate"),
        ({**LABORATORY, "amounts": [{"name": f"a{n}", "label": "A", "unit": "1"}
                                    for n in range(13)]}, "too_long"),
        ({**LABORATORY, "raw_data": ["zip"]}, "unknown_word"),
    ],
)  # fmt: skip
def test_what_is_no_laboratory_record_is_named(laboratory: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        document_from(laboratory_document(laboratory=laboratory))
    assert code in [one.code for one in refused.value.errors]
