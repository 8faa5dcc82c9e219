"""Charts: the readings of a window with their limits, as the chart on the screen takes them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from kernel.quantities import unit_label
from monitoring.models import Sensor
from monitoring.queries import limits_in_force, trend
from monitoring.rules.limits import LIMITS, LimitSet

LABELS = {
    "critical_high": "Critical high",
    "warn_high": "Warning high",
    "warn_low": "Warning low",
    "critical_low": "Critical low",
}


def limit_rows(limits: LimitSet) -> list[dict[str, Any]]:
    """Return the limits that there are, from the highest to the lowest, with their names."""
    rows = [
        {
            "value": limit,
            "label": LABELS[name],
            "side": name.rpartition("_")[2],
            "kind": "stop" if name.startswith("critical") else "attention",
        }
        for name in LIMITS
        if (limit := limits.limit(name)) is not None
    ]
    return sorted(rows, key=lambda row: row["value"], reverse=True)


def shown_value(sensor: Sensor) -> str | None:
    """Return the last value of a sensor with its decimals, or None when it is not usable."""
    last = sensor.condition
    if last.last_value is None or last.last_quality < 0:
        return None
    return f"{last.last_value:.{sensor.decimals}f}"


def chart_of(
    sensor: Sensor, start: datetime, end: datetime, *, limits: LimitSet | None = None
) -> dict[str, Any]:
    """Return what ``<sensor-chart>`` draws (docs/reference/components.md).

    Args:
        limits: those that were in force in the window; None draws those in force now.
    """
    held = limits or limits_in_force([sensor.pk])[sensor.pk]
    points = trend(sensor, start, end)
    return {
        "label": sensor.name,
        "unit": unit_label(sensor.unit),
        "decimals": sensor.decimals,
        "times": [round(at, 3) for at, _ in points],
        "values": [value for _, value in points],
        "limits": [
            {**row, "label": row["label"], "value": _plain(row["value"])}
            for row in limit_rows(held)
        ],
        "steps": [],
        "gap": sensor.silence_s or 10,
    }


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
