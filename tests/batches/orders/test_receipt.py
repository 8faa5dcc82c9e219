"""Receipt: the right bag is received, another patient's stops the screen and leaves a deviation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.models import LedgerEntry, User
from batches.models import Order
from quality.models import Deviation
from supply.models import CustodyEvent
from tests.worlds.audit import person, site
from tests.worlds.batches import operator, planner
from tests.worlds.orders import bag_of, browser_of, collected_order

pytestmark = pytest.mark.django_db


def scan(order: Order, code: str, *, who: User | None = None, **more: str) -> Any:
    form = {"code": code, "source": "scanned", **more}
    return browser_of(who or operator()).post(f"/receipt/{order.number}/scan/", form)


def test_the_list_shows_what_is_on_its_way_here_only() -> None:
    order = collected_order()
    page = browser_of(operator()).get("/receipt/")
    assert [one.number for one in page.context["orders"]] == [order.number]
    scan(order, bag_of(order).code)
    page = browser_of(operator()).get("/receipt/")
    assert list(page.context["orders"]) == []
    assert "Nothing is on its way" in page.content.decode()


@pytest.mark.requirement("COI-03")
def test_the_right_bag_is_received_and_said_so() -> None:
    order = collected_order(bags=2)
    bag = bag_of(order)
    answer = scan(order, bag.code)
    assert (answer.status_code, answer["Location"]) == (
        303, f"/receipt/{order.number}/?bag={bag.pk}",
    )  # fmt: skip
    page = browser_of(operator()).get(answer["Location"])
    text = page.content.decode()
    assert "Right patient: received" in text
    assert bag.code in text
    assert order.chain.value in text
    assert "data-scan-target" in text, "ready for the next"
    assert Order.objects.get().state == "received"
    event = CustodyEvent.objects.get(kind="received")
    assert (event.is_match, event.is_keyed, event.by.username) == (True, False, "olivia")


@pytest.mark.requirement("COI-03", "CGMP-07")
def test_the_bag_of_another_patient_stops_the_screen_and_opens_a_deviation() -> None:
    mine, other = collected_order(), collected_order()
    wrong = bag_of(other)
    answer = scan(mine, wrong.code)
    deviation = Deviation.objects.get()
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "data-hard-stop" in text
    detail = f"Expected bag {bag_of(mine).code}, scanned {wrong.code} — WRONG PATIENT"
    assert detail in text
    assert f'href="/deviations/{deviation.number}/"' in text
    assert browser_of(operator()).get(f"/deviations/{deviation.number}/").status_code == 200
    assert (deviation.classification, deviation.kind) == ("critical", "identity")
    event = CustodyEvent.objects.get(chain=mine.chain, is_match=False)
    assert event.scanned == wrong.code
    assert {one.state for one in Order.objects.all()} == {"collected"}
    assert (bag_of(mine).state, bag_of(other).state) == ("collected", "collected")


@pytest.mark.requirement("COI-03")
@pytest.mark.parametrize("code", ["BAG-0000-0000-0000-0", "=cmd", "<b>x</b>", "O-000001"])
def test_an_unknown_code_stops_the_screen_too(code: str) -> None:
    order = collected_order()
    answer = scan(order, code)
    assert answer.status_code == 409
    assert "UNKNOWN CODE" in answer.content.decode()
    assert "<b>x</b>" not in answer.content.decode()
    assert Deviation.objects.count() == 1


@pytest.mark.requirement("COI-03")
def test_a_typed_code_needs_a_reason_and_is_marked() -> None:
    order = collected_order()
    code = bag_of(order).code
    answer = scan(order, code, source="keyed")
    assert answer.status_code == 422
    assert answer.context["is_keyed"]
    assert f'value="{code}"' in answer.content.decode()
    assert Order.objects.get().state == "collected"
    answer = scan(order, code, source="keyed", reason="The label is torn.")
    assert answer.status_code == 303
    assert CustodyEvent.objects.get(kind="received").is_keyed
    entries = [json.loads(one.entry) for one in LedgerEntry.objects.filter(verb="received")]
    assert [one["reason"] for one in entries] == ["The label is torn."]


@pytest.mark.parametrize("code", ["", " ", "x" * 150, "a\x00b", "a\tb"])
def test_what_is_no_code_is_refused_without_a_trace(code: str) -> None:
    order = collected_order()
    assert scan(order, code).status_code == 422
    assert Deviation.objects.count() == 0


def test_a_bag_is_received_once_and_a_label_is_no_bag() -> None:
    order = collected_order(bags=2)
    assert scan(order, order.chain.value).status_code == 422
    assert scan(order, bag_of(order).code).status_code == 303
    again = scan(order, bag_of(order).code)
    assert again.status_code == 409
    assert "received before" in again.content.decode()
    assert "data-hard-stop" not in again.content.decode()
    assert Deviation.objects.count() == 0


def test_an_order_is_chosen_by_its_papers_and_never_by_the_bag() -> None:
    order = collected_order()
    client = browser_of(operator())
    for code in (order.number, order.number.lower(), order.chain.value):
        answer = client.post("/receipt/choose/", {"code": code})
        assert (answer.status_code, answer["Location"]) == (303, f"/receipt/{order.number}/")
    for code in (bag_of(order).code, "", "\x00", "nothing"):
        assert client.post("/receipt/choose/", {"code": code})["Location"] == "/receipt/"


@pytest.mark.requirement("SEC-23")
def test_other_sites_and_roles_receive_nothing() -> None:
    order = collected_order()
    stranger = person("sofia", "operator", at_site=site("SOUTH"))
    sender = person("nora", "operator", at_site=site("NORTH"))
    for who in (stranger, sender):
        assert browser_of(who).get(f"/receipt/{order.number}/").status_code == 404
        assert scan(order, bag_of(order).code, who=who).status_code == 404
    assert browser_of(planner()).get("/receipt/").status_code == 403
    assert browser_of(stranger).get("/receipt/%00/").status_code == 404
