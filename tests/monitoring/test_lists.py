"""The lists of monitoring with many rows: page by page, filtered, and as CSV without a formula."""

from __future__ import annotations

import pytest

from audit.edges import now
from monitoring.commands import acknowledge_alarm
from monitoring.models import Alarm
from tests.monitoring.test_pages import browser, recent
from tests.quality.test_lists import NASTY, rows_of, walked
from tests.worlds.audit import act_by, person, site
from tests.worlds.monitoring import room, sensor

pytestmark = pytest.mark.django_db


def two_hundred() -> list[str]:
    """Two hundred sensors in two rooms; the last of them is in alarm."""
    codes = [f"S-{place:03}" for place in range(200)]
    for place, code in enumerate(codes):
        sensor(code, at_room=room("ROOM-A" if place < 60 else "ROOM-B"))
    recent(sensor("S-199"), [30.0])
    return codes


def test_two_hundred_sensors_are_walked_filtered_and_exported() -> None:
    codes = two_hundred()
    wanted = [codes[-1], *codes[:-1]]
    client = browser()
    rows = walked(client, "/sensors/", "rows")
    assert [row["sensor"].code for row in rows] == wanted
    assert [row["sensor"] for row in rows_of(client.get("/sensors/?format=csv"))] == wanted
    first = client.get("/sensors/").text
    assert "50 of 200 sensors" in first
    assert len(walked(client, "/sensors/?q=room-a", "rows")) == 60
    assert len(rows_of(client.get("/sensors/?q=room-a&format=csv"))) == 60
    for query, count in (
        ("state=alarm", 1),
        ("quantity=temperature&q=S-19", 10),
        ("quantity=humidity", 0),
        ("state=lost&quantity=x&q=%00", 200),
        ("after=NONE", 200),
    ):
        assert client.get(f"/sensors/?{query}").context["pager"]["total"] == count, query


def test_a_page_that_looks_again_stays_where_it_was() -> None:
    two_hundred()
    client = browser()
    second = client.get("/sensors/?q=S-&after=S-048")
    assert 'data-live-url="/sensors/?q=S-&amp;after=S-048"' in second.text
    part = client.get("/sensors/?q=S-&after=S-048", headers={"HX-Request": "true"})
    assert part.context["rows"][0]["sensor"].code == "S-049"


@pytest.mark.requirement("SEC-02")
def test_no_cell_of_the_sensors_or_of_the_alarms_is_a_formula() -> None:
    heat, olga = sensor(), person("olga", "operator", at_site=site())
    for text in NASTY:
        recent(heat, [30.0])
        acknowledge_alarm(
            alarm_id=Alarm.objects.latest("pk").pk, comment=f"{text}", act=act_by(olga, at=now())
        )
        recent(heat, [20.0, 20.0])
    told = rows_of(browser(olga).get(f"/sensors/{heat.code}/?format=csv"))
    # A comment is kept without its outer blanks.
    said = [f"'{text.strip()}" for text in NASTY[:-1]] + ["plain"]
    assert [row["comment"] for row in told][::-1] == said
    assert {row["worst"] for row in told} == {"30.0000000000"}
    sensor("MINUS", at_room=room("MINUS-1"), baseline="-80")
    assert (
        rows_of(browser(olga).get("/sensors/?q=minus&format=csv"))[0]["critical_low"] == "15.0000"
    )


def test_the_alarms_of_a_sensor_are_walked_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.views.sensor.PAGE", 2)
    heat = sensor()
    for _ in range(5):
        recent(heat, [30.0])
        recent(heat, [20.0, 20.0])
    client, path = browser(), f"/sensors/{heat.code}/"
    newest = list(Alarm.objects.order_by("-pk"))
    assert len(newest) == 5
    assert walked(client, path, "alarms") == newest
    assert len(rows_of(client.get(f"{path}?format=csv"))) == 5
    answer = client.get(f"{path}?window=8h&before={newest[1].pk}")
    assert "window=8h" in answer.context["pager"]["next_href"]
    assert client.get(f"{path}?before=x").context["alarms"] == newest[:2]
