"""Amendments of a running batch: what they change, what they leave, and who may (S88-11)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.commands import grant_role, revoke_role
from audit.models import FeedEvent, LedgerEntry, Signature, User
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Amendment, Batch
from kernel.canonical import canonical, digest
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted, StaleView
from quality.models import BatchException
from tests.worlds.amendments import (
    LATER,
    added_step,
    approved,
    changed,
    hard,
    rejected,
    seen,
    written,
)
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import (
    again,
    batch_at,
    issued_batch,
    operator,
    perform_batch,
    perform_step,
    running_batch,
    shift,
    step_of,
)
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def started(batch: Batch, code: str) -> Any:
    step = step_of(batch, code)
    return commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator(), at=LATER))


def found() -> list[str]:
    return [str(one) for one in Verifier().findings()]


@pytest.mark.requirement("S88-11", "CGMP-04")
def test_an_amended_limit_judges_the_value_and_the_copies_stay_as_they_were() -> None:
    batch, _ = batch_at("S05")
    master = canonical(batch.recipe_version.document)
    frozen = (canonical(batch.control_recipe), batch.control_recipe_digest)
    change = changed(batch, "change_limits", "S05", soft=hard("70.0", "90.0"))
    amendment = written(batch, change)
    assert queries.state_of(amendment) == "proposed"
    assert step_of(batch, "S05").definition["soft"]["min"] == "50.0"
    approved(amendment)
    batch = again(batch)
    step = started(batch, "S05")
    with pytest.raises(Invalid, match="reason"):
        commands.enter_value(
            step_id=step.pk, seen=step.version, entered="60", act=act_by(operator(), at=LATER)
        )
    value = commands.enter_value(
        step_id=step.pk, seen=step.version, entered="60", reason="A thin bag.",
        act=act_by(operator(), at=LATER),
    )  # fmt: skip
    assert (value.verdict, value.verdict_reason) == ("soft_limit", "60 is below 70.0 mL")
    assert canonical(batch.recipe_version.document) == master
    assert (canonical(batch.control_recipe), batch.control_recipe_digest) == frozen
    assert digest(batch.control_recipe) == batch.recipe_version.document_digest
    document = queries.document_of_batch(batch)
    assert next(one for one in document.steps if one.code == "S05").soft.min == 70  # type: ignore[attr-defined]
    assert found() == []


@pytest.mark.requirement("S88-11", "P11-08")
def test_an_added_step_is_signed_before_what_follows_it() -> None:
    batch, _ = batch_at("S03")
    approved(written(batch, added_step("S02")))
    batch = again(batch)
    added, follower = step_of(batch, "S20"), step_of(batch, "S03")
    # The follower was open; it waits again.
    assert (added.state, added.place, follower.state) == ("ready", "2.1", "waiting")
    assert follower.definition["after"] == ["S20"]
    with pytest.raises(IllegalMove):
        started(batch, "S03")
    perform_step(added, shift(at=LATER))
    assert step_of(batch, "S03").state == "ready"
    perform_batch(batch, shift(at=LATER), until="S06")
    codes = [step.code for step, _ in queries.steps_with_values(batch)]
    assert codes[:5] == ["S01", "S02", "S20", "S03", "S04"]
    signed = Signature.objects.get(subject_id=added.pk, subject_type="batches.Step")
    assert (signed.statement["inserted"], signed.statement["ordinal"]) == (1, 2)
    assert found() == []


@pytest.mark.requirement("S88-11")
def test_steps_beside_each_other_all_wait_for_the_added_one() -> None:
    batch, _ = batch_at("S05")
    approved(written(batch, added_step("S05")))
    waits = {code: step_of(batch, code).definition["after"] for code in ("S06", "S07", "S20")}
    assert waits == {"S06": ["S20"], "S07": ["S20"], "S20": ["S05"]}


@pytest.mark.requirement("S88-11")
def test_the_last_step_of_all_can_be_followed_by_another() -> None:
    batch, _ = batch_at("S11")
    approved(written(batch, added_step("S11")))
    batch = again(batch)
    perform_step(step_of(batch, "S11"), shift(at=LATER))
    assert again(batch).state == "in_progress"
    perform_step(step_of(batch, "S20"), shift(at=LATER))
    assert again(batch).state == "execution_complete"


@pytest.mark.requirement("S88-11")
def test_a_quantity_and_a_target_are_changed_from_the_values_that_stood_there() -> None:
    batch, _ = batch_at("S03")
    approved(written(batch, changed(batch, "change_quantity", "S04", quantity="12", unit="mL")))
    approved(written(batch, changed(again(batch), "change_target", "factor", default="0.6")))
    batch = again(batch)
    document = queries.document_of_batch(batch)
    assert str(document.parameter("factor").default) == "0.6"  # type: ignore[union-attr]
    step = step_of(batch, "S04")
    assert (step.definition["quantity"], step.definition["unit"]) == ("12", "mL")
    one, two = queries.amendments_of(batch)
    assert (one.before, one.after) == (
        {"quantity": None, "unit": None},
        {"quantity": "12", "unit": "mL"},
    )
    assert (two.before, two.after) == ({"default": "0.5"}, {"default": "0.6"})


@pytest.mark.requirement("S88-11", "P11-08")
def test_what_somebody_has_begun_is_refused() -> None:
    batch, _ = batch_at("S05")
    complete = changed(batch, "change_quantity", "S04", quantity="12", unit="mL")
    with pytest.raises(Conflict, match="S04") as refused:
        written(batch, complete)
    assert refused.value.code == "step_started"
    started(batch, "S05")
    with pytest.raises(Conflict, match="S05"):
        written(batch, changed(batch, "change_limits", "S05", soft=hard("70.0", "90.0")))
    # Its follower was begun: the added step would come too late.
    with pytest.raises(Conflict, match="S05"):
        written(batch, added_step("S04"))
    assert not Amendment.objects.exists()


@pytest.mark.requirement("S88-11")
def test_a_target_that_a_result_came_from_is_not_moved_any_more() -> None:
    batch, _ = batch_at("S09")
    with pytest.raises(Conflict, match="S08"):
        written(batch, changed(batch, "change_target", "factor", default="0.6"))


@pytest.mark.requirement("S88-11", "CGMP-03")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda b: changed(b, "change_limits", "S07", soft=hard("5.0", "25.0")),
            "outside its hard",
        ),
        (lambda b: changed(b, "change_limits", "S06", min_seconds=900), "longest time"),
        (lambda b: changed(b, "change_quantity", "S04", quantity="1", unit="kg"), "S04 is in kg"),
        (lambda b: added_step("S05", critical=True), "no second person"),
        (lambda b: added_step("S05", "S06"), "S06"),
        (lambda b: changed(b, "change_limits", "S01", hard=hard("1", "2")), "no limits"),
        (lambda b: changed(b, "change_quantity", "S07", quantity="humidity"), "no quantity"),
        (lambda b: changed(b, "change_limits", "S05", title="Another"), "title"),
        (lambda b: changed(b, "change_limits", "S05", soft=hard("50.0", "100.0")), "Nothing"),
    ],
)
def test_a_recipe_that_would_not_hold_is_refused(make: Any, words: str) -> None:
    batch = running_batch()
    with pytest.raises(Invalid) as refused:
        written(batch, make(batch))
    told = " ".join([refused.value.detail, *(one.detail for one in refused.value.errors)])
    assert words in told
    assert not Amendment.objects.exists()


@pytest.mark.requirement("S88-11", "A11-06")
def test_neither_the_author_nor_production_decides() -> None:
    batch = running_batch()
    amendment = written(batch, added_step("S05"), by=operator())
    for who in (operator(), operator("oscar"), person("erik", "engineer")):
        with pytest.raises(NotPermitted):
            approved(amendment, by=who)
        with pytest.raises(NotPermitted):
            rejected(amendment, by=who)
    assert queries.state_of(Amendment.objects.get()) == "proposed"
    assert again(batch).effective_digest == ""


@pytest.mark.requirement("S88-11", "A11-06")
def test_the_author_does_not_decide_whatever_they_hold_by_now() -> None:
    batch = running_batch()
    author = person("ada", "engineer", at_site=site("PLANT"))
    amendment = written(batch, added_step("S05"), by=author)
    grant = author.grants.get(role="engineer", revoked_at=None)
    revoke_role(grant_id=grant.pk, reason="Another post.", act=act_by(quality()))
    grant_role(user=author, role="qa", site=site("PLANT"), act=act_by(reason="Another post."))
    author = User.objects.get(pk=author.pk)
    with pytest.raises(NotPermitted, match="wrote"):
        approved(amendment, by=author)


@pytest.mark.requirement("S88-11")
def test_others_do_not_write_and_a_reason_is_needed() -> None:
    batch = running_batch()
    for who in (quality(), person("petra", "planner", at_site=site("PLANT"))):
        with pytest.raises(NotPermitted):
            written(batch, added_step("S05"), by=who)
    with pytest.raises(Invalid, match="reason"):
        written(batch, added_step("S05"), reason=" ")


@pytest.mark.requirement("S88-11", "P11-17")
def test_the_signature_covers_the_values_before_and_after_and_what_results() -> None:
    batch = running_batch()
    first = written(batch, added_step("S05"))
    second = written(batch, changed(batch, "change_limits", "S06", max_seconds=900))
    shown = seen(second)
    approved(first)
    # The batch follows another document than the one that was shown.
    with pytest.raises(StaleView):
        commands.approve_amendment(
            amendment_id=second.pk, proof=proof_of(quality(), at=LATER), seen_digest=shown,
            act=act_by(quality(), at=LATER),
        )  # fmt: skip
    approved(second)
    signature = Signature.objects.get(subject_type="batches.Amendment", subject_id=second.pk)
    batch = again(batch)
    assert signature.meaning == "approved"
    assert signature.statement["before"] == {"max_seconds": 600}
    assert signature.statement["after"] == {"max_seconds": 900}
    assert signature.statement["effective_digest"] == batch.effective_digest
    assert digest(queries.effective_plain(batch)) == batch.effective_digest
    record = queries.record_of(batch)
    assert [one["number"] for one in record["amendments"]] == ["A1", "A2"]
    assert record["recipe"]["effective_digest"] == batch.effective_digest
    assert [one["amended_by"] for one in record["steps"] if one["code"] == "S06"] == ["A2"]


@pytest.mark.requirement("S88-11")
def test_each_approved_amendment_is_one_exception_for_the_reviewer() -> None:
    batch = running_batch()
    approved(written(batch, added_step("S05")))
    rejected(written(batch, added_step("S06", "S21")))
    one = BatchException.objects.get(batch=batch)
    assert (one.kind, one.severity, one.step.code) == ("amendment", "warning", "S20")  # type: ignore[union-attr]
    assert one.detail == (
        "A1: Step S20 Look at the line again is added after S05. The pump of today runs faster."
    )


@pytest.mark.requirement("S88-11")
def test_an_amendment_is_decided_once_and_withdrawn_by_its_author_only() -> None:
    batch = running_batch()
    amendment = written(batch, added_step("S05"))
    with pytest.raises(NotPermitted):
        commands.withdraw_amendment(
            amendment_id=amendment.pk, reason="No.", act=act_by(operator(), at=LATER)
        )
    withdrawn = commands.withdraw_amendment(
        amendment_id=amendment.pk,
        reason="A mistake.",
        act=act_by(amendment.written_by, at=LATER),
    )
    assert queries.state_of(withdrawn) == "withdrawn"
    for decide in (approved, rejected):
        with pytest.raises(AlreadyDone, match="withdrawn"):
            decide(Amendment.objects.get(pk=amendment.pk))
    refused = rejected(written(batch, added_step("S05")), reason="Not needed.")
    assert (refused.number, queries.state_of(refused)) == (2, "rejected")
    assert again(batch).effective_digest == ""
    assert found() == []


@pytest.mark.requirement("S88-11")
def test_a_place_takes_one_added_step_after_the_other() -> None:
    batch = running_batch()
    approved(written(batch, added_step("S05")))
    with pytest.raises(Conflict, match="name S20") as refused:
        written(again(batch), added_step("S05", "S21"))
    assert refused.value.code == "place_taken"
    approved(written(again(batch), added_step("S20", "S21")))
    assert step_of(batch, "S21").place == "5.2"
    assert step_of(batch, "S06").definition["after"] == ["S21"]


@pytest.mark.requirement("S88-11")
def test_a_batch_that_is_not_being_made_is_not_amended() -> None:
    batch = issued_batch()
    with pytest.raises(Conflict, match="is issued"):
        written(batch, added_step("S05"))


@pytest.mark.requirement("S88-11", "P11-06")
def test_the_database_lets_no_instruction_change_without_an_approved_amendment() -> None:
    batch = running_batch()
    amendment = written(batch, added_step("S05"))
    step = step_of(batch, "S06")
    asked = [
        ("UPDATE batches_step SET definition = '{}' WHERE id = %s", [step.pk]),
        (
            "UPDATE batches_step SET definition = '{}', amended_by_id = %s WHERE id = %s",
            [amendment.pk, step.pk],
        ),
        ("UPDATE batches_batch SET effective_digest = 'x' WHERE id = %s", [batch.pk]),
    ]
    for statement, values in asked:
        with (
            pytest.raises(IntegrityError, match=r"not changed any more|approved amendment"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values)


@pytest.mark.requirement("S88-11", "P11-06")
def test_the_ledger_tells_who_wrote_who_approved_and_what_each_step_reads_now() -> None:
    batch = running_batch()
    approved(written(batch, added_step("S05")))
    told = LedgerEntry.objects.filter(stream=batch.stream()).order_by("seq")
    verbs = [(one.verb, one.subject_type) for one in told]
    assert ("ask_amendment", "batches.Amendment") in verbs
    assert ("approve", "batches.AmendmentDecision") in verbs
    assert verbs.count(("amend", "batches.Step")) == 2
    assert verbs.count(("amend", "batches.Batch")) == 1
    news = FeedEvent.objects.filter(kind="batch.amendment", subject=batch.number).order_by("pk")
    assert [one.payload["state"] for one in news] == ["proposed", "approved"]
