"""Parallel parts, alternatives and loops of a batch in the making."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from audit.models import LedgerEntry
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, Branch, Step
from batches.reports.batch_record import pdf_of
from kernel.errors import Conflict, IllegalMove
from mes.demo.performing import perform_batch, perform_step
from mes.record import record_document
from quality.models import BatchException
from quality.queries.release import release_facts
from tests.conftest import NOON
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import (
    again,
    operator,
    received_order,
    running_batch,
    shift,
    step_of,
)
from tests.worlds.branching import branching_document, branching_recipe, condition
from tests.worlds.recipes import drafted_version, effective_recipe, quality

pytestmark = pytest.mark.django_db


def branching_batch() -> Batch:
    """A batch of the branching recipe that was just started."""
    return running_batch(order=received_order(version=branching_recipe()))


def performed(batch: Batch, *, until: str = "", **entries: str) -> Batch:
    """The batch, its steps performed with these entries."""
    perform_batch(batch, shift(at=NOON, entries=spelled(entries)), until=until)
    return again(batch)


def spelled(entries: dict[str, str]) -> dict[str, str]:
    """Entries by execution: S07_2 is the second of S07."""
    return {name.replace("_", "#"): value for name, value in entries.items()}


def states(batch: Batch) -> dict[str, str]:
    """How every execution stands: {"S07#2": "complete"}."""
    rows = batch.steps.values_list("code", "execution", "state")
    return {code if n == 1 else f"{code}#{n}": state for code, n, state in rows}


def branches(batch: Batch) -> list[tuple[str, str, int, str]]:
    return list(batch.branches.values_list("kind", "code", "round", "outcome"))


@pytest.mark.requirement("S88-03", "P11-08")
def test_unit_procedures_side_by_side_are_open_at_the_same_time_and_joined_after() -> None:
    batch = performed(branching_batch(), until="S03")
    assert {code for code, state in states(batch).items() if state == "ready"} == {"S03", "M01"}
    perform_step(step_of(batch, "M01"), shift())
    assert states(batch)["S05"] == "waiting"
    perform_step(step_of(batch, "S03"), shift())
    assert states(batch)["S05"] == "waiting"
    perform_step(step_of(batch, "S04"), shift())
    assert states(batch)["S05"] == "ready"


@pytest.mark.requirement("S88-03", "P11-08")
def test_an_alternative_that_is_not_met_is_skipped_in_the_same_transaction_and_recorded() -> None:
    batch = performed(branching_batch(), until="S07", S05="97.5")
    assert (states(batch)["S06"], states(batch)["S07"]) == ("skipped", "ready")
    branch = Branch.objects.get(batch=batch)
    assert (branch.kind, branch.level, branch.code, branch.outcome) == (
        "when", "operation", "OP5", "skipped",
    )  # fmt: skip
    assert branch.used == [{"name": "purity", "from": "S05", "value": "97.5", "unit": "%"}]
    entries = LedgerEntry.objects.filter(stream=batch.stream())
    skip = entries.get(verb="skip")
    told = entries.get(verb="branch")
    signed = entries.filter(verb="complete", subject_id=str(step_of(batch, "S05").pk)).get()
    assert skip.act == told.act == signed.act
    with pytest.raises(IllegalMove, match="was skipped"):
        commands.start_step(step_id=step_of(batch, "S06").pk, seen=2, act=act_by(operator()))


@pytest.mark.requirement("S88-03", "P11-08")
def test_an_alternative_that_is_met_is_carried_out_before_what_follows() -> None:
    batch = performed(branching_batch(), until="S06", S05="94.9")
    assert (states(batch)["S06"], states(batch)["S07"]) == ("ready", "waiting")
    assert branches(batch) == [("when", "OP5", 1, "taken")]


def test_a_loop_goes_on_until_its_condition_is_met_and_every_round_stays() -> None:
    batch = performed(branching_batch(), S05="97.5", S07_1="80.0", S07_2="85.5", S07_3="90.0")
    assert batch.state == "execution_complete"
    assert branches(batch) == [
        ("when", "OP5", 1, "skipped"),
        ("until", "OP6", 1, "again"),
        ("until", "OP6", 2, "again"),
        ("until", "OP6", 3, "over"),
    ]
    rounds = Step.objects.filter(batch=batch, operation_code="OP6").order_by("round", "ordinal")
    assert [(one.code, one.round, one.execution, one.state) for one in rounds] == [
        (code, number, number, "complete") for number in (1, 2, 3) for code in ("S07", "S08")
    ]
    assert queries.found_values(batch)["S07"] == Decimal("90.0")
    record = queries.record_of(batch)
    assert [
        (one["code"], one.get("round", 1))
        for one in record["steps"]
        if one["code"] in ("S07", "S08")
    ] == [("S07", 1), ("S08", 1), ("S07", 2), ("S08", 2), ("S07", 3), ("S08", 3)]
    assert [one["outcome"] for one in record["branches"]] == ["skipped", "again", "again", "over"]
    assert list(Verifier(streams=[batch.stream()]).findings()) == []
    assert release_facts(batch).open_steps == ()


def test_the_value_of_an_earlier_round_is_no_value_of_this_one() -> None:
    batch = performed(branching_batch(), until="S07", S05="97.5")
    work = shift(entries={"S07": "80.0"})
    perform_step(step_of(batch, "S07"), work)
    perform_step(step_of(batch, "S08"), work)
    assert states(batch)["S07#2"] == "ready"
    assert "S07" not in queries.found_values(batch)
    assert step_of(batch, "S07").execution == 2


@pytest.mark.requirement("S88-03")
def test_a_loop_at_its_bound_is_critical_and_holds_the_batch_until_quality_decides() -> None:
    batch = branching_batch()
    perform_batch(batch, shift(entries={"S05": "97.5", "S07": "80.0"}), until="S09")
    batch = again(batch)
    assert batch.state == "on_hold"
    assert branches(batch)[-1] == ("until", "OP6", 3, "bound")
    assert Step.objects.filter(batch=batch, code="S07").count() == 3
    exception = BatchException.objects.get(batch=batch)
    assert (exception.kind, exception.severity) == ("loop_bound", "critical")
    step = step_of(batch, "S09")
    with pytest.raises(Conflict) as refused:
        commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    assert refused.value.code == "on_hold"
    commands.resume_batch(
        batch_id=batch.pk, seen=batch.version, reason="Diluted by hand", act=act_by(quality())
    )
    assert performed(again(batch)).state == "execution_complete"


def test_a_loop_at_its_bound_as_the_last_of_all_ends_the_batch_when_quality_lets_it() -> None:
    plain = branching_document()
    last = plain["procedure"]["unit_procedures"][3]["operations"]
    last[2]["after"], last[3]["after"], last[2]["repeat"]["most"] = ["OP7"], ["OP5"], 2
    version = effective_recipe(drafted_version(**plain))
    batch = running_batch(order=received_order(version=version))
    perform_batch(batch, shift(entries={"S05": "97.5", "S07": "80.0"}))
    batch = again(batch)
    assert batch.state == "on_hold"
    commands.resume_batch(
        batch_id=batch.pk, seen=batch.version, reason="As it is", act=act_by(quality())
    )
    assert again(batch).state == "execution_complete"


def test_what_follows_a_loop_is_decided_by_its_last_round() -> None:
    plain = branching_document()
    plain["procedure"]["unit_procedures"][3]["operations"][3]["when"] = condition(
        "volume >= 90", volume=("S07", "mL")
    )
    version = effective_recipe(drafted_version(**plain))
    batch = running_batch(order=received_order(version=version))
    batch = performed(batch, S05="97.5", S07_1="80.0", S07_2="90.0")
    assert branches(batch)[1:] == [
        ("until", "OP6", 1, "again"),
        ("until", "OP6", 2, "over"),
        ("when", "OP7", 1, "taken"),
    ]
    assert batch.state == "execution_complete"


def test_a_correction_says_which_decision_was_made_with_the_old_value() -> None:
    batch = performed(branching_batch(), until="S06", S05="94.9")
    step = step_of(batch, "S05")
    correction = queries.correction_statement(step, entered="96.0", reason="Misread")
    commands.correct_value(
        step_id=step.pk,
        seen=step.version,
        entered="96.0",
        reason="Misread",
        proof=proof_of(operator()),
        seen_digest=digest_of(correction),
        act=act_by(operator()),
    )
    told = BatchException.objects.get(batch=batch, kind="correction")
    assert "It was used in the condition of OP5" in told.detail
    assert branches(batch) == [("when", "OP5", 1, "taken")]


def test_a_condition_without_an_answer_refuses_the_signature_and_changes_nothing() -> None:
    plain = branching_document()
    plain["procedure"]["unit_procedures"][3]["operations"][1]["when"] = condition(
        "1 / purity < 95", purity=("S05", "%")
    )
    version = effective_recipe(drafted_version(**plain))
    batch = performed(running_batch(order=received_order(version=version)), until="S05")
    with pytest.raises(Conflict) as refused:
        perform_step(step_of(batch, "S05"), shift(entries={"S05": "0.0"}))
    assert refused.value.code == "undecidable"
    assert (states(batch)["S05"], states(batch)["S06"]) == ("running", "waiting")


def test_the_page_and_the_paper_show_rounds_and_what_was_skipped(client: Any) -> None:
    batch = performed(branching_batch(), S05="97.5", S07_1="80.0", S07_2="90.0")
    client.force_login(operator(), backend="mes.sign_in.People")
    page = client.get(f"/batches/{batch.number}/").content.decode()
    assert "Operation OP6 · round 1" in page
    assert "Operation OP6 · round 2" in page
    assert "purity &lt; 95 (purity = 97.5 %)" in page
    assert "10 of 10 steps complete" in page
    for code in ("S06", "S07"):
        assert client.get(f"/batches/{batch.number}/steps/{code}/").status_code == 200
    assert f"/batches/{batch.number}/steps/S07/?execution=1" in page
    earlier = client.get(f"/batches/{batch.number}/steps/S07/?execution=1").content.decode()
    assert "This is an earlier execution" in earlier
    assert "80.0" in earlier
    assert "Correct" not in earlier
    for wrong in ("3", "99999", "x", "-1"):
        assert client.get(f"/batches/{batch.number}/steps/S07/?execution={wrong}").status_code in (
            200, 404,
        )  # fmt: skip
    paper = PdfReader(BytesIO(pdf_of(record_document(batch))))
    text = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    assert "Operation OP6 · round 2" in text
    assert "S07 (2)" in text
    assert "10 of 10 complete, 1 skipped" in text
    assert "Round 1: again" in text
