"""One order on the screen: its way, who the patient is and who asked, collection, cancelation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.models import LedgerEntry
from batches.models import Order
from supply.models import Container
from tests.conftest import NOON
from tests.worlds.audit import person, site
from tests.worlds.batches import operator, planned_batch, planner, received_order
from tests.worlds.orders import browser_of, collected_order, donation_number, placed_order
from tests.worlds.quality import qualified, quality

pytestmark = pytest.mark.django_db


def stages(answer: Any) -> dict[str, str]:
    return {one["label"]: one["state"] for one in answer.context["stages"]}


def everywhere() -> Any:
    return browser_of(person("paul", "planner"))


def test_the_journey_shows_where_the_order_is() -> None:
    client = everywhere()
    order = placed_order()
    assert stages(client.get(f"/orders/{order.number}/")) == {
        "Ordered": "current", "Collected": "todo", "Received": "todo",
        "Manufacturing": "todo", "Released": "todo",
    }  # fmt: skip
    order = received_order()
    page = client.get(f"/orders/{order.number}/")
    assert stages(page)["Received"] == "current"
    assert f"/batches/plan/?order={order.number}" in page.content.decode()
    batch = planned_batch(order=order)
    page = client.get(f"/orders/{order.number}/")
    assert batch.number in page.content.decode()
    assert "Plan batch" not in page.content.decode()


def test_no_page_but_the_answer_names_the_patient() -> None:
    order = collected_order(family_name="Quastenflosser", given_name="Adalbertine")
    client = browser_of(planner())
    pages = [client.get(path) for path in ("/orders/", f"/orders/{order.number}/")]
    assert not any("Quastenflosser" in page.content.decode() for page in pages)
    answer = client.post(
        f"/orders/{order.number}/reveal/", {"reason": "The hospital called about the date."}
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert all(word in text for word in ("Quastenflosser", "Adalbertine", "1974-12-25"))
    assert "no-store" in answer["Cache-Control"]


def test_whoever_looks_is_in_the_ledger_with_the_reason_and_without_the_name() -> None:
    order = placed_order(family_name="Quastenflosser")
    who = quality()
    reason = "Mix-up of two bags suspected."
    browser_of(who).post(f"/orders/{order.number}/reveal/", {"reason": reason})
    entry = json.loads(LedgerEntry.objects.get(verb="reveal").entry)
    assert entry["by"]["username"] == who.username
    assert entry["reason"] == reason
    assert "Quastenflosser" not in json.dumps(entry)


@pytest.mark.parametrize("reason", ["", "    ", "why", "na\x00me is"])
def test_without_a_reason_nobody_is_revealed(reason: str) -> None:
    order = placed_order(family_name="Quastenflosser")
    answer = browser_of(qualified()).post(f"/orders/{order.number}/reveal/", {"reason": reason})
    assert answer.status_code == 422
    assert answer.context["reveal_error"]
    assert "Quastenflosser" not in answer.content.decode()
    assert not LedgerEntry.objects.filter(verb="reveal").exists()


def test_operators_and_other_sites_see_no_patient() -> None:
    order = placed_order(family_name="Quastenflosser")
    path, form = f"/orders/{order.number}/reveal/", {"reason": "Curious about this person."}
    assert browser_of(operator()).post(path, form).status_code == 403
    stranger = person("pia", "planner", at_site=site("SOUTH"))
    assert browser_of(stranger).post(path, form).status_code == 404
    mixed = person("mia", "operator", at_site=site("PLANT"))
    assert browser_of(mixed).get(path).status_code == 405


def collection(**changes: str) -> dict[str, str]:
    return {
        "donation_number": donation_number(7),
        "collected_at": f"{NOON:%Y-%m-%dT%H:%M}",
        "bag_1": "",
        "volume_1": "120,5",
        "bag_2": "OWN-BAG-2",
        **changes,
    }


@pytest.mark.requirement("COI-01")
def test_a_planner_reports_a_collection() -> None:
    order = placed_order()
    answer = everywhere().post(
        f"/orders/{order.number}/collect/", collection(collected_at="2026-01-02T03:04")
    )
    assert answer.status_code == 303
    assert Order.objects.get().state == "collected"
    bags = Container.objects.order_by("ordinal")
    assert [(bag.chain_id, bag.collection.donation_number) for bag in bags] == [
        (order.chain_id, donation_number(7)[:13])
    ] * 2
    assert bags[0].code.startswith("BAG-")
    assert bags[1].code == "OWN-BAG-2"


@pytest.mark.requirement("COI-08")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"donation_number": donation_number(7)[:13]}, "donation_number"),
        ({"donation_number": donation_number(7)[:13] + "*"}, "donation_number"),
        ({"donation_number": "' OR 1=1"}, "donation_number"),
        ({"collected_at": "2999-01-01T00:00"}, "collected_at"),
        ({"collected_at": ""}, "collected_at"),
        ({"volume_1": "0"}, "volume_1"),
        ({"volume_1": "1e309"}, "volume_1"),
        ({"volume_1": "", "bag_2": ""}, "bag_1"),
        ({"bag_2": "x" * 41}, "bag_2"),
        ({"volume_1": "", "bag_3": "OWN-BAG-2", "bag_2": "OWN-BAG-1"}, "bag_3"),
    ],
)
def test_a_collection_that_cannot_be_is_named_at_its_field(
    changes: dict[str, str], field: str
) -> None:
    client = everywhere()
    client.post(
        f"/orders/{placed_order().number}/collect/",
        collection(donation_number=donation_number(1), collected_at="2026-01-02T03:04"),
    )
    order = placed_order()
    form = {**collection(bag_2="OWN-BAG-9", collected_at="2026-01-02T03:04"), **changes}
    answer = client.post(f"/orders/{order.number}/collect/", form)
    assert answer.status_code in (409, 422)
    assert answer.context["collection_form"].errors[field]
    assert Order.objects.get(pk=order.pk).state == "ordered"
    assert Container.objects.filter(chain=order.chain).count() == 0


def test_an_order_is_canceled_with_a_reason_once() -> None:
    order = placed_order()
    client = everywhere()
    path = f"/orders/{order.number}/cancel/"
    assert client.post(path, {"version": 1, "reason": ""}).status_code == 422
    assert client.post(path, {"version": 9, "reason": "Withdrawn."}).status_code == 409
    assert client.post(path, {"version": "x", "reason": "Withdrawn."}).status_code == 422
    assert client.post(path, {"version": 1, "reason": "Withdrawn."}).status_code == 303
    assert client.post(path, {"version": 2, "reason": "Again."}).status_code == 409
    page = client.get(f"/orders/{order.number}/")
    assert page.context["stages"][-1]["state"] == "stopped"
    assert not any(page.context["may"][verb] for verb in ("cancel", "collect", "plan"))


@pytest.mark.parametrize("number", ["O-999999", "%00", "' OR 1=1 --", "../../etc/passwd"])
def test_an_order_that_is_not_there_is_not_found(number: str) -> None:
    answer = browser_of(planner()).get(f"/orders/{number}/")
    assert answer.status_code == 404
