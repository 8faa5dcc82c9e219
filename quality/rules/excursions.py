"""Excursions: what an exceeded limit is called in the title and the text of its deviation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from quality.rules.words import shown_quantity, shown_time

_SIDES = {"critical_high": ("above", "upper"), "critical_low": ("below", "lower")}
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """A sensor outside its critical limit, or silent, while it watched over a batch."""

    sensor: str
    sensor_name: str
    unit: str
    cause: str
    limit: Decimal | None
    value: Decimal | None
    since: datetime
    exceeded_at: datetime


def title_of(found: Excursion) -> str:
    """Return one line: which sensor, the number, and the limit it broke."""
    said = f"{found.sensor_name}: {_broken(found)}"
    return said if len(said) <= LONGEST_TITLE else said[: LONGEST_TITLE - 1] + "…"


def _broken(found: Excursion) -> str:
    if found.cause == "silence" or found.limit is None or found.value is None:
        return f"no usable reading since {shown_time(found.since)}"
    side, bound = _SIDES.get(found.cause, ("outside", "critical"))
    value = shown_quantity(found.value, found.unit)
    limit = shown_quantity(found.limit, found.unit)
    return f"{value} is {side} the {bound} critical limit of {limit}"


def story_of(found: Excursion, *, batch: str) -> str:
    """Return what happened, in full sentences."""
    return (
        f"Sensor {found.sensor} watched over batch {batch}. {found.sensor_name}: {_broken(found)}."
        f" It began {shown_time(found.since)} and was noticed {shown_time(found.exceeded_at)}."
    )
