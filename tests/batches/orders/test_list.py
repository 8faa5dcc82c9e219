"""The list of orders: whose it is, what the address filters, page by page, and as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import LedgerEntry
from tests.worlds.audit import person, site
from tests.worlds.batches import CANARIES, operator, planner
from tests.worlds.orders import browser_of, collected_order, placed_order

pytestmark = pytest.mark.django_db


def numbers(answer: Any) -> list[str]:
    return [row["cells"][0]["text"] for row in answer.context["rows"]]


def test_an_empty_house_says_what_to_do() -> None:
    answer = browser_of(planner()).get("/orders/")
    assert answer.status_code == 200
    assert "No order yet" in answer.content.decode()


def test_the_address_holds_the_filter() -> None:
    first, second = placed_order(external_id="H-77"), collected_order()
    client = browser_of(planner())
    assert numbers(client.get("/orders/")) == [second.number, first.number]
    assert numbers(client.get("/orders/?state=collected")) == [second.number]
    assert numbers(client.get("/orders/?therapy=SMALL&state=ordered")) == [first.number]
    assert numbers(client.get("/orders/?q=h-77")) == [first.number]
    assert numbers(client.get(f"/orders/?q={second.chain.value.lower()}")) == [second.number]
    assert numbers(client.get(f"/orders/?q={first.number}")) == [first.number]
    assert numbers(client.get("/orders/?q=%25")) == []
    assert numbers(client.get("/orders/?state=lost&q=%00")) == [second.number, first.number]


@pytest.mark.requirement("SEC-23")
def test_only_orders_of_ones_own_sites_are_seen() -> None:
    order = placed_order()
    here, there = planner(), person("sofia", "planner", at_site=site("SOUTH"))
    assert numbers(browser_of(here).get("/orders/")) == [order.number]
    assert numbers(browser_of(there).get("/orders/")) == []
    assert browser_of(there).get(f"/orders/{order.number}/").status_code == 404
    assert len(rows_of(browser_of(there).get("/orders/?format=csv"))) == 1


def test_pages_follow_one_another_and_keep_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batches.views.order_filter.PAGE", 2)
    made = [placed_order().number for _ in range(5)][::-1]
    client = browser_of(planner())
    answer = client.get("/orders/?state=ordered")
    seen = numbers(answer)
    while href := answer.context["pager"]["next_href"]:
        assert "state=ordered" in href
        answer = client.get(f"/orders/{href}")
        seen += numbers(answer)
    assert seen == made
    back = client.get(f"/orders/{answer.context['pager']['prev_href']}")
    assert numbers(back) == made[2:4]
    assert client.get("/orders/?before=x&after=9e9").status_code == 200


def rows_of(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.requirement("SEC-02")
def test_the_export_is_of_this_filter_and_no_cell_is_a_formula() -> None:
    placed_order(external_id="H-1")
    placed_order(external_id='=HYPERLINK("http://x","y")', prescriber_identifier="@SUM(1)")
    answer = browser_of(planner()).get("/orders/?q=HYPER&format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="orders.csv"'
    head, row = rows_of(answer)
    told = dict(zip(head, row, strict=True))
    assert told["external_id"] == '\'=HYPERLINK("http://x","y")'
    assert told["prescriber"] == "'@SUM(1)"
    assert told["weight_kg"] == "82.500"
    assert CANARIES[1] not in row


def test_the_list_asks_the_database_no_more_for_more_orders() -> None:
    placed_order()
    client = browser_of(planner())
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/orders/")
        counts.append(len(asked))
        placed_order()
        placed_order()
    assert counts[0] == counts[1]


def test_looking_writes_nothing() -> None:
    order = collected_order()
    clients = [browser_of(planner()), browser_of(operator())]
    before = LedgerEntry.objects.count()
    for client in clients:
        for page in ("/orders/", "/orders/?format=csv", f"/orders/{order.number}/"):
            assert client.get(page).status_code == 200
    assert clients[1].get(f"/receipt/{order.number}/").status_code == 200
    assert LedgerEntry.objects.count() == before
