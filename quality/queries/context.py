"""What a reviewer needs around an exception, and what may stay folded because it is in range."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from batches.queries import current_values, definition_of
from kernel.quantities import UNITS, unit_label
from quality.models import BatchException
from recipes.rules.limits import range_label
from recipes.rules.steps import TimerStep

NEIGHBORS = 2
IN_RANGE = ("ok", "in_range")
AROUND = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class StepShown:
    """A step as a reviewer sees it: its values, their limits, and what they replaced."""

    step: Any
    limits: str = ""
    hard_limits: str = ""
    values: list[dict[str, Any]] = field(default_factory=list)
    is_here: bool = False


@dataclass(slots=True, kw_only=True)
class Section:
    """A unit procedure: its steps, how many values stand in it, and how many are in range."""

    title: str
    steps: list[StepShown] = field(default_factory=list)
    values: int = 0
    in_range: int = 0
    exceptions: int = 0

    @property
    def is_calm(self) -> bool:
        """Say whether everything here is in range and nothing was an exception."""
        return not self.exceptions and self.in_range == self.values


def steps_shown(batch: Any) -> list[StepShown]:
    """Return every step of a batch with its values and limits, in order, in three queries."""
    found = batch.steps.select_related("performed_by", "verified_by")
    return [_shown(step) for step in found.prefetch_related("values__entered_by")]


def _shown(step: Any) -> StepShown:
    phase = definition_of(step)
    unit = getattr(phase, "unit", None) or "1"
    values = sorted(step.values.all(), key=lambda value: value.seq)
    standing = current_values(values)
    replaced = {value.corrects_id: value for value in values if value.corrects_id}
    older: dict[int, list[dict[str, Any]]] = {}
    for value in values:
        later = replaced.get(value.pk)
        while later is not None and later not in standing:
            later = replaced.get(later.pk)
        if later is not None:
            told = replaced[value.pk]
            older.setdefault(later.pk, []).append(
                {
                    "value": words_of(value),
                    "by": told.entered_by.full_name,
                    "at": told.entered_at,
                    "reason": told.reason,
                }
            )
    return StepShown(
        step=step,
        limits=_limits_of(phase, unit),
        hard_limits=range_label(getattr(phase, "hard", None), unit),
        values=[
            {
                "value": value,
                "words": words_of(value),
                "old": older.get(value.pk, []),
                # A number is always typed; a code that was typed, not scanned, is worth a look.
                "source": value.source if step.kind.startswith("scan") else "",
            }
            for value in values
            if value in standing or value.verdict == "mismatch"
        ],
    )


def _limits_of(phase: Any, unit: str) -> str:
    if isinstance(phase, TimerStep):
        most = phase.max_seconds
        return f"≥ {phase.min_seconds} s" if most is None else f"{phase.min_seconds} to {most} s"
    return range_label(getattr(phase, "soft", None), unit)


def words_of(value: Any) -> str:
    """Return a value as a reviewer reads it: the number with its unit, or what was entered."""
    if value.details.get("label"):
        return str(value.details["label"])
    if "lot" in value.details and value.value is not None:
        used = _with_unit(format(value.value.normalize(), "f"), value.unit)
        return f"Lot {value.details['lot']}, {used}"
    return _with_unit(value.entered, value.unit) if value.value is not None else value.entered


def _with_unit(number: str, unit: str) -> str:
    return f"{number} {unit_label(unit) if unit in UNITS else unit}".rstrip()


def sections_of(shown: list[StepShown], exceptions: list[BatchException]) -> list[Section]:
    """Return the steps by unit procedure, with what is in range counted."""
    touched: dict[int | None, int] = {}
    for exception in exceptions:
        touched[exception.step_id] = touched.get(exception.step_id, 0) + 1
    found: dict[str, Section] = {}
    for one in shown:
        section = found.setdefault(one.step.unit_procedure, Section(title=one.step.unit_procedure))
        section.steps.append(one)
        standing = [line["value"] for line in one.values]
        section.values += len(standing)
        section.in_range += sum(value.verdict in IN_RANGE for value in standing)
        section.exceptions += touched.get(one.step.pk, 0)
    return list(found.values())


def steps_around(shown: list[StepShown], found: BatchException) -> list[StepShown]:
    """Return the step of an exception with the two before and the two after it."""
    place = next((index for index, one in enumerate(shown) if one.step.pk == found.step_id), None)
    if place is None:
        return []
    for one in shown:
        one.is_here = one.step.pk == found.step_id
    return shown[max(0, place - NEIGHBORS) : place + NEIGHBORS + 1]


def results_of(shown: list[StepShown]) -> list[dict[str, Any]]:
    """Return the numbers of a batch beside their limits, for the certificate."""
    return [
        {"step": one.step, "limits": one.limits or one.hard_limits, **line}
        for one in shown
        for line in one.values
        if one.step.kind in ("number", "calculation", "sensor", "timer")
    ]


def chart_of(found: BatchException) -> dict[str, Any] | None:
    """Return where the readings around an excursion are, for the chart; None for other kinds.

    The chart names the batch, so that it draws the limits under which the batch was made.
    """
    sensor = found.context.get("sensor")
    if not sensor:
        return None
    start = datetime.fromisoformat(found.context["since"]) - AROUND
    end = datetime.fromisoformat(found.context["exceeded_at"]) + AROUND
    seconds = max(60, int((end - start).total_seconds()))
    asked = {"seconds": seconds, "until": end.isoformat(), "batch": found.batch.number}
    return {
        "url": f"/sensors/{quote(sensor)}/readings.json?{urlencode(asked)}",
        "label": found.context.get("sensor_name", sensor),
        "seconds": seconds,
    }
