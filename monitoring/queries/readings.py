"""Readings by the window: raw, as they go on a record, page by page, and thinned for charts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from struct import Struct

from django.db import connection

from monitoring.models import Sensor
from monitoring.rules.intake import exact, microseconds
from monitoring.rules.limits import LimitSet, Reading
from monitoring.rules.window import Point, Summary, summarize, thinned

PAGE = 50_000
DAY = timedelta(days=1)
WINDOW = (
    "SELECT at, value, quality FROM monitoring_reading"
    " WHERE sensor_id = %s AND at >= %s AND at < %s ORDER BY at LIMIT %s"
)
OLDEST_FIRST = (
    "SELECT at, received_at, value, quality FROM monitoring_reading"
    " WHERE sensor_id = %s AND at >= %s AND at < %s ORDER BY at LIMIT %s"
)
NEWEST_FIRST = (
    "SELECT at, received_at, value, quality FROM monitoring_reading"
    " WHERE sensor_id = %s AND at >= %s AND at < %s ORDER BY at DESC LIMIT %s"
)
# Long windows are thinned in the database: the lowest and highest value of each bucket.
BUCKETS = """
SELECT floor(extract(epoch FROM at) / %(span)s) * %(span)s AS bucket,
       min(value) FILTER (WHERE quality >= 0), max(value) FILTER (WHERE quality >= 0)
  FROM monitoring_reading
 WHERE sensor_id = %(sensor)s AND at >= %(start)s AND at < %(end)s GROUP BY 1 ORDER BY 1
"""

_good = Struct(">qdh").pack
_empty = Struct(">qh").pack


def raw_readings(
    sensor_id: int, start: datetime, end: datetime
) -> Iterator[tuple[datetime, float | None, int]]:
    """Yield (time, value, quality) of a window, oldest first, whatever its length."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(WINDOW, [sensor_id, start, end, PAGE])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < PAGE:
            return
        start = rows[-1][0] + timedelta(microseconds=1)


def page_of_readings(
    sensor_id: int,
    start: datetime,
    end: datetime,
    *,
    limit: int,
    after: datetime | None = None,
    before: datetime | None = None,
) -> tuple[list[tuple[datetime, datetime, float | None, int]], bool, bool]:
    """Return a page of (time, received, value, quality), and whether there is more on either side.

    Args:
        after: only readings after this time, the oldest of them first.
        before: only readings before this time, and of them the newest.
    """
    low = start if after is None else max(start, after + timedelta(microseconds=1))
    high = end if before is None else min(end, before)
    asked = OLDEST_FIRST if before is None else NEWEST_FIRST
    with connection.cursor() as cursor:
        cursor.execute(asked, [sensor_id, low, high, limit + 1])
        rows = cursor.fetchall()
    has_more, rows = len(rows) > limit, rows[:limit]
    if before is None:
        return rows, after is not None and low > start, has_more
    return rows[::-1], has_more, True


def readings_of(sensor: Sensor, start: datetime, end: datetime) -> Iterator[Reading]:
    """Yield the readings of a window as they go on a record: Decimals with the sensor's value."""
    for at, value, quality in raw_readings(sensor.pk, start, end):
        yield Reading(at=at, value=None if value is None else exact(value), quality=quality)


def summary_of(sensor: Sensor, limits: LimitSet, start: datetime, end: datetime) -> Summary:
    """Return what a sensor showed in a window, against the critical limits in force then."""
    return summarize(
        readings_of(sensor, start, end),
        start=start,
        end=end,
        low=limits.critical_low,
        high=limits.critical_high,
        silence_s=limits.silence_s,
        decimals=sensor.decimals,
    )


def trend(sensor: Sensor, start: datetime, end: datetime, *, points: int = 800) -> list[Point]:
    """Return a window for a chart: (seconds since 1970, value or None for a gap), oldest first.

    A value that is missing for longer than the silence time leaves a gap in the line.
    """
    if end - start > DAY:
        line = _bucketed(sensor, start, end, points)
        silence_s = max(sensor.silence_s, 2 * (end - start).total_seconds() / points)
    else:
        rows = raw_readings(sensor.pk, start, end)
        line = [(at.timestamp(), None if quality < 0 else value) for at, value, quality in rows]
        silence_s = sensor.silence_s
    whole = list(_with_gaps(line, silence_s)) if sensor.silence_s else line
    return thinned(whole, start.timestamp(), end.timestamp(), points)


def _bucketed(sensor: Sensor, start: datetime, end: datetime, points: int) -> list[Point]:
    span = (end - start).total_seconds() / points
    asked: dict[str, float | int | datetime] = {
        "span": span,
        "sensor": sensor.pk,
        "start": start,
        "end": end,
    }
    line: list[Point] = []
    with connection.cursor() as cursor:
        cursor.execute(BUCKETS, asked)
        for bucket, low, high in cursor.fetchall():
            line.append((float(bucket), low))
            if high != low:
                line.append((float(bucket) + span / 2, high))
    return line


def _with_gaps(line: list[Point], silence_s: float) -> Iterator[Point]:
    before: float | None = None
    for at, value in line:
        if before is not None and at - before > silence_s:
            yield (before + silence_s / 2, None)
        yield (at, value)
        before = at


def digest_of_readings(sensor_id: int, start: datetime, end: datetime) -> str:
    """Return the SHA-256 over the readings of a window, so that none can change unseen later.

    Each reading is its time in microseconds since 2000 (8 bytes), its value as a double
    (8 bytes, absent when there is none) and its quality (2 bytes), most significant byte first.
    """
    made = hashlib.sha256()
    for at, value, quality in raw_readings(sensor_id, start, end):
        time = microseconds(at)
        made.update(_empty(time, quality) if value is None else _good(time, value, quality))
    return made.hexdigest()
