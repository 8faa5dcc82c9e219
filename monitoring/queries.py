"""Every read of the monitoring floor: readings by the window, trends, alarms, what a batch saw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from struct import Struct
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from kernel.errors import NotFound
from monitoring.models import Alarm, Sensor, SimulatedFault, Watch
from monitoring.rules.intake import exact, microseconds
from monitoring.rules.limits import Reading
from monitoring.rules.window import Point, Summary, summarize, thinned

PAGE = 50_000
DAY = timedelta(days=1)
WINDOW = (
    "SELECT at, value, quality FROM monitoring_reading"
    " WHERE sensor_id = %s AND at >= %s AND at < %s ORDER BY at LIMIT %s"
)
# Long windows are thinned in the database: the lowest and highest value of each bucket.
BUCKETS = """
SELECT floor(extract(epoch FROM at) / %(span)s) * %(span)s AS bucket,
       min(value) FILTER (WHERE quality >= 0), max(value) FILTER (WHERE quality >= 0)
  FROM monitoring_reading
 WHERE sensor_id = %(sensor)s AND at >= %(start)s AND at < %(end)s GROUP BY 1 ORDER BY 1
"""
LIMIT_FIELDS = ("critical_low", "warn_low", "warn_high", "critical_high")

_good = Struct(">qdh").pack
_empty = Struct(">qh").pack


def sensors_seen(sites: Iterable[int] | None) -> QuerySet[Sensor]:
    """Return the sensors of these sites (None: of all), with place and last reading."""
    found = Sensor.objects.filter(is_active=True).select_related("condition", "equipment", "site")
    return found if sites is None else found.filter(site_id__in=list(sites))


def sensor_coded(code: str, *, sites: Iterable[int] | None) -> Sensor:
    """Return the sensor of that code, if it stands at one of these sites.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    found = sensors_seen(sites).filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no sensor {code[:40]}.")
    return found


def last_readings() -> QuerySet[Sensor, tuple[Any, ...]]:
    """Return (code, site id, decimals, time, value, quality) of the last reading of each sensor."""
    found = Sensor.objects.filter(is_active=True, condition__last_at__isnull=False)
    return found.values_list(
        "code",
        "site_id",
        "decimals",
        "condition__last_at",
        "condition__last_value",
        "condition__last_quality",
    )


def sensor_at(equipment_code: str, quantity: str) -> Sensor | None:
    """Return the active sensor that measures ``quantity`` at that equipment, if there is one."""
    return sensors_seen(None).filter(equipment__code=equipment_code, quantity=quantity).first()


def sensors_to_poll(now: datetime) -> list[Sensor]:
    """Return the active sensors whose next reading is due at ``now``."""
    found = Sensor.objects.filter(is_active=True).select_related("condition").order_by("id")
    return [sensor for sensor in found if _is_due(sensor, now)]


def _is_due(sensor: Sensor, now: datetime) -> bool:
    # A tenth of tolerance: the beat does not come at the exact microsecond.
    last_at = sensor.condition.last_at
    return last_at is None or now - last_at >= timedelta(seconds=sensor.interval_s * 0.9)


def faults_at(now: datetime) -> dict[int, list[SimulatedFault]]:
    """Return the simulated faults that may still be felt at ``now``, by sensor."""
    found: dict[int, list[SimulatedFault]] = {}
    recent = SimulatedFault.objects.filter(starts_at__lte=now).exclude(ends_at__lt=now - DAY)
    for fault in recent:
        found.setdefault(fault.sensor_id, []).append(fault)
    return found


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


def readings_of(sensor: Sensor, start: datetime, end: datetime) -> Iterator[Reading]:
    """Yield the readings of a window as they go on a record: Decimals with the sensor's value."""
    for at, value, quality in raw_readings(sensor.pk, start, end):
        yield Reading(at=at, value=None if value is None else exact(value), quality=quality)


def summary_of(sensor: Sensor, start: datetime, end: datetime) -> Summary:
    """Return what a sensor showed in a window, against its critical limits."""
    return summarize(
        readings_of(sensor, start, end),
        start=start,
        end=end,
        low=sensor.critical_low,
        high=sensor.critical_high,
        silence_s=sensor.silence_s,
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
    asked = {"span": span, "sensor": sensor.pk, "start": start, "end": end}
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


def open_alarms(sites: Iterable[int] | None = None) -> QuerySet[Alarm]:
    """Return the alarms that are open at these sites (None: at all), newest first."""
    found = Alarm.objects.filter(cleared_at=None).select_related(
        "sensor__equipment", "sensor__site"
    )
    return found if sites is None else found.filter(sensor__site_id__in=list(sites))


def alarms_of(sensor: Sensor, start: datetime, end: datetime) -> list[Alarm]:
    """Return the alarms of a sensor that were open at some time of a window, oldest first."""
    found = Alarm.objects.filter(sensor=sensor, raised_at__lt=end).exclude(cleared_at__lt=start)
    return list(found.select_related("acknowledged_by").order_by("raised_at"))


def watches_of(batch_id: int) -> QuerySet[Watch]:
    """Return the watches over a batch, by sensor code."""
    found = Watch.objects.filter(batch_id=batch_id).select_related("sensor__equipment")
    return found.order_by("sensor__code")


def sensor_summaries(batch_id: int, *, until: datetime) -> list[dict[str, Any]]:
    """Return what the record of a batch says of its sensors, in canonical values.

    Args:
        until: the end of watches that are still open (the time of asking).
    """
    return [_plain_watch(watch, until) for watch in watches_of(batch_id)]


def _plain_watch(watch: Watch, until: datetime) -> dict[str, Any]:
    sensor, end = watch.sensor, watch.closed_at or until
    return {
        "sensor": sensor.code,
        "name": sensor.name,
        "equipment": sensor.equipment.code,
        "quantity": sensor.quantity,
        "unit": sensor.unit,
        "limits": watch.limits,
        "from": watch.opened_at,
        "to": watch.closed_at,
        "summary": watch.summary or plain_summary(summary_of(sensor, watch.opened_at, end)),
        "alarms": [plain_alarm(alarm) for alarm in alarms_of(sensor, watch.opened_at, end)],
    }


def plain_limits(sensor: Sensor) -> dict[str, Any]:
    """Return the limits of a sensor as a record holds them."""
    held: dict[str, Any] = {name: _text(getattr(sensor, name)) for name in LIMIT_FIELDS}
    return {
        **held,
        "delay_s": sensor.delay_s,
        "hysteresis": _text(sensor.hysteresis),
        "silence_s": sensor.silence_s,
    }


def _text(value: Any) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def plain_summary(summary: Summary) -> dict[str, Any]:
    """Return a summary as a record holds it: numbers as decimal text, times in UTC."""
    return {
        "usable": summary.usable,
        "bad": summary.bad,
        "low": _text(summary.low),
        "high": _text(summary.high),
        "mean": None if summary.mean is None else format(summary.mean, "f"),
        "seconds_above": _text(summary.above_s),
        "seconds_below": _text(summary.below_s),
        "gaps": [{"from": g.start.isoformat(), "to": g.end.isoformat()} for g in summary.gaps],
    }


def plain_alarm(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as a record holds it."""
    seen_by = alarm.acknowledged_by
    return {
        "cause": alarm.cause,
        "severity": alarm.severity,
        "limit": alarm.limit,
        "extreme": alarm.extreme,
        "since": alarm.since,
        "raised_at": alarm.raised_at,
        "escalated_at": alarm.escalated_at,
        "cleared_at": alarm.cleared_at,
        "acknowledged_at": alarm.acknowledged_at,
        "acknowledged_by": None if seen_by is None else seen_by.full_name,
        "comment": alarm.comment,
    }


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


def broken_seals() -> Iterator[tuple[Watch, str]]:
    """Yield every sealed watch whose readings are not those that were sealed, with the reason."""
    sealed = Watch.objects.exclude(closed_at=None).exclude(summary=None).order_by("id")
    for watch in sealed.select_related("sensor", "batch").iterator():
        expected = watch.summary.get("readings_digest", "")
        closed_at = watch.closed_at or watch.opened_at
        if digest_of_readings(watch.sensor_id, watch.opened_at, closed_at) != expected:
            yield watch, "the readings are not the ones that were sealed"
