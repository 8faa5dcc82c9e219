"""Rooms with sensors for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from audit.acts import command, record
from audit.models import Site
from monitoring.commands import add_sensor, ingest_readings
from monitoring.models import Sensor
from monitoring.rules.intake import Measured
from monitoring.rules.limits import LimitSet
from supply.models import Equipment
from tests.conftest import NOON
from tests.worlds.audit import act_by, site

ROOM_LIMITS = LimitSet(
    critical_low=Decimal(15),
    warn_low=Decimal(18),
    warn_high=Decimal(22),
    critical_high=Decimal(25),
    hysteresis=Decimal("0.5"),
    silence_s=10,
)


@command
def _add_equipment(*, code: str, kind: str, at_site: Site, act: Any) -> Equipment:
    made = Equipment(code=code, name=code.title(), equipment_class=kind, site=at_site)
    made.save(force_insert=True)
    record(act, "add", made)
    return made


def room(code: str = "ROOM101", at_site: Site | None = None) -> Equipment:
    """A clean room, made once."""
    known = Equipment.objects.filter(code=code).first()
    if known is not None:
        return known
    return _add_equipment(code=code, kind="room", at_site=at_site or site(), act=act_by())


def sensor(
    code: str = "ROOM101-TEMP",
    *,
    at_room: Equipment | None = None,
    quantity: str = "temperature",
    limits: LimitSet = ROOM_LIMITS,
    baseline: str = "20.5",
) -> Sensor:
    """A sensor of a room, made once."""
    known = Sensor.objects.filter(code=code).first()
    if known is not None:
        return known
    place = at_room or room()
    return add_sensor(
        code=code,
        name=f"{place.name} {quantity}",
        quantity=quantity,
        site=place.site,
        equipment_id=place.pk,
        baseline=Decimal(baseline),
        limits=limits,
        seed=7,
        act=act_by(),
    )


def second(number: float) -> datetime:
    """The time that many seconds after noon."""
    return NOON + timedelta(seconds=number)


def measured(of: Sensor, values: Iterable[float | None], *, start: float = 0) -> int:
    """Deliver one reading a second, each in a delivery of its own; None is no answer."""
    count = 0
    for offset, value in enumerate(values):
        at = second(start + offset)
        readings = [] if value is None else [Measured(of.pk, at, value)]
        count += ingest_readings(readings, expected=[of.pk], act=act_by(at=at))
    return count
