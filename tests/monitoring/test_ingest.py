"""Readings into the house: kept, judged, and alarming once."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audit.models import FeedEvent, LedgerEntry
from monitoring.commands import change_limits, ingest_readings
from monitoring.commands.ingest import condition_from
from monitoring.models import Alarm, Sensor, SensorCondition
from monitoring.queries import raw_readings
from monitoring.rules.intake import Measured
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site
from tests.worlds.monitoring import measured, second, sensor

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


def stored(of: Sensor) -> list[tuple[float, float | None, int]]:
    rows = raw_readings(of.pk, NOON - timedelta(days=2), LATER)
    return [((at - NOON).total_seconds(), value, quality) for at, value, quality in rows]


def verbs() -> list[str]:
    found = LedgerEntry.objects.filter(subject_type="monitoring.Alarm").order_by("id")
    return [entry.verb for entry in found]


def deliver(of: Sensor, *readings: tuple[float, float | None], now: float = 60) -> int:
    rows = [Measured(of.pk, second(at), value) for at, value in readings]
    return ingest_readings(rows, act=act_by(at=second(now)))


def test_every_reading_is_kept_exactly() -> None:
    room = sensor()
    deliver(room, (0, 20.1), (1, 0.1 + 0.2), (2, -273.15))
    assert stored(room) == [(0, 20.1, 0), (1, 0.30000000000000004, 0), (2, -273.15, 0)]


def test_readings_leave_no_entry_in_the_ledger_and_alarms_do() -> None:
    room = sensor()
    deliver(room, (0, 20.0), (1, 21.0))
    assert verbs() == []
    deliver(room, (2, 26.0), (3, 20.0))
    assert verbs() == ["raise", "clear"]


@pytest.mark.requirement("OPC-03")
def test_a_delivery_made_twice_is_stored_once_and_alarms_once() -> None:
    room = sensor()
    for _ in range(3):
        deliver(room, (0, 20.0), (1, 26.0), (2, 26.1))
    assert len(stored(room)) == 3
    assert Alarm.objects.count() == 1


def test_a_delivery_with_one_old_reading_among_new_ones_keeps_the_new_ones() -> None:
    room = sensor()
    deliver(room, (0, 20.0), (2, 20.2))
    deliver(room, (2, 99.0), (1, 20.1), (3, 20.3), (3, 50.0))
    assert stored(room) == [(0, 20.0, 0), (1, 20.1, 0), (2, 20.2, 0), (3, 20.3, 0)]


@pytest.mark.requirement("OPC-01")
def test_a_bad_reading_is_kept_without_a_value() -> None:
    room = sensor()
    deliver(room, (0, 20.0), (1, None), (2, float("nan")), (3, 20.0))
    assert [value for _, value, _ in stored(room)] == [20.0, None, None, 20.0]
    assert [quality < 0 for _, _, quality in stored(room)] == [False, True, True, False]
    assert Alarm.objects.count() == 0


def test_readings_of_a_sensor_that_does_not_exist_are_left_out() -> None:
    room = sensor()
    rows = [Measured(room.pk, NOON, 20.0), Measured(999_999, NOON, 99.0)]
    assert ingest_readings(rows, act=act_by()) == 1


def test_nothing_delivered_is_nothing_done() -> None:
    assert ingest_readings([], act=act_by()) == 0


@pytest.mark.requirement("OPC-04")
def test_an_alarm_is_raised_escalated_and_cleared_with_its_worst_value() -> None:
    room = sensor()
    measured(room, [20, 23, 26, 28, 23, 20])
    [alarm] = Alarm.objects.all()
    assert (alarm.cause, alarm.severity, alarm.limit) == ("critical_high", "critical", 25)
    assert (alarm.raised_at, alarm.escalated_at) == (second(1), second(2))
    assert (alarm.cleared_at, alarm.extreme) == (second(5), Decimal(28))
    assert verbs() == ["raise", "escalate", "clear"]


def test_a_sensor_that_does_not_answer_is_in_alarm_after_its_silence_time() -> None:
    room = sensor()
    measured(room, [20, *[None] * 15, 20])
    [alarm] = Alarm.objects.all()
    assert (alarm.cause, alarm.severity, alarm.limit) == ("silence", "critical", None)
    assert (alarm.since, alarm.raised_at, alarm.cleared_at) == (NOON, second(10), second(16))


def test_what_is_remembered_between_deliveries_is_what_was_known() -> None:
    room = sensor()
    measured(room, [23, 26])
    row = SensorCondition.objects.get(sensor=room)
    values = (row.heard_at, row.broken, row.cause, row.severity, row.moved_at, row.extreme)
    condition = condition_from(values)
    assert set(condition.broken) == {"warn_high", "critical_high"}
    assert (condition.cause, condition.moved_at) == ("critical_high", second(1))
    assert (row.last_at, row.last_value) == (second(1), 26.0)


def test_screens_and_clients_are_told_of_each_move() -> None:
    room = sensor()
    measured(room, [26, 20])
    told = [(e.subject, e.payload["move"], e.payload["value"]) for e in FeedEvent.objects.all()]
    assert told == [("ROOM101-TEMP", "raised", "26"), ("ROOM101-TEMP", "cleared", "26")]


def test_new_limits_hold_from_the_next_reading_on() -> None:
    room = sensor()
    measured(room, [20])
    engineer = person("erin", "engineer", at_site=site())
    act = act_by(engineer, reason="the new product needs a cooler room")
    change_limits(sensor_id=room.pk, seen=1, changes={"critical_high": Decimal(23)}, act=act)
    measured(room, [24], start=1)
    assert Alarm.objects.get().limit == 23


def test_a_refused_delivery_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    room = sensor()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("monitoring.commands.ingest.follow", broken)
    with pytest.raises(RuntimeError):
        deliver(room, (0, 26.0))
    monkeypatch.undo()
    assert (stored(room), Alarm.objects.count()) == ([], 0)
    assert SensorCondition.objects.get(sensor=room).last_at is None


@pytest.mark.django_db(transaction=True)
def test_concurrent_pollers_raise_one_alarm_and_keep_each_reading_once() -> None:
    room = sensor()
    start = threading.Barrier(4)
    failed: list[BaseException] = []

    def poller() -> None:
        try:
            start.wait(10)
            for at in range(20):
                deliver(room, (at, 26.0), now=at)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=poller) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert len(stored(room)) == 20
    assert Alarm.objects.count() == 1
    assert verbs() == ["raise"]
