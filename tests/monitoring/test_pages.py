"""The pages of the sensors, and readings over REST."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from audit.edges import now
from audit.models import LedgerEntry, User
from monitoring.commands import ingest_readings
from monitoring.models import Alarm, Sensor
from monitoring.rules.intake import Measured
from tests.worlds.audit import act_by, client_token, person, site
from tests.worlds.monitoring import room, sensor

pytestmark = pytest.mark.django_db


def recent(of: Sensor, values: list[float | None]) -> None:
    """Readings of the last seconds, the last one just now."""
    at = now()
    start = at - timedelta(seconds=len(values))
    rows = [Measured(of.pk, start + timedelta(seconds=s), v) for s, v in enumerate(values)]
    ingest_readings(rows, act=act_by(at=at))


def browser(user: User | None = None) -> Client:
    client = Client()
    client.force_login(user or person("olga", "operator", at_site=site()))
    return client


def test_the_list_shows_the_sensors_of_the_persons_sites_and_no_other() -> None:
    recent(sensor(), [20.25])
    north = site("NORTH")
    sensor("NORTH-TEMP", at_room=room("NORTH-1", at_site=north))
    page = browser().get("/sensors/")
    assert page.status_code == 200
    assert "ROOM101-TEMP" in page.text
    assert "20.25" in page.text
    assert "NORTH-TEMP" not in page.text
    other = browser(person("nina", "operator", at_site=north)).get("/sensors/")
    assert ("NORTH-TEMP" in other.text, "ROOM101-TEMP" in other.text) == (True, False)


def test_the_list_asks_as_often_for_three_sensors_as_for_one(
    django_assert_num_queries: Any,
) -> None:
    client = browser()
    recent(sensor(), [30.0])
    client.get("/sensors/")
    counts = []
    for codes in ((), ("ROOM101-T2", "ROOM101-T3")):
        for code in codes:
            recent(sensor(code), [30.0])
        with django_assert_num_queries(9, exact=False) as asked:
            client.get("/sensors/")
        counts.append(len(asked.captured_queries))
    assert counts[0] == counts[1]


def test_a_sensor_of_another_site_is_not_found() -> None:
    sensor()
    stranger = browser(person("nina", "operator", at_site=site("NORTH")))
    for path in ("/sensors/ROOM101-TEMP/", "/sensors/ROOM101-TEMP/readings.json"):
        assert stranger.get(path).status_code == 404


def test_a_sensor_shows_its_chart_its_limits_and_its_alarm() -> None:
    recent(sensor(), [20.0, 26.5])
    page = browser().get("/sensors/ROOM101-TEMP/?window=1h").text
    assert '<sensor-chart class="chart"' in page
    assert 'data-url="/sensors/ROOM101-TEMP/readings.json?seconds=3600"' in page
    assert "Critical high" in page
    assert "the worst value so far was 26.5 °C" in page
    assert "Acknowledge" in page


def test_a_part_is_swapped_alone() -> None:
    sensor()
    part = browser().get("/sensors/ROOM101-TEMP/", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert '<div id="sensor"' in part


def test_the_chart_gets_times_values_gaps_and_limits() -> None:
    heat = sensor()
    recent(heat, [20.0, None, 21.5])
    chart = browser().get("/sensors/ROOM101-TEMP/readings.json?seconds=60").json()
    assert chart["values"] == [20.0, None, 21.5]
    assert (chart["unit"], chart["decimals"], chart["gap"]) == ("°C", 2, 10)
    assert chart["limits"][0] == {
        "value": "25",
        "label": "Critical high",
        "side": "high",
        "kind": "stop",
    }


def test_the_chart_of_a_batch_has_the_limits_it_was_made_under() -> None:
    from decimal import Decimal

    from monitoring.commands import change_limits
    from tests.worlds.batches import ROOM, running_batch

    heat, elsewhere = sensor("ROOM-1-TEMP", at_room=room(ROOM)), sensor()
    batch = running_batch()
    change_limits(
        sensor_id=heat.pk,
        seen=1,
        changes={"critical_high": Decimal("22.5"), "warn_high": None},
        act=act_by(person("erik", "engineer"), reason="A new room."),
    )
    path = f"/sensors/{heat.code}/readings.json"
    highest = {
        query: browser().get(path + query).json()["limits"][0]["value"]
        for query in ("", f"?batch={batch.number}")
    }
    assert highest == {"": "22.5", f"?batch={batch.number}": "25"}
    for number in ("", "%00", "B-999999", "x" * 400):
        assert browser().get(f"{path}?batch={number}").status_code == 404
    other = f"/sensors/{elsewhere.code}/readings.json?batch={batch.number}"
    assert browser().get(other).status_code == 404


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "1e309", "99999999999", "٣٠٠"])
def test_a_senseless_window_is_refused(seconds: str) -> None:
    sensor()
    path = f"/sensors/ROOM101-TEMP/readings.json?seconds={seconds}"
    assert browser().get(path).status_code == 422


@pytest.mark.requirement("A11D-04")
def test_an_operator_acknowledges_an_alarm_once_and_it_stays_open() -> None:
    recent(sensor(), [26.0])
    alarm = Alarm.objects.get()
    client = browser()
    path = f"/alarms/{alarm.pk}/acknowledge/"
    answer = client.post(path, {"comment": "door was open"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sensors/ROOM101-TEMP/")
    alarm.refresh_from_db()
    assert (alarm.comment, alarm.cleared_at) == ("door was open", None)
    assert LedgerEntry.objects.filter(verb="acknowledge").count() == 1
    assert client.post(path).status_code == 409


@pytest.mark.parametrize(
    ("role", "at", "status"), [("planner", "PLANT", 403), ("operator", "NORTH", 403)]
)
def test_nobody_else_acknowledges(role: str, at: str, status: int) -> None:
    recent(sensor(), [26.0])
    client = browser(person("paul", role, at_site=site(at)))
    path = f"/alarms/{Alarm.objects.get().pk}/acknowledge/"
    assert client.post(path).status_code == status
    assert Alarm.objects.get().acknowledged_at is None


def api(query: str, *scopes: str, at: str = "PLANT") -> Any:
    _, token = client_token(site(at), *scopes, name=f"client-{at.lower()}")
    return Client().get(f"/api/v1/readings/{query}", headers={"Authorization": f"Bearer {token}"})


def test_a_client_reads_a_window_page_by_page_without_missing_one() -> None:
    recent(sensor(), [20.0 + n / 10 for n in range(7)])
    query, seen = "?sensor=ROOM101-TEMP&limit=3", []
    while True:
        page = api(query).json()
        seen += [row["value"] for row in page["results"]]
        if page["next"] is None:
            break
        query = f"?sensor=ROOM101-TEMP&limit=3&cursor={page['next']}"
    assert seen == ["20.0", "20.1", "20.2", "20.3", "20.4", "20.5", "20.6"]
    back = api(f"?sensor=ROOM101-TEMP&limit=3&prev={page['prev']}").json()
    assert [row["value"] for row in back["results"]] == ["20.3", "20.4", "20.5"]


@pytest.mark.requirement("OPC-01")
def test_a_client_gets_quality_and_both_times() -> None:
    recent(sensor(), [20.0, None])
    good, bad = api("?sensor=ROOM101-TEMP").json()["results"]
    assert (good["quality"], good["unit"], bad["quality"], bad["value"]) == (
        "good", "Cel", "bad", None,
    )  # fmt: skip
    assert {"at", "received_at", "sensor"} <= set(good)


def test_a_client_of_another_site_or_without_the_scope_sees_nothing() -> None:
    recent(sensor(), [20.0])
    assert api("?sensor=ROOM101-TEMP", at="NORTH").status_code == 404
    assert api("?sensor=ROOM101-TEMP", "orders:read").status_code == 403
    assert Client().get("/api/v1/readings/?sensor=ROOM101-TEMP").status_code == 401


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?sensor=ROOM101-TEMP&colour=red", 400),
        ("?sensor=NONE", 404),
        ("?sensor=ROOM101-TEMP&limit=0", 422),
        ("?sensor=ROOM101-TEMP&limit=201", 422),
        ("?sensor=ROOM101-TEMP&limit=NaN", 422),
        ("?sensor=ROOM101-TEMP&from=yesterday", 422),
        ("?sensor=ROOM101-TEMP&from=2026-11-22T10:00:00", 422),
        ("?sensor=ROOM101-TEMP&from=0001-01-01T00:00:00Z", 422),
        ("?sensor=ROOM101-TEMP&to=9999-12-31T23:59:59-12:00", 422),
        ("?sensor=ROOM101-TEMP&from=2020-01-01T00:00:00Z", 422),
        ("?sensor=ROOM101-TEMP&cursor=%00", 422),
        ("?sensor=ROOM101-TEMP&cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", 422),
        ("?sensor=%00", 400),
    ],
)
def test_a_senseless_question_is_answered_with_a_problem(query: str, status: int) -> None:
    sensor()
    answer = api(query)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.text)["status"] == status
