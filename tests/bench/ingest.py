"""Ingest against raw binary COPY of the same rows into the same table, in the same run.

The baseline is the floor: its bytes are made beforehand, nothing is judged, locked or remembered.
Ours starts from readings as a driver delivers them and ends when they are committed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection, transaction

from monitoring.commands import ingest_readings
from monitoring.commands.ingest import COPY, copied
from monitoring.models import Sensor
from monitoring.rules.intake import Measured, grouped
from tests.worlds.audit import act_by
from tests.worlds.monitoring import sensor

SENSORS = 20
ROUNDS = 9


def run() -> Iterator[dict[str, Any]]:
    """Yield readings a second with 10,000 and with 1,000 readings a commit."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    sensors = [sensor(f"BENCH-{number}") for number in range(SENSORS)]
    start = day
    for name, size in (("ingest", 10_000), ("ingest_1000", 1_000)):
        ours, raw = [], []
        for _ in range(ROUNDS):
            deliver = _delivery(sensors, start, size)
            start += timedelta(seconds=size // SENSORS)
            raw.append(size / _raw(deliver, start))
            ours.append(size / _ours(deliver, start))
        value, baseline = median(ours), median(raw)
        yield {
            "name": name,
            "value": round(value),
            "unit": "readings/s",
            "baseline": round(baseline),
            "ratio": round(value / baseline, 3),
        }


def _delivery(sensors: list[Sensor], start: datetime, size: int) -> list[Measured]:
    """Return readings as a poller has them: all sensors, second after second."""
    times = [start + timedelta(seconds=step) for step in range(size // len(sensors))]
    return [
        Measured(one.pk, at, 20.0 + (step * 7 + one.pk) % 100 / 100)
        for step, at in enumerate(times)
        for one in sensors
    ]


def _raw(deliver: list[Measured], now: datetime) -> float:
    other = [reading._replace(sensor_id=-reading.sensor_id) for reading in deliver]
    body = copied(grouped(other, now=now).values())
    begun = perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.cursor.copy_expert(COPY, io.BytesIO(body), 1 << 20)
    return perf_counter() - begun


def _ours(deliver: list[Measured], now: datetime) -> float:
    act = act_by(at=now)
    begun = perf_counter()
    stored = ingest_readings(deliver, act=act)
    took = perf_counter() - begun
    if stored != len(deliver):
        raise AssertionError("a measurement of readings that were not stored means nothing")
    return took
