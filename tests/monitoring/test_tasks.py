"""What runs by itself: polling, one poller at a time, and faults played on purpose."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connections

from kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from monitoring import drivers
from monitoring.commands import start_fault, stop_faults
from monitoring.drivers import RawReading, SensorSpec
from monitoring.models import Alarm, Sensor, SimulatedFault
from monitoring.queries import raw_readings
from monitoring.tasks import POLL_LOCK, keep_partitions_ahead, poll_sensors
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site
from tests.worlds.monitoring import second, sensor

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def polled(seconds: int, *, start: int = 0) -> int:
    """Let the beat strike once a second."""
    count = 0
    for offset in range(seconds):
        with time_machine.travel(second(start + offset), tick=False):
            count += poll_sensors()
    return count


def stored(of: Sensor) -> int:
    return len(list(raw_readings(of.pk, NOON - DAY, NOON + DAY)))


@pytest.mark.requirement("OPC-03")
def test_every_sensor_is_read_every_second_and_every_reading_kept() -> None:
    heat, damp = sensor(), sensor("ROOM101-RH", quantity="humidity", baseline="20")
    assert polled(10) == 20
    assert (stored(heat), stored(damp)) == (10, 10)


def test_a_beat_that_strikes_twice_reads_once() -> None:
    heat = sensor()
    assert polled(1) + polled(1) == 1
    assert stored(heat) == 1


@pytest.mark.django_db(transaction=True)
def test_two_pollers_at_once_are_one() -> None:
    heat = sensor()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [POLL_LOCK])
        assert polled(1) == 0
        cursor.execute("SELECT pg_advisory_unlock(%s)", [POLL_LOCK])
    other.close()
    assert polled(1, start=1) == 1
    assert stored(heat) == 1


def test_a_sensor_that_is_taken_out_of_use_is_not_read() -> None:
    heat = sensor()
    Sensor.objects.filter(pk=heat.pk).update(is_active=False)
    assert polled(2) == 0


def test_a_step_raises_an_alarm_within_seconds_and_clears_after_it_ends() -> None:
    heat = sensor()
    polled(3)
    start_fault(
        sensor_code=heat.code,
        kind="step",
        magnitude=Decimal(9),
        seconds=Decimal(30),
        act=act_by(at=second(3)),
    )
    polled(12, start=3)
    assert Alarm.objects.get().severity == "critical"
    polled(60, start=15)
    assert Alarm.objects.get().cleared_at is not None


def test_a_dropout_becomes_a_silent_sensor() -> None:
    heat = sensor()
    polled(2)
    start_fault(sensor_code=heat.code, kind="dropout", act=act_by(at=second(2)))
    polled(12, start=2)
    assert Alarm.objects.get().cause == "silence"
    assert stop_faults(sensor_code=heat.code, act=act_by(at=second(14))) == 1
    polled(2, start=14)
    assert Alarm.objects.get().cleared_at is not None


def test_a_driver_that_fails_silences_its_sensor_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def read(self, spec: SensorSpec, at: Any, faults: Any = ()) -> RawReading | None:
            raise OSError("no route to host")

    monkeypatch.setitem(drivers._made, "broken", Broken())
    heat, broken = sensor(), sensor("ROOM101-T2")
    Sensor.objects.filter(pk=broken.pk).update(driver="broken")
    assert polled(11) == 11
    assert stored(heat) == 11
    assert [alarm.sensor for alarm in Alarm.objects.all()] == [broken]


def test_the_shell_plays_a_fault_and_stops_it(capsys: pytest.CaptureFixture[str]) -> None:
    sensor()
    call_command("inject_fault", "ROOM101-TEMP", "step", "--magnitude", "6", "--seconds", "60")
    [fault] = SimulatedFault.objects.all()
    assert (fault.kind, fault.magnitude) == ("step", 6)
    assert fault.ends_at - fault.starts_at == timedelta(seconds=60)
    call_command("inject_fault", "ROOM101-TEMP", "stop")
    assert "1 faults stopped" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["NONE", "step"], ["ROOM101-TEMP", "step", "--magnitude", "NaN"],
     ["ROOM101-TEMP", "step", "--seconds", "-1"], ["ROOM101-TEMP", "burn"],
     ["ROOM101-TEMP", "step", "--magnitude", "lots"]],
)  # fmt: skip
def test_the_shell_refuses_nonsense_in_one_sentence(words: list[str]) -> None:
    sensor()
    with pytest.raises(CommandError):
        call_command("inject_fault", *words)
    assert not SimulatedFault.objects.exists()


def test_a_fault_is_for_simulated_sensors_and_for_those_who_may() -> None:
    heat = sensor()
    operator = person("olga", "operator", at_site=site())
    with pytest.raises(NotPermitted):
        start_fault(sensor_code=heat.code, kind="step", act=act_by(operator))
    with pytest.raises(NotFound):
        start_fault(sensor_code="NONE", kind="step", act=act_by())
    with pytest.raises(Invalid):
        start_fault(sensor_code=heat.code, kind="burn", act=act_by())
    Sensor.objects.filter(pk=heat.pk).update(driver="opcua")
    with pytest.raises(Conflict):
        start_fault(sensor_code=heat.code, kind="step", act=act_by())


def test_partitions_are_kept_ahead() -> None:
    assert keep_partitions_ahead() == 0
