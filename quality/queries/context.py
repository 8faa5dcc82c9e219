"""What a reviewer needs around an exception, and what may stay folded because it is in range."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from batches.queries import current_values, definition_of, section_counts, steps_beyond
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
    """A unit procedure: how much stands in it, and the steps that are worth a look or were asked for."""

    place: int
    title: str
    total: int
    values: int
    in_range: int
    exceptions: int = 0
    steps: list[StepShown] = field(default_factory=list)
    is_whole: bool = False

    @property
    def is_calm(self) -> bool:
        """Say whether everything here is in range and nothing was an exception."""
        return not self.exceptions and self.in_range == self.values


def steps_shown(batch: Any, **wanted: Any) -> list[StepShown]:
    """Return steps of a batch with values and limits, in order, in three queries.

    Args:
        wanted: which steps, by their fields; all of them without.
    """
    found = batch.steps.filter(**wanted).select_related("performed_by", "verified_by")
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


def sections_of(
    batch: Any, exceptions: list[BatchException], *, whole: int | None = None
) -> list[Section]:
    """Return the steps by unit procedure: counted, and read only where something is to be seen.

    Args:
        whole: the place of a section whose steps are all wanted, counted from one.
    """
    touched = {one.step_id for one in exceptions if one.step_id} | steps_beyond(batch, IN_RANGE)
    seen: dict[str, list[StepShown]] = {}
    for step in steps_shown(batch, pk__in=touched) if touched else []:
        seen.setdefault(step.step.unit_procedure, []).append(step)
    told = Counter(one.step_id for one in exceptions)
    found = []
    for place, counted in enumerate(section_counts(batch, IN_RANGE), 1):
        steps = seen.get(counted.title, [])
        section = Section(
            place=place,
            title=counted.title,
            total=counted.steps,
            values=counted.values,
            in_range=counted.wanted,
            exceptions=sum(told[one.step.pk] for one in steps),
            steps=steps,
            is_whole=len(steps) == counted.steps,
        )
        if place == whole and not section.is_whole:
            section.steps, section.is_whole = steps_of(batch, section.title), True
        found.append(section)
    return found


def steps_of(batch: Any, title: str) -> list[StepShown]:
    """Return every step of a unit procedure."""
    return steps_shown(batch, unit_procedure=title)


def steps_around(batch: Any, found: BatchException) -> list[StepShown]:
    """Return the step of an exception with the two before and the two after it."""
    if found.step is None:
        return []
    here = found.step.ordinal
    shown = steps_shown(batch, ordinal__gte=here - NEIGHBORS, ordinal__lte=here + NEIGHBORS)
    for one in shown:
        one.is_here = one.step.pk == found.step_id
    return shown


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
