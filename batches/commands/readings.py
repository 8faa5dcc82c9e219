"""Readings: what an entry means for a step of each kind, before it is stored as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from audit.acts import Act
from batches.models import Batch, Step, StepValue
from batches.ports import sensor_value
from batches.queries.work import document_of_batch, found_values, order_values
from batches.rules.calculations import computed
from batches.rules.entries import follows_pattern, reason_from, text_from
from batches.rules.laboratory import TestData
from batches.rules.modes import MANUAL
from batches.rules.moments import instant_from, why_outside
from batches.rules.verdicts import (
    OK,
    Judged,
    judged_choice,
    judged_hold,
    judged_number,
    judged_time,
    seconds_left,
)
from kernel.errors import Conflict, Invalid
from kernel.quantities import (
    decimal_from,
    places_of,
    round_half_up,
    text_of,
    unit_from,
    unit_label,
)
from recipes.rules.limits import Range, range_label
from recipes.rules.steps import (
    NOW,
    CalculationStep,
    ChoiceStep,
    ConfirmStep,
    DateTimeStep,
    HoldTimeStep,
    InstructionStep,
    NumberStep,
    ScanEquipmentStep,
    ScanMaterialStep,
    SensorStep,
    TextStep,
    TimerStep,
)
from recipes.rules.steps import Step as Phase
from supply import commands as supply

MOST_PLACES = 10
# A live value older than this says nothing about now.
FRESH_FOR = timedelta(seconds=60)
Source = StepValue.Source
# What is entered, and kept, when an instruction was read.
READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody entered in a step, as it came."""

    step: Step
    entered: str
    unit: str
    source: str
    reason: str
    act: Act
    happened_at: datetime | None = None
    corrects: StepValue | None = None
    test: TestData | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was understood of an entry, and what is said of it."""

    entered: str
    value: Decimal | None = None
    unit: str = ""
    source: str
    judged: Judged = OK
    details: dict[str, Any] = field(default_factory=dict)


def read_number(phase: NumberStep, entry: Entry) -> Reading:
    """Return a number, in the unit of the step, within its limits."""
    value = decimal_from(entry.entered, pointer="/value")
    if places_of(value) > MOST_PLACES:
        raise Invalid(f"At most {MOST_PLACES} decimals.", pointer="/value", code="too_precise")
    if entry.unit:
        unit = unit_from(entry.unit, pointer="/unit")
        if unit != phase.unit:
            raise Invalid(
                f"The value is needed in {unit_label(phase.unit) or 'a plain number'},"
                f" not in {unit_label(unit) or 'a plain number'}.",
                pointer="/unit",
                code="unit_mismatch",
            )
    judged = within_limits(value, phase.hard, phase.soft, phase=phase, unit=phase.unit, entry=entry)
    return Reading(
        entered=entry.entered.strip(),
        value=value,
        unit=phase.unit,
        source=Source.KEYED,
        judged=judged,
    )


def within_limits(
    value: Decimal,
    hard: Range | None,
    soft: Range | None,
    *,
    phase: Phase,
    unit: str,
    entry: Entry,
) -> Judged:
    """Return the verdict on a number; beyond a soft limit it needs a reason (A11D-05).

    Raises:
        Invalid: the number is beyond a hard limit, or there is no reason.
    """
    judged = judged_number(value, hard, soft, unit=unit, is_critical=phase.critical)
    if judged.word == "hard_limit":
        raise Invalid(
            f"{judged.reason}. Nothing was stored: the limits are {range_label(hard, unit)}."
            " Correct a typing error, or put the batch on hold.",
            pointer="/value",
            code="hard_limit",
        )
    if judged.exception_kind:
        reason_from(entry.reason, what=f"{judged.reason}: this")
    return judged


def read_confirm(phase: ConfirmStep, entry: Entry) -> Reading:
    """Return that every point was confirmed."""
    ticked = {mark.strip() for mark in entry.entered.split(",") if mark.strip()}
    if ticked != {str(place) for place in range(len(phase.checks))}:
        raise Invalid("Every point must be confirmed.", pointer="/value", code="not_all_confirmed")
    return Reading(
        entered=f"{len(phase.checks)} of {len(phase.checks)} confirmed",
        source=Source.CONFIRMED,
        details={"checks": list(phase.checks)},
    )


def read_material(phase: ScanMaterialStep, entry: Entry) -> Reading:
    """Return the lot that was scanned, taken from what is on hand."""
    line = document_of_batch(entry.step.batch).material(phase.material)
    quantity, unit = phase.quantity, phase.unit
    if line is not None and (quantity is None or unit is None):
        quantity, unit = line.quantity, line.unit
    if quantity is None or unit is None:
        raise Conflict(f"The recipe does not say how much {phase.material}.", code="no_quantity")
    scanned = text_from(entry.entered, pointer="/value")
    lot = supply.use_lot(
        material_code=phase.material,
        scanned=scanned,
        quantity=quantity,
        unit=unit,
        site=entry.step.batch.site,
        on=entry.act.at.date(),
        act=entry.act,
    )
    return Reading(
        entered=scanned,
        value=quantity,
        unit=unit,
        source=entry.source,
        details={
            "material": phase.material,
            "name": line.name if line else phase.material,
            "lot": lot.number,
            "lot_id": lot.pk,
            "expires_on": lot.expires_on.isoformat(),
        },
    )


def read_equipment(phase: ScanEquipmentStep, entry: Entry) -> Reading:
    """Return the unit that was scanned, if it may be used."""
    scanned = text_from(entry.entered, pointer="/value")
    used = supply.use_equipment(
        scanned=scanned,
        equipment_class=phase.equipment,
        site=entry.step.batch.site,
        on=entry.act.at.date(),
        used_in=entry.step.batch.number,
        act=entry.act,
    )
    due = used.calibration_due_on
    return Reading(
        entered=scanned,
        source=entry.source,
        details={
            "equipment": used.code,
            "equipment_id": used.pk,
            "name": used.name,
            "equipment_class": used.equipment_class,
            "calibration_due_on": due.isoformat() if due else None,
        },
    )


def read_timer(phase: TimerStep, entry: Entry) -> Reading:
    """Return the time that passed since the step was started."""
    started_at = entry.step.started_at
    assert started_at is not None, "a running step was started"
    elapsed = Decimal(int((entry.act.at - started_at).total_seconds() * 10)) / 10
    left = seconds_left(phase, elapsed)
    if left:
        raise Conflict(f"The timer is not over: {left} s are left.", code="too_early")
    return Reading(
        entered=text_of(elapsed),
        value=elapsed,
        unit="s",
        source=Source.COMPUTED,
        judged=judged_time(phase, elapsed),
        details={"from": started_at.isoformat(), "to": entry.act.at.isoformat()},
    )


def read_sensor(phase: SensorStep, entry: Entry) -> Reading:
    """Return what the sensor shows now; in manual mode, what a person read from the instrument."""
    if entry.step.mode == MANUAL:
        reason_from(entry.reason, what="A value that is read and typed")
        return read_number(_as_number(phase), entry)
    room = entry.step.batch.room
    live = sensor_value(room.code, phase.place, phase.quantity) if room else None
    if live is None or not live.is_good or entry.act.at - live.at > FRESH_FOR:
        raise Conflict(
            f"No sensor shows the {phase.quantity.replace('_', ' ')} of the {phase.place} now.",
            code="no_live_value",
        )
    if unit_from(live.unit) != phase.unit:
        raise Conflict("The sensor measures in another unit than the recipe.", code="unit_mismatch")
    value = live.value
    if places_of(value) > MOST_PLACES:
        value = round_half_up(value, MOST_PLACES)
    judged = within_limits(value, phase.hard, phase.soft, phase=phase, unit=phase.unit, entry=entry)
    return Reading(
        entered=text_of(value),
        value=value,
        unit=phase.unit,
        source=Source.DEVICE,
        judged=judged,
        details={"sensor": live.sensor, "at": live.at.isoformat()},
    )


def _as_number(phase: SensorStep) -> NumberStep:
    """Return a step that takes the value of a sensor as it is typed, within the same limits."""
    shared = {one.name: getattr(phase, one.name) for one in fields(Phase)}
    return NumberStep(
        **shared, parameter=phase.quantity, unit=phase.unit, decimals=phase.decimals,
        hard=phase.hard, soft=phase.soft,
    )  # fmt: skip


def read_calculation(phase: CalculationStep, entry: Entry) -> Reading:
    """Return the result of the formula with the values as they are now."""
    batch = entry.step.batch
    result = computed(
        phase,
        document=document_of_batch(batch),
        order=order_values(batch),
        steps=found_values(batch),
    )
    judged = within_limits(
        result.value, phase.hard, phase.soft, phase=phase, unit=phase.unit, entry=entry
    )
    used = [
        {"name": one.name, "from": one.source, "value": text_of(one.value), "unit": one.unit}
        for one in result.used
    ]
    return Reading(
        entered=result.text(),
        value=result.value,
        unit=phase.unit,
        source=Source.COMPUTED,
        judged=judged,
        details={"formula": phase.formula, "inputs": used},
    )


def read_choice(phase: ChoiceStep, entry: Entry) -> Reading:
    """Return the answer that was chosen."""
    option = next((one for one in phase.options if one.value == entry.entered), None)
    if option is None:
        raise Invalid("Choose one of the answers.", pointer="/value", code="unknown_option")
    judged = judged_choice(phase, option.value)
    if judged.exception_kind:
        reason_from(entry.reason, what=f"{judged.reason}: this")
    return Reading(
        entered=option.value,
        value=option.number,
        unit=phase.unit if option.number is not None else "",
        source=Source.CONFIRMED,
        judged=judged,
        details={"label": option.label},
    )


def read_text(phase: TextStep, entry: Entry) -> Reading:
    """Return the words that were entered."""
    words = text_from(entry.entered, pointer="/value", longest=phase.longest)
    if phase.pattern and not follows_pattern(words, phase.pattern):
        raise Invalid(f"It looks like {phase.pattern}.", pointer="/value", code="wrong_pattern")
    return Reading(entered=words, source=Source.KEYED)


def read_date_time(phase: DateTimeStep, entry: Entry) -> Reading:
    """Return the moment that was entered, in its zone."""
    zone = entry.step.batch.site.time_zone
    typed = text_from(entry.entered, pointer="/value", longest=40)
    at = instant_from(typed, zone=zone, pointer="/value")
    reference: datetime | None = entry.act.at
    if phase.relative_to != NOW:
        named = entry.step.batch.steps.filter(code=phase.relative_to)
        other = named.order_by("-execution").first()
        reference = other.completed_at if other else None
    if reference is None:
        raise Conflict(f"Step {phase.relative_to} is not complete yet.", code="no_reference")
    why = why_outside(phase, at, reference, typed=typed)
    if why:
        raise Invalid(f"{why}. Nothing was stored.", pointer="/value", code="hard_limit")
    is_limited = phase.earliest_seconds is not None or phase.latest_seconds is not None
    return Reading(
        entered=typed,
        source=Source.KEYED,
        judged=Judged(word="in_range") if is_limited else OK,
        details={"instant": at.isoformat(), "zone": zone},
    )


def read_instruction(phase: InstructionStep, entry: Entry) -> Reading:
    """Return that the instruction was read."""
    if entry.entered.strip() != READ:
        raise Invalid("Read the instruction first.", pointer="/value", code="not_read")
    return Reading(entered=READ, source=Source.CONFIRMED)


def held_between(phase: HoldTimeStep, batch: Batch) -> tuple[datetime, datetime]:
    """Return the end of the one step and the start of the other, as they are stored.

    Raises:
        Conflict: one of them is not there yet.
    """
    steps = {one.code: one for one in batch.steps.filter(code__in=(phase.since, phase.until))}
    begin = steps[phase.since].completed_at if phase.since in steps else None
    end = steps[phase.until].started_at if phase.until in steps else None
    if begin is None:
        raise Conflict(f"Step {phase.since} is not complete yet.", code="no_reference")
    if end is None:
        raise Conflict(f"Step {phase.until} was not started yet.", code="no_reference")
    return begin, end


def read_hold_time(phase: HoldTimeStep, entry: Entry) -> Reading:
    """Return the time between the two steps, as it is stored."""
    begin, end = held_between(phase, entry.step.batch)
    elapsed = Decimal((end - begin) // timedelta(milliseconds=1)) / 1000
    return Reading(
        entered=text_of(elapsed),
        value=elapsed,
        unit="s",
        source=Source.COMPUTED,
        judged=judged_hold(phase, elapsed),
        details={"from": begin.isoformat(), "to": end.isoformat()},
    )
