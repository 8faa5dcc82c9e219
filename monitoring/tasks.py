"""What runs by itself: the polling of all sensors every second, and room for what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from celery import shared_task
from django.db import connection

from audit.edges import act_of_task
from monitoring.commands import ingest_readings, make_partitions
from monitoring.drivers import Fault, driver_named
from monitoring.models import Sensor, SimulatedFault
from monitoring.queries import faults_at, sensors_to_poll
from monitoring.rules.intake import Measured

log = structlog.get_logger()

# One poller at a time, whatever number of workers there is ("poll" in hexadecimal digits).
POLL_LOCK = 0x706F6C6C


@shared_task(name="monitoring.tasks.poll_sensors", ignore_result=True)
def poll_sensors() -> int:
    """Read every sensor that is due, and take in what they say; return how many readings.

    One task for all sensors: a task for each would cost a hundred times what the reading does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [POLL_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return _poll()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [POLL_LOCK])


def _poll() -> int:
    act = act_of_task("poll_sensors")
    due = sensors_to_poll(act.at)
    faults = faults_at(act.at)
    readings = list(_read(due, act.at, faults))
    return ingest_readings(readings, expected=[sensor.pk for sensor in due], act=act)


def _read(
    sensors: Sequence[Sensor], at: datetime, faults: dict[int, list[SimulatedFault]]
) -> Iterator[Measured]:
    """Yield the readings; a driver that fails is a sensor that did not answer."""
    for sensor in sensors:
        played = [played_fault(fault) for fault in faults.get(sensor.pk, ())]
        try:
            raw = driver_named(sensor.driver).read(sensor.spec(), at, played)
        except Exception as error:  # whatever a driver does, the other sensors are read
            log.warning("sensor_not_read", sensor=sensor.code, kind=type(error).__name__)
            continue
        if raw is not None:
            yield Measured(sensor.pk, raw.source_at, raw.value, raw.quality)


def played_fault(fault: SimulatedFault) -> Fault:
    """Return a fault as the simulated driver knows it."""
    return Fault(
        kind=fault.kind,
        starts_at=fault.starts_at,
        ends_at=fault.ends_at,
        magnitude=float(fault.magnitude),
    )


@shared_task(name="monitoring.tasks.keep_partitions_ahead", ignore_result=True)
def keep_partitions_ahead() -> int:
    """Make the partitions of the coming days."""
    return make_partitions(act=act_of_task("keep_partitions_ahead"))
