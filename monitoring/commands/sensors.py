"""Sensors: added, given their limits, and broken on purpose."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db.models import Q

from audit.acts import Act, command, record
from audit.commands.people import SYSTEM
from audit.models import Site
from audit.permissions import holds, require
from kernel.errors import Conflict, Invalid, NotFound, StaleView
from monitoring.drivers import FAULT_KINDS, driver_names
from monitoring.models import QUANTITIES, Sensor, SensorCondition, SimulatedFault
from monitoring.permissions import ENGINEERS
from monitoring.rules.limits import LimitSet, LimitsOutOfOrder

LIMIT_FIELDS = (
    "critical_low",
    "warn_low",
    "warn_high",
    "critical_high",
    "delay_s",
    "hysteresis",
    "silence_s",
)


def _may_set_up(act: Act, site_id: int) -> bool:
    return act.by.username == SYSTEM or holds(act.by, *ENGINEERS, site_id=site_id)


@command
def add_sensor(
    *,
    code: str,
    name: str,
    quantity: str,
    site: Site,
    equipment_id: int,
    baseline: Decimal,
    limits: LimitSet,
    seed: int = 0,
    driver: str = "simulated",
    act: Act,
) -> Sensor:
    """Add a sensor to a room or a unit of equipment.

    Args:
        baseline: the value about which a simulated sensor moves.

    Raises:
        Invalid: the code is not plain, or quantity or driver are unknown.
    """
    require(_may_set_up(act, site.pk), "add sensors here")
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{1,39}", code):
        raise Invalid("A sensor code is capital letters, digits and dashes.", pointer="/code")
    if quantity not in QUANTITIES:
        raise Invalid(f"There is no quantity {quantity}.", pointer="/quantity", code="unknown")
    if driver not in driver_names():
        raise Invalid(f"There is no driver {driver}.", pointer="/driver", code="unknown")
    if Sensor.objects.filter(code=code).exists():
        raise Conflict(f"There is a sensor {code} already.", pointer="/code", code="used")
    unit, decimals = QUANTITIES[quantity]
    sensor = Sensor(
        code=code,
        name=name,
        quantity=quantity,
        unit=unit,
        decimals=decimals,
        site=site,
        equipment_id=equipment_id,
        driver=driver,
        config={"baseline": str(baseline), "seed": seed},
        **{field: getattr(limits, field) for field in LIMIT_FIELDS},
    )
    sensor.save(force_insert=True)
    SensorCondition.objects.create(sensor=sensor)
    record(act, "add", sensor)
    return sensor


@command
def change_limits(*, sensor_id: int, seen: int, changes: dict[str, Any], act: Act) -> Sensor:
    """Change the limits of a sensor; readings are judged by them from the next one on.

    Raises:
        Invalid: the limits contradict each other, or no reason was given.
        StaleView: somebody changed the sensor meanwhile.
    """
    sensor = _locked_sensor(sensor_id)
    require(_may_set_up(act, sensor.site_id), "change limits here")
    if sensor.version != seen:
        raise StaleView("The sensor was changed after you looked.")
    if not act.reason.strip():
        raise Invalid("Say why the limits change.", pointer="/reason", code="blank")
    for name, value in changes.items():
        if name not in LIMIT_FIELDS:
            raise Invalid(f"A sensor has no limit {name}.", pointer=f"/{name}", code="unknown")
        setattr(sensor, name, value)
    try:
        sensor.limits()
    except LimitsOutOfOrder as refused:
        raise Invalid(str(refused), pointer="/limits", code="order") from refused
    sensor.version += 1
    sensor.save(update_fields=[*changes, "version"])
    SensorCondition.objects.filter(sensor=sensor).update(limits_key=uuid4())
    record(act, "change_limits", sensor)
    return sensor


@command
def start_fault(
    *,
    sensor_code: str,
    kind: str,
    act: Act,
    seconds: Decimal | None = None,
    magnitude: Decimal = Decimal(1),
) -> SimulatedFault:
    """Make a simulated sensor play a fault from now on.

    Args:
        seconds: how long it lasts; None until it is stopped.
        magnitude: how far it goes, in the sensor's unit (an open door: 1 is wide).

    Raises:
        Invalid: unknown kind, or a length or magnitude that makes no sense.
        Conflict: the sensor is a real one.
    """
    sensor = Sensor.objects.filter(code=sensor_code).first()
    if sensor is None:
        raise NotFound(f"There is no sensor {sensor_code}.")
    require(_may_set_up(act, sensor.site_id), "simulate faults here")
    if sensor.driver != "simulated":
        raise Conflict("A real sensor breaks by itself.", code="real_sensor")
    if kind not in FAULT_KINDS:
        raise Invalid(f"A fault is one of {', '.join(FAULT_KINDS)}.", pointer="/kind")
    if not magnitude.is_finite() or abs(magnitude) > 1000:
        raise Invalid("A magnitude lies between -1000 and 1000.", pointer="/magnitude")
    if seconds is not None and not (seconds.is_finite() and 0 < seconds <= 604_800):
        raise Invalid("A fault lasts at most a week.", pointer="/seconds")
    fault = SimulatedFault(
        sensor=sensor,
        kind=kind,
        magnitude=magnitude,
        starts_at=act.at,
        ends_at=None if seconds is None else act.at + timedelta(seconds=float(seconds)),
    )
    fault.save(force_insert=True)
    record(act, "start_fault", fault)
    return fault


@command(may_be_silent=True)
def stop_faults(*, sensor_code: str, act: Act) -> int:
    """End every fault that a simulated sensor plays; return how many there were."""
    playing = (
        SimulatedFault.objects.select_for_update(of=("self",))
        .filter(Q(ends_at=None) | Q(ends_at__gt=act.at), sensor__code=sensor_code)
        .select_related("sensor")
    )
    stopped = 0
    for fault in playing:
        require(_may_set_up(act, fault.sensor.site_id), "simulate faults here")
        fault.ends_at = max(act.at, fault.starts_at)
        fault.save(update_fields=["ends_at"])
        record(act, "stop_fault", fault)
        stopped += 1
    return stopped


def _locked_sensor(sensor_id: int) -> Sensor:
    found: Sensor | None = Sensor.objects.select_for_update().filter(pk=sensor_id).first()
    if found is None:
        raise NotFound("There is no such sensor.")
    return found
