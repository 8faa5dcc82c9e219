"""Sensors that watch over a batch: a broken limit stops it, once, and quality is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audit.commands import write_to_feed
from audit.models import LedgerEntry, OutboxMessage
from batches.commands.holds import resume_batch
from batches.commands.lifecycle import abort_batch
from batches.events import BatchAborted, BatchResumed, BatchStarted, ExecutionCompleted
from batches.models import Batch, Hold
from kernel.errors import Conflict
from kernel.events import set_readers
from mes import wiring
from monitoring.commands import (
    check_window,
    close_window,
    ingest_readings,
    open_window,
    watch_batch,
)
from monitoring.events import LimitExceeded
from monitoring.handlers import HANDLERS
from monitoring.models import Alarm, Sensor, SensorCondition, Watch
from monitoring.queries import broken_seals, limits_in_force, sensor_summaries, watches_of
from monitoring.rules.intake import Measured
from quality.commands import record_excursion
from quality.models import BatchException, Deviation
from tests.conftest import NOON
from tests.worlds.audit import act_by
from tests.worlds.batches import ROOM, issued_batch, operator, running_batch
from tests.worlds.monitoring import measured, room, second, sensor
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db
told: list[LimitExceeded] = []


@pytest.fixture(autouse=True)
def readers() -> Iterator[None]:
    told.clear()
    set_readers(
        {
            BatchStarted: [open_window],
            BatchResumed: [check_window],
            ExecutionCompleted: [close_window],
            BatchAborted: [close_window],
            LimitExceeded: [told.append],
        },
        first=(write_to_feed,),
    )
    yield
    wiring.connect()


def watching(**changes: Any) -> tuple[Sensor, Batch]:
    """A sensor in the room of a running batch."""
    heat = sensor("ROOM-1-TEMP", at_room=room(ROOM))
    measured(heat, [20.0])
    return heat, running_batch(**changes)


def again(batch: Batch) -> Batch:
    return Batch.objects.get(pk=batch.pk)


def test_the_sensors_of_its_room_watch_over_a_batch_from_its_start() -> None:
    heat, batch = watching()
    other = sensor("ROOM-2-TEMP", at_room=room("ROOM-2"))
    [watch] = watches_of(batch.pk)
    assert (watch.sensor, watch.opened_at, watch.closed_at) == (heat, NOON, None)
    assert not other.watches.exists()


@pytest.mark.requirement("OPC-04", "CGMP-17")
def test_a_critical_breach_stops_the_batch_and_tells_quality_in_one_act() -> None:
    heat, batch = watching()
    measured(heat, [26.5], start=1)
    [event] = told
    assert (event.batch_id, event.sensor, event.cause) == (batch.pk, heat.code, "critical_high")
    assert (event.limit, event.value, event.exceeded_at) == (25, Decimal("26.5"), second(1))
    assert again(batch).state == "on_hold"
    [hold] = Hold.objects.all()
    assert (hold.cause, hold.lifted_at) == ("limit_exceeded", None)
    acts = LedgerEntry.objects.filter(verb__in=("raise", "hold", "place_hold"))
    assert len({entry.act for entry in acts}) == 1


def test_it_is_stopped_once_however_long_the_breach_lasts() -> None:
    heat, _batch = watching()
    measured(heat, [26.5] * 30, start=1)
    assert (len(told), Hold.objects.count(), Alarm.objects.count()) == (1, 1, 1)


def test_a_warning_alone_stops_nothing() -> None:
    heat, batch = watching()
    measured(heat, [23.0], start=1)
    assert (told, again(batch).state) == ([], "in_progress")


def test_a_warning_that_becomes_critical_stops_the_batch() -> None:
    heat, batch = watching()
    measured(heat, [23.0, 26.0], start=1)
    assert (len(told), again(batch).state) == (1, "on_hold")


@pytest.mark.requirement("OPC-03")
def test_a_silent_sensor_stops_the_batch() -> None:
    heat, batch = watching()
    measured(heat, [None] * 12, start=1)
    [event] = told
    assert (event.cause, event.limit, event.value) == ("silence", None, None)
    assert again(batch).state == "on_hold"


def test_a_breach_in_another_room_stops_nothing() -> None:
    _, batch = watching()
    measured(sensor("ROOM-2-TEMP", at_room=room("ROOM-2")), [30.0])
    assert (told, again(batch).state) == ([], "in_progress")


def test_a_batch_that_starts_in_a_room_in_alarm_is_stopped_at_once() -> None:
    heat = sensor("ROOM-1-TEMP", at_room=room(ROOM))
    measured(heat, [30.0])
    batch = running_batch(at=second(1))
    assert (len(told), again(batch).state) == (1, "on_hold")


def test_a_breach_of_a_batch_on_hold_for_another_cause_is_told_and_keeps_it_there() -> None:
    from batches.commands.holds import hold_batch

    heat, batch = watching()
    hold_batch(batch_id=batch.pk, cause="person", reason="to ask", act=act_by(operator()))
    measured(heat, [26.0], start=1)
    assert len(told) == 1
    assert set(Hold.objects.values_list("cause", flat=True)) == {"person", "limit_exceeded"}


def test_a_batch_does_not_go_on_while_the_alarm_is_open() -> None:
    heat, batch = watching()
    measured(heat, [26.0], start=1)
    seen = again(batch).version
    act = act_by(quality(), at=second(2))
    with pytest.raises(Conflict, match="still in critical alarm"):
        resume_batch(batch_id=batch.pk, seen=seen, reason="it was nothing", act=act)
    assert again(batch).state == "on_hold"
    measured(heat, [20.0], start=3)
    act = act_by(quality(), at=second(4))
    resume_batch(batch_id=batch.pk, seen=seen, reason="assessed", act=act)
    assert again(batch).state == "in_progress"


def test_a_second_breach_after_going_on_stops_the_batch_again() -> None:
    heat, batch = watching()
    measured(heat, [26.0, 20.0], start=1)
    act = act_by(quality(), at=second(3))
    resume_batch(batch_id=batch.pk, seen=again(batch).version, reason="assessed", act=act)
    measured(heat, [26.0], start=4)
    assert (len(told), again(batch).state) == (2, "on_hold")


def test_quality_that_cannot_be_told_undoes_alarm_hold_and_readings() -> None:
    heat, batch = watching()

    def refuse(_: Any) -> None:
        raise Conflict("not now")

    set_readers({LimitExceeded: [refuse]})
    with pytest.raises(Conflict):
        measured(heat, [26.0], start=1)
    assert (again(batch).state, Alarm.objects.count()) == ("in_progress", 0)
    assert SensorCondition.objects.get(sensor=heat).last_at == NOON


def test_the_limits_of_the_recipe_hold_while_the_batch_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from recipes.rules.document import Watch as Asked

    class Frozen:
        environment = (
            Asked(
                quantity="temperature",
                place="room",
                unit="Cel",
                critical_high=Decimal("21.5"),
            ),
        )

    monkeypatch.setattr("monitoring.commands.windows.document_of_batch", lambda _: Frozen)
    heat, batch = watching()
    assert limits_in_force([heat.pk])[heat.pk].critical_high == Decimal("21.5")
    measured(heat, [21.6], start=1)
    assert (told[0].limit, again(batch).state) == (Decimal("21.5"), "on_hold")
    abort_batch(
        batch_id=batch.pk,
        seen=again(batch).version,
        reason="lost",
        act=act_by(quality(), at=second(2)),
    )
    assert limits_in_force([heat.pk])[heat.pk].critical_high == 25
    [shown] = sensor_summaries(batch.pk, until=second(3))
    assert (shown["limits"]["critical_high"], shown["summary"]["seconds_above"]) == ("21.5", "1")


def test_a_recipe_that_the_room_cannot_keep_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from recipes.rules.document import Watch as Asked

    class Frozen:
        environment = (
            Asked(quantity="temperature", place="room", unit="Cel", critical_high=Decimal(2)),
        )

    monkeypatch.setattr("monitoring.commands.windows.document_of_batch", lambda _: Frozen)
    with pytest.raises(Conflict, match="exclude each other"):
        watching()


def sealed(batch: Batch) -> Watch:
    act = act_by(quality(), at=second(60))
    abort_batch(batch_id=batch.pk, seen=again(batch).version, reason="lost", act=act)
    [message] = OutboxMessage.objects.filter(kind="monitoring.seal_window")
    for _ in range(2):
        HANDLERS[message.kind](message.payload, act_by(at=second(61)))
    return Watch.objects.get()


def test_the_end_of_a_batch_closes_its_watches_and_seals_what_was_shown() -> None:
    heat, batch = watching()
    measured(heat, [20.5, 20.75, 26.0, 21.0], start=1)
    watch = sealed(batch)
    assert watch.closed_at == second(60)
    assert (watch.summary["usable"], watch.summary["high"]) == (5, "26")
    assert (watch.summary["mean"], watch.summary["seconds_above"]) == ("21.650", "1")
    assert len(watch.summary["gaps"]) == 1
    assert LedgerEntry.objects.filter(verb="seal_watch").count() == 1
    assert list(broken_seals()) == []
    [shown] = sensor_summaries(batch.pk, until=second(99))
    assert (shown["sensor"], shown["summary"]) == (heat.code, watch.summary)
    assert [alarm["cause"] for alarm in shown["alarms"]] == ["critical_high"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE monitoring_reading SET value = 20.76 WHERE value = 20.75",
        "DELETE FROM monitoring_reading WHERE value = 20.75",
        "UPDATE monitoring_reading SET at = at + interval '1 microsecond' WHERE value = 20.75",
        "UPDATE monitoring_reading SET quality = 16384 WHERE value = 20.75",
    ],
)
@pytest.mark.requirement("DI-01")
def test_a_reading_changed_after_the_seal_is_found(superuser: Any, tampering: str) -> None:
    heat, batch = watching()
    measured(heat, [20.5, 20.75, 21.0], start=1)
    watch = sealed(batch)
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(tampering)
    assert [found for found, _ in broken_seals()] == [watch]


@pytest.mark.django_db(transaction=True)
def test_a_start_and_an_alarm_at_the_same_moment_never_miss_each_other() -> None:
    heat = sensor("ROOM-1-TEMP", at_room=room(ROOM))
    measured(heat, [20.0])
    batch = issued_batch()
    barrier, failed = threading.Barrier(2), list[BaseException]()

    def together(gesture: Any) -> threading.Thread:
        def run() -> None:
            try:
                barrier.wait(10)
                gesture()
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        made = threading.Thread(target=run)
        made.start()
        return made

    from batches.commands.lifecycle import start_batch

    starter = operator()
    hot = [Measured(heat.pk, second(1), 30.0)]
    threads = [
        together(
            lambda: start_batch(
                batch_id=batch.pk, seen=batch.version, act=act_by(starter, at=second(1))
            )
        ),
        together(lambda: ingest_readings(hot, act=act_by(at=second(1)))),
    ]
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert (again(batch).state, len(told)) == ("on_hold", 1)


@pytest.mark.requirement("OPC-04", "CGMP-17")
def test_a_breach_is_one_excursion_with_one_deviation_in_the_act_of_the_reading() -> None:
    set_readers({BatchStarted: [open_window], LimitExceeded: [record_excursion]})
    heat, batch = watching()
    measured(heat, [26.0] * 5, start=1)
    [found] = BatchException.objects.all()
    assert (found.kind, found.batch_id, found.deviation.batch_id) == (
        "excursion", batch.pk, batch.pk,
    )  # fmt: skip
    entries = LedgerEntry.objects.filter(
        subject_type__in=("monitoring.Alarm", "batches.Hold", "quality.Deviation")
    )
    assert len(set(entries.values_list("subject_type", flat=True))) == 3
    assert len(set(entries.values_list("act", flat=True))) == 1


@pytest.mark.django_db(transaction=True)
def test_many_pollers_at_once_make_one_hold_and_one_deviation() -> None:
    set_readers({BatchStarted: [open_window], LimitExceeded: [record_excursion]})
    heat, batch = watching()
    barrier, failed = threading.Barrier(4), list[BaseException]()

    def poller() -> None:
        try:
            barrier.wait(10)
            for number in range(1, 6):
                measured(heat, [26.0], start=number)
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
    assert (Hold.objects.count(), Deviation.objects.count(), Alarm.objects.count()) == (1, 1, 1)
    assert again(batch).state == "on_hold"


def test_watching_twice_is_watching_once() -> None:
    _, batch = watching()
    assert watch_batch(batch_id=batch.pk, act=act_by(at=NOON + timedelta(seconds=9))) == []
