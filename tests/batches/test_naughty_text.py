"""Naughty text in every field of the floor: refused at its field, or kept whole and shown as text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.edges import now
from audit.models import LedgerEntry
from batches import commands
from batches.models import Batch, Hold, Order, Step, StepValue
from quality.models import BatchException
from supply.models import CustodyEvent, Patient
from tests.batches.orders.test_form import planner_everywhere, typed
from tests.batches.orders.test_order_page import collection
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import (
    again,
    batch_at,
    operator,
    planned_batch,
    received_order,
    running_batch,
    step_of,
)
from tests.worlds.naughty import NAUGHTY, as_sent, is_harmless, posted
from tests.worlds.orders import browser_of, collected_order, donation_number, placed_order
from tests.worlds.quality import raised
from tests.worlds.recipes import quality

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SEC-03", "SEC-05")]
every_text = pytest.mark.parametrize("text", NAUGHTY.values(), ids=list(NAUGHTY))

ORDER_TEXTS = (
    "external_id", "identifier_system", "identifier_value", "family_name", "given_name",
    "birth_date", "weight_kg", "height_cm", "planned_at", "administer_from", "administer_to",
    "prescriber_identifier", "prescriber_name", "consent_reference", "consent_signed_at",
)  # fmt: skip
COLLECTION_TEXTS = ("donation_number", "collected_at", "bag_1", "volume_1")


def started(code: str, **more: Any) -> tuple[Client, Step]:
    _, step = batch_at(code, **more)
    commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    return browser_of(operator()), step_of(step.batch, code)


def path_of(step: Step, verb: str = "") -> str:
    return f"/batches/{step.batch.number}/steps/{step.code}/{verb}"


def kept(text: str) -> str:
    """The text as a record keeps it: whole, without the blanks around it."""
    return as_sent(text).strip().replace("\r\n", "\n")


def shows(page: Any, text: str) -> bool:
    return html.escape(kept(text)) in page.content.decode()


def test_a_number_takes_no_text() -> None:
    client, step = started("S05")
    for text in NAUGHTY.values():
        answer = posted(client, path_of(step, "value/"), {"version": step.version, "value": text})
        assert is_harmless(answer), text
        assert answer.status_code == 422, text
        assert 'id="id_value_error"' in answer.content.decode(), text
    assert not StepValue.objects.filter(step=step).exists()
    assert step_of(step.batch, "S05").version == step.version


@pytest.mark.parametrize("code", ["S03", "S04"])
def test_a_code_that_nothing_has_uses_nothing(code: str) -> None:
    client, step = started(code)
    for text in NAUGHTY.values():
        form = {"version": step.version, "value": text, "source": "scanned"}
        answer = posted(client, path_of(step, "value/"), form)
        assert is_harmless(answer), text
        assert answer.status_code in (404, 409, 422), text
    assert not StepValue.objects.filter(step=step).exists()


@every_text
def test_a_scanned_identity_is_refused_as_unreadable_or_stops_the_batch(text: str) -> None:
    client, step = started("S02")
    form = {"version": step.version, "value": text, "source": "scanned"}
    answer = posted(client, path_of(step, "value/"), form)
    assert is_harmless(answer)
    tried = StepValue.objects.filter(step=step).first()
    if answer.status_code == 422:
        assert 'id="id_value_error"' in answer.content.decode()
        assert tried is None
        assert again(step.batch).state == "in_progress"
    else:
        assert answer.status_code == 409
        assert tried is not None
        assert tried.entered == kept(text)
        assert CustodyEvent.objects.get(is_match=False).scanned == kept(text)
        assert again(step.batch).state == "on_hold"
        assert shows(client.get(path_of(step)), text)


@pytest.mark.parametrize("value", ["42", "75"], ids=["needed", "not needed"])
@every_text
def test_a_reason_is_kept_whole_or_refused_at_its_field(text: str, value: str) -> None:
    client, step = started("S05")
    form = {"version": step.version, "value": value, "reason": text}
    answer = posted(client, path_of(step, "value/"), form)
    assert is_harmless(answer)
    found = StepValue.objects.filter(step=step).first()
    if answer.status_code == 422:
        assert 'id="id_reason_error"' in answer.content.decode()
        assert found is None
        return
    assert answer.status_code == 303
    assert found is not None
    assert found.reason == kept(text)
    page = client.get(path_of(step))
    assert is_harmless(page)
    assert shows(page, text)
    review = browser_of(quality()).get(f"/batches/{step.batch.number}/review/")
    assert review.status_code == 200
    assert is_harmless(review)


@every_text
def test_the_reason_of_a_correction_is_kept_whole_or_refused_at_its_field(text: str) -> None:
    client, step = started("S05")
    client.post(path_of(step, "value/"), {"version": step.version, "value": "75"})
    seen = step_of(step.batch, "S05").version
    form = {"version": seen, "value": "76", "reason": text}
    answer = posted(client, path_of(step, "correct/"), form)
    assert is_harmless(answer)
    reasons = list(StepValue.objects.filter(step=step, seq=2).values_list("reason", flat=True))
    if answer.status_code == 422:
        assert 'id="id_correct-reason_error"' in answer.content.decode()
        assert reasons == []
    else:
        assert (answer.status_code, reasons) == (303, [kept(text)])
        assert shows(client.get(path_of(step)), text)


def moving(batch: Batch, verb: str) -> tuple[Client, str, str]:
    """Who makes the move, the kind of entry that tells of it, and where a reason is shown."""
    client = browser_of(operator() if verb == "hold" else quality())
    if verb == "resume":
        commands.hold_batch(
            batch_id=batch.pk, cause="person", reason="A leak", act=act_by(operator())
        )
    return client, f"/batches/{batch.number}/{verb}/", f"/batches/{batch.number}/"


@pytest.mark.parametrize(
    ("verb", "made", "state"),
    [
        ("hold", running_batch, "on_hold"),
        ("resume", running_batch, "in_progress"),
        ("abort", running_batch, "aborted"),
        ("cancel", planned_batch, "canceled"),
    ],
)
@every_text
def test_the_reason_of_a_move_is_kept_whole_or_refused_by_name(
    verb: str, made: Callable[[], Batch], state: str, text: str
) -> None:
    batch = made()
    client, path, page = moving(batch, verb)
    before = again(batch)
    answer = posted(client, path, {"version": before.version, "reason": text})
    assert is_harmless(answer)
    if answer.status_code == 422:
        assert "<code>/reason</code>" in answer.content.decode()
        assert (again(batch).state, again(batch).version) == (before.state, before.version)
        return
    assert answer.status_code == 303
    assert again(batch).state == state
    shown = client.get(page)
    assert is_harmless(shown)
    if verb == "hold":
        assert Hold.objects.get().reason == kept(text)
        assert shows(shown, text)
    elif verb == "resume":
        assert Hold.objects.get().lift_reason == kept(text)
        assert shows(shown, text)


@pytest.mark.parametrize("field", ORDER_TEXTS)
def test_an_order_keeps_a_text_whole_or_names_its_field(field: str) -> None:
    client = planner_everywhere()
    for number, text in enumerate(NAUGHTY.values()):
        own = {"external_id": f"H-{number}", "identifier_value": str(number)}
        orders, patients = Order.objects.count(), Patient.objects.count()
        form = typed(**{**own, "idempotency_key": "", field: text})
        answer = posted(client, "/orders/new/", form)
        assert is_harmless(answer), text
        if answer.status_code == 422:
            assert f'id="id_{field}_error"' in answer.content.decode(), text
            assert (Order.objects.count(), Patient.objects.count()) == (orders, patients)
            continue
        assert answer.status_code == 303, text
        assert is_harmless(client.get(answer["Location"]))
        made = Order.objects.latest("pk")
        assert getattr(made, field, kept(text)) == kept(text)
    assert is_harmless(client.get("/orders/"))


@pytest.mark.parametrize("field", COLLECTION_TEXTS)
def test_a_collection_keeps_a_text_whole_or_names_its_field(field: str) -> None:
    client, yesterday = planner_everywhere(), now() - timedelta(days=1)
    for text in NAUGHTY.values():
        order = placed_order()
        form = {
            **collection(bag_2=""),
            "collected_at": f"{yesterday:%Y-%m-%d %H:%M}",
            "donation_number": donation_number(order.pk),
            field: text,
        }
        answer = posted(client, f"/orders/{order.number}/collect/", form)
        assert is_harmless(answer), text
        bags = list(order.chain.containers.values_list("code", flat=True))
        if answer.status_code == 422:
            assert f'id="id_{field}_error"' in answer.content.decode(), text
            assert bags == []
        else:
            assert answer.status_code == 303, text
            assert field != "bag_1" or kept(text) in bags
            assert is_harmless(client.get(f"/orders/{order.number}/"))


@pytest.mark.parametrize("verb", ["cancel", "reveal"])
@every_text
def test_the_reason_at_an_order_is_kept_whole_or_refused(verb: str, text: str) -> None:
    order = placed_order()
    client = planner_everywhere()
    form = {"version": order.version, "reason": text}
    answer = posted(client, f"/orders/{order.number}/{verb}/", form)
    assert is_harmless(answer)
    told = LedgerEntry.objects.filter(verb__in=("ask_to_cancel", "reveal")).exists()
    assert told == (answer.status_code in (200, 303))
    assert answer.status_code in (200, 303, 422)


@every_text
def test_a_bag_on_arrival_is_refused_or_kept_as_it_was_scanned(text: str) -> None:
    order = collected_order()
    client = browser_of(operator())
    path = f"/receipt/{order.number}/scan/"
    for form in (
        {"code": text, "source": "scanned"},
        {"code": "NONE", "source": "keyed", "reason": text},
    ):
        answer = posted(client, path, form)
        assert is_harmless(answer)
        assert answer.status_code in (409, 422)
    for one in CustodyEvent.objects.filter(is_match=False):
        assert one.scanned in (kept(text), "NONE")
    assert is_harmless(client.get(f"/receipt/{order.number}/"))
    for elsewhere in ("/receipt/choose/", "/work/scan/"):
        answer = posted(client, elsewhere, {"code": text})
        assert is_harmless(answer)
        assert answer.status_code == 303


def test_a_room_and_an_order_to_plan_are_found_or_not() -> None:
    batch = planned_batch()
    number = received_order().number
    client = browser_of(person("petra", "planner", at_site=site("PLANT")))
    for text in NAUGHTY.values():
        for form in ({"order": text, "room": text}, {"order": number, "room": text}):
            answer = posted(client, "/batches/plan/", form)
            assert is_harmless(answer), text
            assert answer.status_code in (404, 422), text
    assert Batch.objects.get() == batch


@every_text
def test_the_comment_on_an_exception_is_kept_whole_or_refused_at_its_field(text: str) -> None:
    found = raised(running_batch())
    client = browser_of(person("quinn", "qa"))
    path = f"/batches/{found.batch.number}/review/exceptions/{found.pk}/"
    client.post(f"{path}open/")
    answer = posted(client, f"{path}accept/", {"comment": text})
    assert is_harmless(answer)
    found = BatchException.objects.get(pk=found.pk)
    if answer.status_code == 422:
        assert re.search(r'id="id_comment(_|-)error"', answer.content.decode())
        assert found.state == "open"
    else:
        assert (answer.status_code, found.comment) == (302, kept(text))
        assert is_harmless(client.get(f"/batches/{found.batch.number}/review/"))


def test_a_name_and_a_password_of_a_signer_are_only_compared() -> None:
    client, step = started("S11")
    page = client.get(path_of(step)).content.decode()
    digest = re.search(r'name="digest" value="([^"]+)"', page)
    assert digest
    challenge = re.search(r'name="challenge" value="([^"]+)"', page)
    assert challenge
    shown = {"version": step.version, "digest": digest[1], "challenge": challenge[1]}
    for text in NAUGHTY.values():
        form = {**shown, "username": text, "password": text}
        answer = posted(client, path_of(step, "sign/"), form)
        assert is_harmless(answer), text
        assert answer.status_code == 401, text
    assert step_of(step.batch, "S11").state == "running"
