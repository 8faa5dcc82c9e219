"""Screens: forms that lead to the commands, signatures with two components, refusals in words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.edges import now
from audit.forms import CONTINUOUS, SESSION_KEY
from audit.models import LedgerEntry, Signature, User
from batches.models import Batch, Step, StepValue
from mes.demo.performing import perform_batch, steady_sensors
from tests.worlds.audit import PASSWORD, person, site
from tests.worlds.batches import (
    again,
    issued_batch,
    operator,
    planned_batch,
    planner,
    received_order,
    running_batch,
    shift,
    step_of,
    stock,
    verifier,
)
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db
BACKEND = "mes.sign_in.People"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def field(answer: Any, name: str, form: str) -> str:
    """The value of a hidden field of the form with that action."""
    text = answer.content.decode()
    forms = re.findall(rf'<form[^>]*action="{re.escape(form)}".*?</form>', text, re.DOTALL)
    found = re.search(rf'name="{name}" value="([^"]*)"', "".join(reversed(forms)))
    assert found, f"no {name} in a form for {form}"
    return found.group(1)


def path(step: Step) -> str:
    return f"/batches/{step.batch.number}/steps/{step.code}/"


def open_step(code: str, client: Client) -> Step:
    """A step that was started on its screen, all before it complete."""
    batch = running_batch(at=now())
    work = shift(at=now() - timedelta(hours=2))
    with steady_sensors(work, batch):
        perform_batch(batch, work, until=code)
    step = step_of(batch, code)
    page = client.get(path(step))
    version = field(page, "version", path(step) + "start/")
    answer = client.post(path(step) + "start/", {"version": version})
    assert (answer.status_code, answer["Location"]) == (303, path(step))
    return step_of(batch, code)


def entered(client: Client, step: Step, value: str, **more: str) -> Any:
    form = {"version": step_of(step.batch, step.code).version, "value": value, **more}
    return client.post(path(step) + "value/", form)


def signing(client: Client, step: Step, verb: str, **components: str) -> Any:
    action = f"{path(step)}{verb}/"
    page = client.get(path(step))
    shown = {name: field(page, name, action) for name in ("digest", "version", "challenge")}
    return client.post(action, {**shown, **components})


@pytest.mark.requirement("P11-21", "P11-22", "P11-15")
def test_two_people_sign_one_step_on_one_screen() -> None:
    verifier()
    client = signed_in(operator())
    step = open_step("S05", client)
    assert entered(client, step, "75,0", unit="mL")["Location"] == path(step) + "?sign=1"
    answer = signing(client, step, "sign", username="olivia", password=PASSWORD)
    assert answer["Location"] == path(step) + "?sign=1"
    answer = signing(client, step, "verify", username="vera", password=PASSWORD)
    assert answer.status_code == 303
    signed = Signature.objects.filter(subject_id=step.pk, subject_type="batches.Step")
    assert [(one.signer_name, one.meaning) for one in signed] == [
        ("Olivia Example", "performed"),
        ("Vera Example", "verified"),
    ]
    assert client.get("/").context["user"].username == "olivia"


@pytest.mark.requirement("P11-21")
@pytest.mark.parametrize(
    "components",
    [
        {},
        {"password": PASSWORD},
        {"username": "olivia"},
        {"username": "olivia", "password": "wrong"},
        {"username": "nobody", "password": PASSWORD},
        {"username": "olivia\x00", "password": PASSWORD},
    ],
)
def test_the_first_signature_of_a_session_takes_both_components(components: dict[str, str]) -> None:
    client = signed_in(operator())
    step = open_step("S03", client)
    entered(client, step, "BAL-1", source="scanned")
    answer = signing(client, step, "sign", **components)
    assert answer.status_code == 401
    assert "Not signed." in answer.content.decode()
    assert step_of(step.batch, "S03").state == "running"


@pytest.mark.requirement("P11-22", "P11-23")
def test_later_signatures_take_the_password_until_the_session_was_idle() -> None:
    client = signed_in(operator())
    step = open_step("S03", client)
    entered(client, step, "BAL-1", source="scanned")
    signing(client, step, "sign", username="olivia", password=PASSWORD)
    step = step_of(step.batch, "S04")
    client.post(path(step) + "start/", {"version": step.version})
    entered(client, step, "LOT-1", source="scanned")
    assert 'name="username"' not in client.get(path(step)).content.decode()
    session = client.session
    kept = session[SESSION_KEY]
    old = datetime.fromisoformat(kept["at"]) - CONTINUOUS - timedelta(seconds=1)
    session[SESSION_KEY] = {**kept, "at": old.isoformat()}
    session.save()
    assert signing(client, step, "sign", password=PASSWORD).status_code == 401
    session[SESSION_KEY] = kept
    session.save()
    assert signing(client, step, "sign", password=PASSWORD).status_code == 303


@pytest.mark.requirement("P11-24")
def test_another_person_cannot_perform_with_the_session_of_the_operator() -> None:
    client = signed_in(operator())
    operator("oscar")
    step = open_step("S03", client)
    entered(client, step, "BAL-1", source="scanned")
    answer = signing(client, step, "sign", username="oscar", password=PASSWORD)
    assert answer.status_code == 403
    assert not Signature.objects.filter(signer_username="oscar").exists()


@pytest.mark.requirement("CGMP-15", "A11-06")
def test_the_performer_is_told_that_a_second_person_signs() -> None:
    client = signed_in(operator())
    step = open_step("S05", client)
    entered(client, step, "75")
    signing(client, step, "sign", username="olivia", password=PASSWORD)
    answer = signing(client, step, "verify", username="olivia", password=PASSWORD)
    assert answer.status_code == 403
    assert "a second person signs" in answer.content.decode()


@pytest.mark.requirement("A11D-05")
def test_a_hard_limit_is_told_at_the_field_and_kept_as_an_attempt() -> None:
    client = signed_in(operator())
    step = open_step("S05", client)
    answer = entered(client, step, "999")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert 'value="999"' in page
    assert StepValue.objects.filter(step=step).count() == 0
    tried = LedgerEntry.objects.get(verb="refused")
    assert tried.stream == step.batch.stream()
    assert '"code":"hard_limit"' in tried.entry


def test_a_soft_limit_asks_for_a_reason_and_keeps_what_was_typed() -> None:
    client = signed_in(operator())
    step = open_step("S05", client)
    answer = entered(client, step, "42")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'name="reason"' in page
    assert 'value="42"' in page
    assert entered(client, step, "42", reason="Small bag").status_code == 303


@pytest.mark.requirement("P11-08")
def test_back_and_send_again_changes_nothing_and_is_noted() -> None:
    client = signed_in(operator())
    step = open_step("S03", client)
    entered(client, step, "BAL-1", source="scanned")
    page = client.get(path(step))
    form = {
        name: field(page, name, path(step) + "sign/") for name in ("digest", "version", "challenge")
    }
    form |= {"username": "olivia", "password": PASSWORD}
    assert client.post(path(step) + "sign/", form).status_code == 303
    answer = client.post(path(step) + "sign/", form)
    assert answer.status_code == 409
    assert "already signed by Olivia Example" in answer.content.decode()
    assert Signature.objects.filter(subject_id=step.pk, meaning="performed").count() == 1
    assert LedgerEntry.objects.filter(verb="refused", subject_id=str(step.pk)).count() == 1


@pytest.mark.requirement("P11-08")
def test_a_later_step_is_refused_and_the_attempt_is_kept() -> None:
    client = signed_in(operator())
    batch = running_batch()
    later = step_of(batch, "S05")
    answer = client.post(path(later) + "start/", {"version": later.version})
    assert answer.status_code == 409
    assert LedgerEntry.objects.filter(verb="refused", subject_id=str(later.pk)).count() == 1
    assert step_of(batch, "S05").state == "waiting"


@pytest.mark.requirement("ATMP-08")
def test_a_wrong_bag_stops_the_whole_screen() -> None:
    client = signed_in(operator())
    other = received_order()
    step = open_step("S02", client)
    code = other.chain.containers.get().code
    answer = entered(client, step, code, source="scanned")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "data-hard-stop" in page
    assert "wrong patient" in page
    assert code in page
    assert again(step.batch).state == "on_hold"
    assert "On hold" in client.get(path(step)).content.decode()


@pytest.mark.requirement("DI-06")
def test_a_correction_of_a_signed_and_verified_value_is_signed_by_two_again() -> None:
    verifier()
    client = signed_in(operator())
    step = open_step("S05", client)
    entered(client, step, "75")
    signing(client, step, "sign", username="olivia", password=PASSWORD)
    signing(client, step, "verify", username="vera", password=PASSWORD)
    now_at = step_of(step.batch, "S05")
    correct = path(step) + "correct/"
    form = {"version": now_at.version, "value": "57", "reason": "Digits swapped"}
    shown = client.post(correct, form)
    assert shown.status_code == 200
    names = ("digest", "challenge", "witness_challenge")
    form |= {name: field(shown, name, correct) for name in names}
    both = {"password": PASSWORD, "witness_username": "vera", "witness_password": PASSWORD}
    alone = client.post(correct, {**form, "password": PASSWORD})
    assert alone.status_code == 401
    assert client.post(correct, {**form, **both}).status_code == 303
    page = client.get(f"/batches/{step.batch.number}/").content.decode()
    assert re.search(r"<del[^>]*>.*?75 mL.*?</del>", page, re.DOTALL)
    assert "57 mL" in page
    meanings = list(Signature.objects.filter(subject_id=step.pk).values_list("meaning", flat=True))
    assert meanings == ["performed", "verified", "performed", "verified"]


def test_a_batch_is_planned_issued_and_started_on_its_pages() -> None:
    stock()
    order = received_order()
    client = signed_in(planner())
    assert order.number in client.get("/batches/plan/").content.decode()
    answer = client.post("/batches/plan/", {"order": order.number, "room": "ROOM-1"})
    assert answer.status_code == 303
    page = answer["Location"]
    client = signed_in(quality())
    shown = client.get(page)
    form = {
        name: field(shown, name, page + "issue/") for name in ("digest", "version", "challenge")
    }
    form |= {"username": "quinn", "password": PASSWORD}
    assert client.post(page + "issue/", form).status_code == 303
    client = signed_in(operator())
    version = field(client.get(page), "version", page + "start/")
    answer = client.post(page + "start/", {"version": version})
    assert answer["Location"] == page + "steps/S01/"
    assert Batch.objects.get().state == "in_progress"
    assert client.post(page + "start/", {"version": version}).status_code == 409


def test_a_reader_of_another_site_finds_nothing() -> None:
    batch = issued_batch()
    client = signed_in(person("nora", "operator", at_site=site("NORTH")))
    assert client.get(f"/batches/{batch.number}/").status_code == 404
    assert client.get(f"/batches/{batch.number}/steps/S01/").status_code == 404
    assert batch.number not in client.get("/batches/").content.decode()


@pytest.mark.parametrize("text", ["%00", "%27", "..%2F", "%F0%9F%92%89", "a" * 300])
def test_naughty_addresses_find_nothing(text: str) -> None:
    client = signed_in(operator())
    batch = running_batch()
    for address in (f"/batches/{text}/", f"/batches/{batch.number}/steps/{text}/"):
        assert client.get(address).status_code == 404


def test_lists_ask_as_often_for_three_batches_as_for_one(django_assert_num_queries: Any) -> None:
    client = signed_in(operator())
    planned_batch(order=received_order())
    counts = []
    for address in ("/batches/", "/"):
        with CaptureQueriesContext(connection) as before:
            client.get(address)
        counts.append(len(before))
    for _ in range(2):
        planned_batch(order=received_order())
    for address, count in zip(("/batches/", "/"), counts, strict=True):
        with django_assert_num_queries(count):
            client.get(address)
