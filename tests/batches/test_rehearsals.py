"""Rehearsals: a recipe carried out for training, with scripted faults, and never a batch (M16)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from audit.models import FeedEvent, LedgerEntry, Signature, Training, User
from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, Order, Rehearsal, Step, StepValue
from batches.rules.rehearsals import PATIENT, carried_out, faults_of, fitting, shown_at
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotFound, NotPermitted
from quality.models import BatchException
from recipes.queries import document_of
from recipes.rules.parsing import document_from
from recipes.rules.yaml_text import plain_from_yaml
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, person, proof_of, shown_in, site
from tests.worlds.recipes import (
    RECIPE,
    approved_version,
    drafted_version,
    effective_recipe,
    quality,
)

pytestmark = pytest.mark.django_db


def trainee() -> User:
    """An operator who was never trained on the recipe."""
    return person("theo", "operator", at_site=site("PLANT"))


def begun(scenario: str = "everything", *, by: User | None = None) -> Rehearsal:
    # People are made first, so that nobody is trained on the recipe by the world.
    who = by or trainee()
    version = effective_recipe()
    return commands.begin_rehearsal(version_id=version.pk, scenario=scenario, act=act_by(who))


def here(rehearsal: Rehearsal) -> tuple[str, str]:
    """The step that is to be done, and what the simulator shows there."""
    rehearsal = Rehearsal.objects.get(pk=rehearsal.pk)
    placed = queries.place_in(rehearsal)
    assert placed is not None
    shown = shown_at(
        queries.document_rehearsed(rehearsal), placed.step, queries.faults_in(rehearsal),
        queries.found_in(rehearsal),
    )  # fmt: skip
    return placed.step.code, shown


def done(
    rehearsal: Rehearsal, entered: str = "", verb: str = "go_on", reason: str = ""
) -> Rehearsal:
    seen = Rehearsal.objects.get(pk=rehearsal.pk).version
    return commands.rehearse_step(
        rehearsal_id=rehearsal.pk, seen=seen, verb=verb, entered=entered, reason=reason,
        act=act_by(rehearsal.person),
    )  # fmt: skip


def right(rehearsal: Rehearsal) -> dict[str, Any]:
    """What a good operator does at the step that is to be done."""
    code, shown = here(rehearsal)
    fault = next((one for one in queries.faults_in(rehearsal) if one.step == code), None)
    if fault is not None and "exception" not in fault.met_by:
        return {"verb": "hold", "reason": "That is not right."}
    entered = {"S01": "all", "S11": ""}.get(code, shown)
    return {"entered": entered, "reason": "It reads so." if fault else ""}


def walked(rehearsal: Rehearsal, **instead: dict[str, Any]) -> Rehearsal:
    """Every step to the end; ``instead`` says what is done otherwise at a step."""
    while rehearsal.state == "running":
        code, _ = here(rehearsal)
        rehearsal = done(rehearsal, **instead.get(code, right(rehearsal)))
    return rehearsal


def findings() -> list[str]:
    return [str(one) for one in Verifier().findings()]


@pytest.mark.requirement("P11-11")
def test_a_passed_rehearsal_is_a_training_once_quality_has_signed() -> None:
    rehearsal = walked(begun())
    assert (rehearsal.state, rehearsal.missed, len(rehearsal.acts)) == ("passed", [], 11)
    who = rehearsal.person
    assert not Training.objects.filter(user=who).exists()
    confirmed = commands.confirm_rehearsal(
        rehearsal_id=rehearsal.pk,
        proof=proof_of(quality()),
        seen_digest=digest_of(queries.rehearsal_statement(rehearsal)),
        act=act_by(quality()),
    )
    training = Training.objects.get(user=who)
    assert (confirmed.state, confirmed.training) == ("recorded", training)
    assert (training.procedure, training.version, training.trained_by) == (RECIPE, 1, quality())
    assert training.valid_until == NOON + timedelta(days=365)
    assert training.evidence == f"Rehearsal R-{rehearsal.pk} (All of these), passed"
    signature = Signature.objects.get(subject_type="batches.Rehearsal")
    assert (signature.meaning, signature.statement["person"]) == ("approved", "theo")
    assert findings() == []


@pytest.mark.requirement("P11-11")
def test_a_rehearsal_leaves_nothing_that_is_of_a_batch() -> None:
    effective_recipe()
    told = FeedEvent.objects.count()
    rehearsal = walked(begun())
    assert rehearsal.state == "passed"
    for model in (Batch, Order, Step, StepValue, BatchException):
        assert not model.objects.exists()
    assert FeedEvent.objects.count() == told
    streams = set(
        LedgerEntry.objects.filter(subject_type="batches.Rehearsal").values_list("stream")
    )
    assert streams == {(f"rehearsal:{rehearsal.pk}",)}
    client = Client()
    client.force_login(quality(), backend="mes.sign_in.People")
    assert "REHEARSAL" not in client.get("/batches/").content.decode()


@pytest.mark.requirement("P11-11")
@pytest.mark.parametrize(
    ("scenario", "code", "act", "missed"),
    [
        (
            "limit_breach",
            "S05",
            {"entered": "75.0"},
            ["S05: 75.0 was entered, the instrument read 100.1."],
        ),
        (
            "wrong_bag",
            "S02",
            {"entered": f"{PATIENT}/bag"},
            ["S02: the code of the patient was entered, the bag bore REHEARSAL-2/bag."],
        ),
    ],
)
def test_whoever_does_not_meet_a_fault_fails_and_is_told_what_was_missed(
    scenario: str, code: str, act: dict[str, Any], missed: list[str]
) -> None:
    rehearsal = walked(begun(scenario), **{code: act})
    assert (rehearsal.state, rehearsal.missed) == ("failed", missed)
    with pytest.raises(IllegalMove):
        commands.confirm_rehearsal(
            rehearsal_id=rehearsal.pk,
            proof=proof_of(quality()),
            seen_digest=digest_of(queries.rehearsal_statement(rehearsal)),
            act=act_by(quality()),
        )
    assert not Training.objects.filter(user=rehearsal.person).exists()


@pytest.mark.requirement("P11-11")
def test_what_a_batch_would_refuse_is_refused_and_nothing_is_kept() -> None:
    rehearsal = begun()
    done(rehearsal, entered="all")
    assert here(rehearsal) == ("S02", "REHEARSAL-2/bag")
    with pytest.raises(Invalid, match="WRONG PATIENT"):
        done(rehearsal, entered="REHEARSAL-2/bag")
    with pytest.raises(Invalid, match="reason"):
        done(rehearsal, verb="hold")
    done(rehearsal, verb="hold", reason="Another patient's bag.")
    done(rehearsal, entered=here(rehearsal)[1])
    done(rehearsal, entered=here(rehearsal)[1])
    code, shown = here(rehearsal)
    assert (code, shown) == ("S05", "100.1")
    with pytest.raises(Invalid, match="reason"):
        done(rehearsal, entered=shown)
    with pytest.raises(Invalid, match="Nothing was stored"):
        done(rehearsal, entered="500")
    kept = Rehearsal.objects.get(pk=rehearsal.pk).acts
    assert [one["act"] for one in kept] == ["go_on", "hold", "go_on", "go_on"]


@pytest.mark.requirement("P11-11")
def test_a_late_timer_needs_its_reason_and_the_calculation_takes_what_was_entered() -> None:
    rehearsal = begun("late_timer")
    while here(rehearsal)[0] != "S06":
        rehearsal = done(rehearsal, **right(rehearsal))
    assert here(rehearsal) == ("S06", "660")
    with pytest.raises(Invalid, match="reason"):
        done(rehearsal)
    rehearsal = done(rehearsal, reason="I was called away.")
    assert rehearsal.acts[-1]["word"] == "late"
    rehearsal = done(rehearsal)
    # 75.0 mL for 70 kg, half of it.
    assert here(rehearsal) == ("S08", "0.536")


@pytest.mark.requirement("P11-11")
def test_only_an_approved_version_is_rehearsed_once_at_a_time_and_by_oneself() -> None:
    draft = drafted_version()
    with pytest.raises(Conflict, match="approved"):
        commands.begin_rehearsal(version_id=draft.pk, scenario="everything", act=act_by(trainee()))
    version = approved_version(draft)
    rehearsal = commands.begin_rehearsal(
        version_id=version.pk, scenario="wrong_bag", act=act_by(trainee())
    )
    with pytest.raises(AlreadyDone):
        commands.begin_rehearsal(version_id=version.pk, scenario="wrong_bag", act=act_by(trainee()))
    other = person("oscar", "operator", at_site=site("PLANT"))
    with pytest.raises(NotFound):
        commands.rehearse_step(
            rehearsal_id=rehearsal.pk, seen=1, verb="go_on", entered="all", act=act_by(other)
        )
    with pytest.raises(NotPermitted):
        commands.begin_rehearsal(
            version_id=version.pk, scenario="wrong_bag",
            act=act_by(person("petra", "planner", at_site=site("PLANT"))),
        )  # fmt: skip
    left = commands.leave_rehearsal(rehearsal_id=rehearsal.pk, act=act_by(rehearsal.person))
    assert left.state == "left"
    with pytest.raises(IllegalMove):
        done(rehearsal, entered="all")


@pytest.mark.requirement("P11-11")
def test_nobody_confirms_their_own_rehearsal_and_production_confirms_none() -> None:
    rehearsal = walked(begun(by=quality()))
    digest = digest_of(queries.rehearsal_statement(rehearsal))
    for who, words in ((quality(), "their own rehearsal"), (trainee(), "confirm rehearsals")):
        with pytest.raises(NotPermitted, match=words):
            commands.confirm_rehearsal(
                rehearsal_id=rehearsal.pk, proof=proof_of(who), seen_digest=digest,
                act=act_by(who),
            )  # fmt: skip


def test_scenarios_are_those_that_the_recipe_has_a_step_for() -> None:
    document = document_of(effective_recipe())
    assert fitting(document) == ["limit_breach", "wrong_bag", "late_timer", "everything"]
    bag, limit, timer = faults_of(document, "everything")
    assert (limit.step, limit.shown, limit.met_by) == ("S05", "100.1", ("exception", "hold"))
    assert (bag.step, bag.met_by) == ("S02", ("hold",))
    assert (timer.step, timer.shown) == ("S06", "660")
    assert [one.step for one in faults_of(document, "everything", 1)] == ["S02", "S06", "S07"]
    with pytest.raises(Invalid):
        faults_of(document, "nothing")


@pytest.mark.requirement("P11-11")
@pytest.mark.parametrize(
    "path",
    [one for one in sorted(Path("recipes/data").glob("*.yaml")) if not one.stem.startswith("LIB-")],
    ids=lambda one: one.stem,
)
def test_what_the_simulator_shows_of_the_house_recipes_is_as_expected_but_for_the_faults(
    path: Path,
) -> None:
    document = document_from(plain_from_yaml(path.read_text()))
    scenario = fitting(document)[-1]
    faults = faults_of(document, scenario)
    for step in document.steps:
        fault = next((one for one in faults if one.step == step.code), None)
        for given in (None, fault) if fault else (None,):
            shown = shown_at(document, step, [given] if given else [], {})
            act = "hold" if given and "exception" not in given.met_by else "go_on"
            made = carried_out(
                step, given, act=act, shown=shown, reason="It is so." if given else "",
                entered="all" if getattr(step, "checks", ()) else shown or "words",
            )  # fmt: skip
            assert made.missed == ""


def at_work(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="mes.sign_in.People")
    return client


@pytest.mark.requirement("P11-11")
def test_the_screens_of_a_rehearsal_walk_it_and_each_says_so() -> None:
    who, version = trainee(), effective_recipe()
    client = at_work(who)
    path = f"/recipes/{RECIPE}/{version.number}/rehearse/"
    assert "Begin" in client.get(path).content.decode()
    answer = client.post(path, {"scenario": "everything"})
    assert answer.status_code == 303
    rehearsal = Rehearsal.objects.get()
    place = answer["Location"]
    screens = 0
    while Rehearsal.objects.get().state == "running":
        shown = client.get(place).content.decode()
        assert "<span>REHEARSAL</span>" in shown
        screens += 1
        code, value = here(rehearsal)
        wanted = right(rehearsal)
        sent = {
            "version": Rehearsal.objects.get().version,
            "verb": wanted.get("verb", "go_on"),
            "value": value,
            "reason": wanted["reason"],
            "checks": ["0", "1"] if code == "S01" else [],
        }
        if code == "S05":
            again = client.post(place, {**sent, "reason": ""})
            assert again.status_code == 422
            assert "needs a reason" in again.content.decode()
        assert client.post(place, sent).status_code == 303
    assert screens == 11
    ended = client.get(place).content.decode()
    assert "<span>REHEARSAL</span>" in ended
    assert "Every fault was met" in ended
    assert "Sign: R-" not in ended
    stranger = at_work(person("oscar", "operator", at_site=site("PLANT")))
    assert stranger.get(place).status_code == 404
    quinn = at_work(quality())
    assert f"Sign: R-{rehearsal.pk} was passed" in quinn.get(place).content.decode()
    rehearsal = Rehearsal.objects.get()
    digest = digest_of(queries.rehearsal_statement(rehearsal))
    signed = quinn.post(
        f"{place}confirm/",
        {
            "challenge": shown_in(quinn, rehearsal, "approved", digest),
            "username": quality().username,
            "password": PASSWORD,
            "digest": digest,
        },
    )
    assert signed.status_code == 303
    assert Training.objects.filter(user=who, procedure=RECIPE).exists()
