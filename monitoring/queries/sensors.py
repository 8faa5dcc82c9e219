"""Sensors: which there are, which are due, what each showed last, and its limits in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from kernel.errors import NotFound
from monitoring.models import Sensor, SimulatedFault, Watch
from monitoring.queries.records import limits_from
from monitoring.rules.intake import exact
from monitoring.rules.limits import LimitSet, tightened
from monitoring.rules.quality import word_of

DAY = timedelta(days=1)


def sensors_seen(sites: Iterable[int] | None) -> QuerySet[Sensor]:
    """Return the sensors of these sites (None: of all), with place and last reading."""
    found = Sensor.objects.filter(is_active=True).select_related("condition", "equipment", "site")
    return found if sites is None else found.filter(site_id__in=list(sites))


def sensor_coded(code: str, *, sites: Iterable[int] | None) -> Sensor:
    """Return the sensor of that code, if it stands at one of these sites.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    # PostgreSQL has no text with NUL in it, so no sensor has such a code.
    found = None if "\x00" in code else sensors_seen(sites).filter(code=code).first()
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


def sensor_at(room: str, place: str, quantity: str) -> Sensor | None:
    """Return the active sensor of ``quantity`` in a room, or in equipment of a class in it.

    Args:
        place: "room" for the room itself, otherwise the class of the equipment ("incubator").
    """
    found = sensors_seen(None).filter(quantity=quantity)
    if place == "room":
        return found.filter(equipment__code=room).first()
    return found.filter(
        equipment__room__code=room, equipment__equipment_class=place, is_active=True
    ).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValue:
    """What a sensor showed last; ``is_good`` says that the value may go on a record."""

    sensor: str
    value: Decimal
    unit: str
    at: datetime
    is_good: bool


def last_value(room: str, place: str, quantity: str) -> LastValue | None:
    """Return what the sensor of that place shows now, or None when there is none."""
    sensor = sensor_at(room, place, quantity)
    if sensor is None or sensor.condition.last_at is None or sensor.condition.last_value is None:
        return None
    return LastValue(
        sensor=sensor.code,
        value=exact(sensor.condition.last_value),
        unit=sensor.unit,
        at=sensor.condition.last_at,
        is_good=word_of(sensor.condition.last_quality) == "good",
    )


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


def limits_in_force(sensor_ids: Iterable[int]) -> dict[int, LimitSet]:
    """Return the limits of sensors: their own, tightened by those of the batches they watch."""
    found = {one.pk: one.limits() for one in Sensor.objects.filter(id__in=list(sensor_ids))}
    for watch in Watch.objects.filter(sensor_id__in=list(found), closed_at=None).order_by("id"):
        found[watch.sensor_id] = tightened(found[watch.sensor_id], limits_from(watch.limits))
    return found
