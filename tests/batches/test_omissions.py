"""Steps that do not apply: marked with a reason, signed, verified where critical, and reviewed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, Step, StepValue
from batches.reports.words import value_pieces
from kernel.canonical import plain
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted, Refusal
from recipes.rules.lint import lint
from recipes.rules.parsing import document_from
from tests.batches.test_execution import entered, raised, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import operator, planner, received_order, running_batch, step_of, verifier
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

__all__ = ["raised"]
pytestmark = pytest.mark.django_db
WHY = "The bag came without a tube."


def procedure() -> dict[str, Any]:
    """The small procedure, with steps before it that may not apply."""
    extra = [
        step("N01", "confirm", "Cut the tube", may_skip=True, after=[]),
        step("N02", "number", "Measure the tube", parameter="tube", unit="mL", decimals=1,
             hard={"min": "0.1", "max": "50.0"}, may_skip=True, critical=True, verify=True, after=[]),
        step("N03", "confirm", "Weld the tube", may_skip=True, critical=True, verify=True, after=[]),
        step("N04", "calculation", "Half of it", parameter="half", unit="mL", decimals=1,
             formula="tube / 2", inputs={"tube": {"from": "N02", "unit": "mL"}}, after=["N02"]),
    ]  # fmt: skip
    made: dict[str, Any] = deepcopy(plain_document()["procedure"])
    operations = made["unit_procedures"][0]["operations"]
    operations.insert(0, {"code": "OP0", "title": "Tubing", "steps": extra})
    return made


def batch_with_tubes() -> Batch:
    """A running batch of it."""
    formula = deepcopy(plain_document()["formula"])
    for code in ("tube", "half"):
        formula["parameters"].append({"code": code, "label": code, "unit": "mL", "kind": "process"})
    version = effective_recipe(drafted_version(procedure=procedure(), formula=formula))
    return running_batch(order=received_order(version=version))


def marked(one: Step, reason: str = WHY, **more: Any) -> StepValue:
    """Say that a step does not apply."""
    return commands.mark_not_applicable(
        step_id=one.pk,
        seen=more.get("seen", one.version),
        reason=reason,
        act=act_by(more.get("by", operator()), at=LATER),
    )


@pytest.mark.requirement("A11-06", "DI-06")
def test_what_does_not_apply_is_marked_and_signed_with_its_reason(raised: Any) -> None:
    one = begin(step_of(batch_with_tubes(), "N01"))
    value = marked(one)
    assert (value.entered, value.verdict, value.reason) == ("not applicable", "not_applicable", WHY)
    told = raised[-1]
    assert (told.exception_kind, told.severity) == ("not_applicable", "warning")
    assert told.detail == f"N01 Cut the tube does not apply: {WHY}"
    one = step_of(one.batch, "N01")
    assert signed(one).state == "complete"
    (signature,) = queries.signatures_by_subject(one.batch)[("batches.Step", one.pk)]
    assert signature.statement["values"][0]["reason"] == WHY
    found = {part["code"]: part for part in plain(queries.record_of(one.batch))["steps"]}["N01"]
    words = [told for told, _ in value_pieces(found["values"][0], found["definition"])]
    assert f"Reason: {WHY}" in words
    assert words.count("not applicable") == 1
    assert not list(Verifier().findings())


@pytest.mark.requirement("A11-06", "CGMP-15")
def test_a_critical_step_that_does_not_apply_is_verified_by_another_person(raised: Any) -> None:
    batch = batch_with_tubes()
    marked(begin(step_of(batch, "N03")))
    assert raised[-1].severity == "critical"
    assert signed(step_of(batch, "N03")).state == "performed"
    one = step_of(batch, "N03")
    asked: dict[str, Any] = {
        "step_id": one.pk, "seen": one.version, "seen_digest": digest_of(queries.step_statement(one)),
    }  # fmt: skip
    with pytest.raises(NotPermitted):
        commands.verify_step(
            **asked, proof=proof_of(operator(), at=LATER), act=act_by(operator(), at=LATER)
        )
    done = commands.verify_step(
        **asked, proof=proof_of(verifier(), at=LATER), act=act_by(verifier(), at=LATER)
    )
    assert done.state == "complete"


@pytest.mark.parametrize(
    ("code", "reason", "refusal"),
    [("N01", " ", Invalid), ("S01", WHY, IllegalMove)],
)
def test_without_a_reason_or_out_of_turn_nothing_is_marked(
    code: str, reason: str, refusal: type[Refusal]
) -> None:
    one = step_of(batch_with_tubes(), code)
    one = begin(one) if code == "N01" else one
    with pytest.raises(refusal):
        marked(one, reason)
    assert not StepValue.objects.filter(step=one).exists()


def test_what_always_applies_and_what_has_its_value_is_not_marked() -> None:
    batch = batch_with_tubes()
    one = begin(step_of(batch, "N02"))
    entered(one, "4.0", at=LATER)
    with pytest.raises(AlreadyDone):
        marked(step_of(batch, "N02"))
    with pytest.raises(NotPermitted):
        marked(begin(step_of(batch, "N01")), by=planner())
    signed(step_of(batch, "N02"))
    one = step_of(batch, "N02")
    commands.verify_step(
        step_id=one.pk, seen=one.version, seen_digest=digest_of(queries.step_statement(one)),
        proof=proof_of(verifier(), at=LATER), act=act_by(verifier(), at=LATER),
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        marked(begin(step_of(batch, "N04")))
    assert refused.value.code == "always_applies"


def test_a_value_that_does_not_apply_cannot_be_computed_with_and_can_be_corrected(
    raised: Any,
) -> None:
    batch = batch_with_tubes()
    marked(begin(step_of(batch, "N02")))
    assert "N02" not in queries.found_values(batch)
    one = step_of(batch, "N02")
    value = commands.correct_value(
        step_id=one.pk, seen=one.version, entered="4.0", reason="There was one after all.",
        act=act_by(operator(), at=LATER),
    )  # fmt: skip
    assert value.corrects is not None
    assert value.corrects.entered == "not applicable"
    assert str(queries.found_values(batch)["N02"]) == "4.0"
    assert raised[-1].exception_kind == "correction"


def test_the_screen_offers_it_where_the_recipe_allows_it() -> None:
    batch = batch_with_tubes()
    one = begin(step_of(batch, "N01"))
    client = signed_in(operator())
    page = client.get(path(one)).content.decode()
    assert "This step does not apply" in page
    answer = client.post(
        f"{path(one)}phase/",
        {"version": one.version, "verb": "not_applicable", "reason": WHY},
    )
    assert answer.status_code == 303
    assert answer["Location"].endswith("?sign=1")
    page = client.get(path(one)).content.decode()
    assert "Sign: Not applicable" in page
    assert "This step does not apply" not in page
    begin(step_of(batch, "N02"))
    entered(step_of(batch, "N02"), "4.0", at=LATER)
    assert (
        "This step does not apply" not in client.get(path(step_of(batch, "N02"))).content.decode()
    )


def test_an_identity_always_applies_and_a_source_that_may_not_is_told() -> None:
    wrong = plain_document()
    steps = wrong["procedure"]["unit_procedures"][0]["operations"][0]["steps"]
    steps[1]["may_skip"] = True
    with pytest.raises(Invalid, match="Whose material it is always applies"):
        document_from(wrong)
    asked = plain_document()
    asked["procedure"] = procedure()
    found = [one for one in lint(document_from(asked)) if one.code == "skipped_source"]
    assert [one.detail for one in found] == [
        "Step N02 may not apply, and its value is needed later."
    ]
