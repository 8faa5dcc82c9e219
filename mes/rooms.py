"""Rooms: what the sensors of a room show, handed down to the steps that ask for it.

``batches`` stands below ``monitoring`` and cannot ask; ``mes.wiring`` plugs these two functions
into ``batches.ports``.
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q, QuerySet

from batches.ports import LiveValue, RoomSensor
from monitoring.models import Sensor
from monitoring.queries import sensors_seen
from monitoring.rules.intake import exact
from monitoring.rules.quality import word_of


def value_in_room(room: str, place: str, quantity: str) -> LiveValue | None:
    """Return what the sensor of ``quantity`` shows in a room, or in equipment standing in it."""
    found = sensors_seen(None).filter(quantity=quantity)
    where = Q(equipment__code=room) if place == "room" else Q(equipment__room__code=room)
    sensor = found.filter(where).order_by("code").first()
    value = last_of(sensor) if sensor else None
    if sensor is None or value is None or sensor.condition.last_at is None:
        return None
    return LiveValue(
        sensor=sensor.code,
        value=value,
        unit=sensor.unit,
        at=sensor.condition.last_at,
        is_good=word_of(sensor.condition.last_quality) == "good",
    )


def sensors_in_room(room: str) -> list[RoomSensor]:
    """Return the sensors of a room and of what stands in it, as a screen shows them."""
    return [
        RoomSensor(
            sensor=sensor.code,
            name=sensor.name,
            unit=sensor.unit,
            value=last_of(sensor),
            at=sensor.condition.last_at,
            alarm=sensor.condition.severity if sensor.condition.severity == "critical" else "",
        )
        for sensor in sensors_of(room)
    ]


def sensors_of(room: str) -> QuerySet[Sensor]:
    """Return the active sensors of a room and of what stands in it, by code."""
    found = sensors_seen(None).filter(Q(equipment__code=room) | Q(equipment__room__code=room))
    return found.order_by("code")


def last_of(sensor: Sensor) -> Decimal | None:
    """Return the last value of a sensor with its decimals, or None when there is none."""
    value = sensor.condition.last_value
    return None if value is None else exact(value)
