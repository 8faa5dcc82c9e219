"""Scales: on which line one is read, and what it shows now (21 CFR 11.10(h); P11-10 and A11D-06)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from audit.acts import Act, command, record
from audit.permissions import holds, require
from kernel.errors import Conflict, Invalid
from kernel.quantities import places_of
from supply.commands.logbook import log
from supply.commands.service import unit_for_update
from supply.drivers import read
from supply.models import Equipment
from supply.queries import class_coded
from supply.states import QUALIFICATION


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleReading:
    """A weight as a scale showed it, with every digit."""

    value: Decimal
    unit: str


def read_scale(unit: Equipment, *, load: Decimal | None = None) -> ScaleReading:
    """Return what a scale shows, once it stands still.

    It may take seconds: nobody asks while they hold a lock.

    Args:
        load: what is laid on a scale that is only simulated; a real one weighs what is on it.

    Raises:
        Conflict: it is not connected, cannot be reached, or shows no weight; the code says which.
    """
    known = class_coded(unit.equipment_class)
    if known is None or known.resolution is None:
        raise Conflict(f"{unit.name} is no scale.", pointer="/scale", code="no_scale")
    where = settings.SCALE_LINES.get(unit.scale_line)
    if not unit.scale_line or where is None:
        raise Conflict(f"{unit.name} is not connected: type what it shows.", code="not_connected")
    shown = read(
        unit.scale_line,
        where,
        unit=known.unit,
        places=places_of(known.resolution.normalize()),
        load=load,
    )
    return ScaleReading(value=shown.value, unit=shown.unit)


@command
def connect_scale(*, code: str, line: str, reason: str, act: Act) -> Equipment:
    """Say on which line a scale is read; quality then qualifies it anew, with a signature.

    Args:
        line: one that the settings name, or nothing: its weight is typed.

    Raises:
        NotFound: there is no such unit where this person works.
        NotPermitted: not an engineer there.
        Conflict: the unit is no scale.
        Invalid: the settings name no such line, or there is no reason.
    """
    unit = unit_for_update(code, act)
    require(holds(act.by, "engineer", site_id=unit.site_id), "connect scales here")
    known = class_coded(unit.equipment_class)
    if known is None or not known.is_scale:
        raise Conflict(f"{unit.name} is no scale.", code="no_scale")
    if line and line not in settings.SCALE_LINES:
        raise Invalid("The settings name no such line.", pointer="/line", code="unknown")
    words = reason.strip()[:1000]
    if not words:
        raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    unit.scale_line = line
    changed = ["scale_line"]
    if unit.qualification == "qualified":
        unit.qualification = QUALIFICATION.after(unit.qualification, "disqualify")
        changed.append("qualification")
    unit.save(update_fields=changed)
    record(act, "connect_scale", unit, reason=words)
    told = f"Read on line {line}" if line else "Not read any more: its weight is typed"
    log(unit, "service", f"{told}: {words}", act=act)
    return unit
