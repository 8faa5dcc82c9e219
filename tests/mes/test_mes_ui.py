"""How values, times and states read on a page."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.test import RequestFactory

from batches.states import BATCH, ORDER, STEP
from mes.appearance import LOOKS, NAVIGATION
from mes.icons import ICONS
from mes.templatetags.mes_ui import (
    badge,
    decimal,
    duration,
    iso,
    nav_items,
    short_digest,
    unit,
    utc,
)
from quality.states import DEVIATION, EXCEPTION
from recipes.states import VERSION
from supply.states import CONTAINER, EQUIPMENT, LOT
from tests.worlds.audit import person

TABLES = (ORDER, BATCH, STEP, DEVIATION, EXCEPTION, VERSION, LOT, CONTAINER, EQUIPMENT)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_of_every_table_has_a_look(table: object) -> None:
    assert set(table.states) - set(LOOKS) == set()  # type: ignore[attr-defined]


def test_every_look_and_every_entry_of_the_navigation_has_its_icon() -> None:
    used = {look.icon for look in LOOKS.values()} | {item.icon for item in NAVIGATION}
    assert used - set(ICONS) == set()


def test_a_badge_says_its_state_in_words() -> None:
    assert badge("on_hold") == {"tone": "stop", "icon": "pause", "word": "On hold", "size": ""}
    assert badge("never_heard_of")["tone"] == "neutral"


def test_a_time_is_read_in_utc_with_its_month_in_letters() -> None:
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 11, 22, 15, 5, 9, 120_000, tzinfo=berlin)
    assert utc(moment) == "22 Nov 2026 14:05:09 UTC"
    assert iso(moment) == "2026-11-22T14:05:09.120Z"
    assert utc(None) == "—"


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (Decimal("12.50"), None, "12.50"),
        (Decimal("1E+3"), None, "1000"),
        (Decimal("0.125"), 2, "0.13"),
        (Decimal("-0.125"), 2, "-0.13"),
        (Decimal("NaN"), None, "—"),
        (None, None, "—"),
    ],
)
def test_a_number_keeps_its_digits(value: Decimal | None, places: int | None, shown: str) -> None:
    assert decimal(value, places) == shown


def test_a_span_is_read_in_its_two_largest_units() -> None:
    assert duration(timedelta(days=3, hours=4, minutes=9)) == "3 d 04 h"
    assert duration(timedelta(hours=2, minutes=5)) == "2 h 05 min"
    assert duration(timedelta(seconds=-249)) == "-4 min 09 s"


def test_a_digest_is_short_enough_to_compare_by_eye() -> None:
    assert short_digest("a3f19c22d07be4415a9c") == "a3f1 9c22 d07b e441"


@pytest.mark.parametrize(
    ("code", "shown"),
    [("Cel", "°C"), ("10*6{cells}/kg", "×10⁶ cells/kg"), ("1", ""), ("", ""), (None, "")],
)
def test_a_unit_reads_as_people_write_it(code: str | None, shown: str) -> None:
    assert unit(code) == shown


def test_what_is_no_unit_of_the_house_stays_as_it_is() -> None:
    assert unit("°C") == "°C"
    assert unit("<b>furlong</b>") == "<b>furlong</b>"


@pytest.mark.django_db
def test_the_navigation_leads_only_where_the_person_may_go(rf: RequestFactory) -> None:
    request = rf.get("/orders/")
    request.user = person("petra", "planner")
    titles = {entry["item"].title: entry["is_current"] for entry in nav_items({"request": request})}
    assert titles["Orders"]
    assert not titles["Batches"]
    assert "Receipt" not in titles
    assert "Review" not in titles
