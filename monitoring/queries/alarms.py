"""Alarms and watches: what is open now, and what a batch's record says of its sensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from kernel.errors import NotFound
from monitoring.models import Alarm, Sensor, Watch
from monitoring.queries.readings import digest_of_readings, summary_of
from monitoring.queries.records import limits_from, plain_alarm, plain_summary
from monitoring.rules.window import Summary


def open_alarms(sites: Iterable[int] | None = None) -> QuerySet[Alarm]:
    """Return the alarms that are open at these sites (None: at all), newest first."""
    found = Alarm.objects.filter(cleared_at=None).select_related(
        "sensor__equipment", "sensor__site"
    )
    return found if sites is None else found.filter(sensor__site_id__in=list(sites))


def alarms_of(sensor: Sensor, start: datetime, end: datetime) -> list[Alarm]:
    """Return the alarms of a sensor that were open at some time of a window, oldest first."""
    found = Alarm.objects.filter(sensor=sensor, raised_at__lt=end).exclude(cleared_at__lt=start)
    return list(found.select_related("acknowledged_by").order_by("raised_at", "pk"))


def watches_of(batch_id: int) -> QuerySet[Watch]:
    """Return the watches over a batch, by sensor code."""
    found = Watch.objects.filter(batch_id=batch_id).select_related("sensor__equipment")
    return found.order_by("sensor__code")


def watch_over(batch_number: str, sensor: Sensor) -> Watch:
    """Return the watch of a sensor over the batch of that number.

    Raises:
        NotFound: the sensor did not watch over such a batch.
    """
    found = Watch.objects.filter(sensor=sensor, batch__number=batch_number.replace("\x00", ""))
    watch = found.first()
    if watch is None:
        raise NotFound(f"{sensor.code} did not watch over such a batch.")
    return watch


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
        "summary": watch.summary or plain_summary(summary_of_watch(watch, end)),
        "alarms": [plain_alarm(alarm) for alarm in alarms_of(sensor, watch.opened_at, end)],
    }


def summary_of_watch(watch: Watch, end: datetime) -> Summary:
    """Return what was shown from the opening of a watch to ``end``, against its own limits."""
    return summary_of(watch.sensor, limits_from(watch.limits), watch.opened_at, end)


def broken_seals(batch_ids: Iterable[int] | None = None) -> Iterator[tuple[Watch, str]]:
    """Yield every sealed watch whose readings are not those that were sealed, with the reason.

    Args:
        batch_ids: only watches over these batches; None is all.
    """
    sealed = Watch.objects.exclude(closed_at=None).exclude(summary=None).order_by("id")
    if batch_ids is not None:
        sealed = sealed.filter(batch_id__in=list(batch_ids))
    for watch in sealed.select_related("sensor", "batch").iterator():
        expected = watch.summary.get("readings_digest", "")
        closed_at = watch.closed_at or watch.opened_at
        if digest_of_readings(watch.sensor_id, watch.opened_at, closed_at) != expected:
            yield watch, "the readings are not the ones that were sealed"
