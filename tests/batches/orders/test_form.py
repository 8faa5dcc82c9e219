"""An order typed in: the command of the interface, its refusals beside the fields, one order."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from audit.edges import now
from audit.models import RememberedAnswer
from batches.models import Order
from supply.models import Patient
from tests.worlds.audit import person, site
from tests.worlds.batches import operator
from tests.worlds.orders import browser_of
from tests.worlds.recipes import effective_recipe, therapy

pytestmark = pytest.mark.django_db


def planner_everywhere() -> Client:
    site("NORTH")
    effective_recipe()
    return browser_of(person("petra", "planner"))


def typed(**changes: str) -> dict[str, str]:
    year = now().year + 1
    return {
        "idempotency_key": str(uuid4()),
        "site": "NORTH",
        "therapy": "SMALL",
        "external_id": "H-1042",
        "identifier_system": "urn:oid:1.2.36.146.595.217.0.1",
        "identifier_value": "12345",
        "other_system": "",
        "other_value": "",
        "family_name": "Zweig-Ferrante",
        "given_name": "Ada",
        "birth_date": "1974-12-25",
        "sex": "female",
        "weight_kg": "82,5",
        "height_cm": "178",
        "planned_at": f"{year}-01-11T08:00",
        "administer_from": f"{year}-02-01",
        "administer_to": f"{year}-02-08",
        "prescriber_identifier": "PR-1",
        "prescriber_name": "Dr. Stern",
        "consent_reference": "C-1",
        "consent_signed_at": "2025-11-20T10:00",
        **changes,
    }


def test_a_planner_places_an_order() -> None:
    client = planner_everywhere()
    page = client.get("/orders/new/")
    assert page.status_code == 200
    form = typed(idempotency_key=str(page.context["key"]))
    answer = client.post("/orders/new/", form)
    order = Order.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/orders/{order.number}/")
    assert (order.site.code, order.external_id, str(order.weight_kg)) == (
        "NORTH", "H-1042", "82.500",
    )  # fmt: skip
    shown = client.get(answer["Location"]).content.decode()
    assert f"Order {order.number} was placed." in shown
    assert "Zweig-Ferrante" not in shown


def test_a_form_sent_twice_makes_one_order() -> None:
    client = planner_everywhere()
    form = typed()
    first, second = (client.post("/orders/new/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1
    assert RememberedAnswer.objects.get().body == {"number": Order.objects.get().number}


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_order_and_both_answers_lead_to_it() -> None:
    clients = [planner_everywhere() for _ in range(2)]
    form = typed()
    ready = threading.Barrier(2)
    answers: list[Any] = []

    def send(client: Client) -> None:
        try:
            ready.wait(10)
            answers.append(client.post("/orders/new/", form))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    order = Order.objects.get()
    assert [one.status_code for one in answers] == [303, 303]
    assert {one["Location"] for one in answers} <= {f"/orders/{order.number}/", "/orders/"}


def test_the_key_of_another_order_is_refused_and_a_new_one_given() -> None:
    client = planner_everywhere()
    form = typed()
    client.post("/orders/new/", form)
    answer = client.post("/orders/new/", {**form, "external_id": "H-2"})
    assert answer.status_code == 422
    assert str(answer.context["key"]) != form["idempotency_key"]
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site", ""),
        ("site", "MARS"),
        ("therapy", "UNKNOWN"),
        ("therapy", "BARE"),
        ("external_id", ""),
        ("external_id", "x" * 65),
        ("external_id", "H\x001"),
        ("family_name", "a\x1bb"),
        ("birth_date", "2999-01-01"),
        ("birth_date", "1800-01-01"),
        ("birth_date", "2026-02-30"),
        ("birth_date", "25.12.1974"),
        ("birth_date", "１９７４-12-25"),
        ("sex", "cat"),
        ("weight_kg", "0"),
        ("weight_kg", "-1"),
        ("weight_kg", "1e309"),
        ("weight_kg", "NaN"),
        ("weight_kg", "82.5 lb"),
        ("weight_kg", "82.555"),
        ("height_cm", "Infinity"),
        ("height_cm", "٣"),
        ("planned_at", ""),
        ("planned_at", "2001-01-01T00:00"),
        ("planned_at", "tomorrow"),
        ("administer_to", "2001-01-01"),
        ("administer_from", ""),
        ("other_value", "lonely"),
        ("consent_signed_at", "2999-01-01T00:00"),
        ("consent_signed_at", "1970-01-01T00:00"),
    ],
)
def test_bad_input_is_named_at_its_field_and_nothing_is_stored(field: str, value: str) -> None:
    client = planner_everywhere()
    therapy("BARE")
    answer = client.post("/orders/new/", typed(**{field: value}))
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    text = answer.content.decode()
    assert f'id="id_{field}_error"' in text
    assert f'href="#id_{field}"' in text
    assert (Order.objects.count(), Patient.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "external_id"),
        ({"external_id": "H-2"}, "administer_from"),
        ({"external_id": "H-2", "other_system": "urn:test", "other_value": "9",
          "identifier_value": "777"}, "identifier_value"),
        ({"external_id": "H-2", "other_system": "urn:oid:1.2.36.146.595.217.0.1",
          "other_value": "12345"}, "identifier_value"),
    ],
)  # fmt: skip
def test_what_contradicts_another_order_is_named_at_its_field(
    changes: dict[str, str], field: str
) -> None:
    client = planner_everywhere()
    client.post("/orders/new/", typed())
    other = {"external_id": "H-9", "other_system": "urn:test", "other_value": "9",
             "identifier_value": "999"}  # fmt: skip
    client.post("/orders/new/", typed(**other))
    if changes.get("identifier_value") == "777":
        changes = {**changes, "identifier_value": "12345"}
    answer = client.post("/orders/new/", typed(**changes))
    assert answer.status_code in (409, 422)
    assert answer.context["form"].errors[field]
    assert Order.objects.count() == 2


def test_what_was_typed_comes_back_and_is_not_run() -> None:
    client = planner_everywhere()
    name = "<script>alert(1)</script>"
    text = client.post("/orders/new/", typed(family_name=name, weight_kg="0")).content.decode()
    assert name not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_planner_orders_for_own_sites_only() -> None:
    planner_everywhere()
    site("SOUTH")
    client = browser_of(person("pia", "planner", at_site=site("SOUTH")))
    answer: Any = client.post("/orders/new/", typed())
    assert answer.status_code == 422
    assert answer.context["form"].errors["site"]
    assert browser_of(operator()).get("/orders/new/").status_code == 403
