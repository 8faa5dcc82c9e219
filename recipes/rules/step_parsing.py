"""From a plain step to a ``Step``, one reading per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from recipes.rules.control_steps import (
    CLEARANCE_STAGES,
    ControlStep,
    LineClearanceStep,
    SampleStep,
    ScanDocumentStep,
)
from recipes.rules.file_steps import FILE_SORTS, FileStep, LabelStep
from recipes.rules.laboratory import read_laboratory
from recipes.rules.limits import Range
from recipes.rules.reader import Reader
from recipes.rules.steps import (
    IDENTITY_TARGETS,
    NOW,
    PERFORMING_ROLES,
    PLACES,
    QUANTITIES,
    CalculationStep,
    ChoiceStep,
    ConfirmStep,
    DateTimeStep,
    HoldTimeStep,
    InstructionStep,
    NumberStep,
    Option,
    ScanEquipmentStep,
    ScanIdentityStep,
    ScanMaterialStep,
    SensorStep,
    Step,
    TextStep,
    TimerStep,
)
from recipes.rules.structure import Input, read_condition
from recipes.rules.weigh_steps import BEYOND, WeighStep

# Stands for an ``after`` that is not given, until the place of the step in the procedure is known.
UNSTATED = ("(the step before)",)
_MOST_DECIMALS = 10
_MOST_REPEATS = 9
_MOST_LABELS = 200
_LONGEST_TIME = 60 * 24 * 3600
_LONGEST_TEXT = 400
_LATEST_RECORD = 7 * 24 * 60
_LONGEST_OFFSET = 50 * 366 * 24 * 3600


def read_step(reader: Reader) -> Step:
    """Return the step of ``reader``, of the kind it names."""
    kind = reader.word("kind", tuple(READINGS))
    common: dict[str, Any] = {
        "code": reader.code("code", longest=24),
        "title": reader.text("title", longest=200, is_required=True),
        "instruction": reader.text("instruction", longest=2000),
        "roles": reader.words("roles", PERFORMING_ROLES, default=("operator",)),
        "when": reader.optional("when", read_condition),
        "verify": reader.flag("verify"),
        "critical": reader.flag("critical"),
        "watch": reader.flag("watch"),
        "after": reader.codes("after", longest=24) if reader.has("after") else UNSTATED,
        "late_after_minutes": reader.whole("late_after_minutes", low=1, high=_LATEST_RECORD),
        "may_skip": reader.flag("may_skip"),
    }
    return READINGS[kind](reader, common)


def _range(reader: Reader) -> Range:
    read = Range(
        min=reader.number("min"),
        max=reader.number("max"),
        min_exclusive=reader.flag("min_exclusive"),
        max_exclusive=reader.flag("max_exclusive"),
    )
    if read.is_open:
        reader.fault("", "required", "A range has a lowest value, a highest value, or both.")
    if not read.is_possible:
        reader.fault("", "impossible_range", "No value can be in this range.")
    return read


def _measured(reader: Reader) -> dict[str, Any]:
    return {
        "unit": reader.unit(),
        "decimals": reader.whole("decimals", low=0, high=_MOST_DECIMALS, is_required=True),
        "hard": reader.optional("hard", _range),
        "soft": reader.optional("soft", _range),
    }


def _confirm(reader: Reader, common: dict[str, Any]) -> Step:
    return ConfirmStep(**common, checks=reader.texts("checks"))


def _number(reader: Reader, common: dict[str, Any]) -> Step:
    return NumberStep(**common, parameter=reader.code("parameter"), **_measured(reader))


def _scan_identity(reader: Reader, common: dict[str, Any]) -> Step:
    if common["may_skip"]:
        reader.fault("may_skip", "contradiction", "Whose material it is always applies.")
    return ScanIdentityStep(**common, target=reader.word("target", IDENTITY_TARGETS, default="bag"))


def _scan_material(reader: Reader, common: dict[str, Any]) -> Step:
    quantity = reader.number("quantity")
    unit = reader.unit(default="1") if reader.has("unit") else None
    if (quantity is None) != (unit is None):
        reader.fault("unit", "contradiction", "A quantity and its unit are given together.")
    return ScanMaterialStep(
        **common, material=reader.code("material"), quantity=quantity, unit=unit
    )


def _scan_equipment(reader: Reader, common: dict[str, Any]) -> Step:
    return ScanEquipmentStep(**common, equipment=reader.code("equipment"))


def _timer(reader: Reader, common: dict[str, Any]) -> Step:
    shortest = reader.whole("min_seconds", low=0, high=_LONGEST_TIME, is_required=True)
    longest = reader.whole("max_seconds", low=1, high=_LONGEST_TIME)
    if longest is not None and longest <= shortest:
        reader.fault("max_seconds", "impossible_range", "The longest time is not above the least.")
    return TimerStep(**common, min_seconds=shortest, max_seconds=longest)


def _sensor(reader: Reader, common: dict[str, Any]) -> Step:
    return SensorStep(
        **common,
        quantity=reader.word("quantity", tuple(QUANTITIES)),
        place=reader.word("place", PLACES),
        **_measured(reader),
    )


def _input(name: str, reader: Reader) -> Input:
    # The name itself is judged where the formula is: one that it does not use is refused there.
    return Input(
        name=name, source=reader.text("from", longest=80, is_required=True), unit=reader.unit()
    )


def _calculation(reader: Reader, common: dict[str, Any]) -> Step:
    return CalculationStep(
        **common,
        parameter=reader.code("parameter"),
        formula=reader.text("formula", longest=500, is_required=True),
        inputs=reader.named_parts("inputs", _input),
        **_measured(reader),
    )


def _option(reader: Reader) -> Option:
    return Option(
        value=reader.code("value"),
        label=reader.text("label", longest=200, is_required=True),
        number=reader.number("number"),
    )


def _choice(reader: Reader, common: dict[str, Any]) -> Step:
    options = reader.parts("options", _option, is_required=True)
    accepted = reader.codes("accepted")
    values = [option.value for option in options]
    if len(set(values)) < len(values):
        reader.fault("options", "duplicate", "Two options have the same value.")
    if not set(accepted) <= set(values):
        reader.fault("accepted", "unknown_word", "What is accepted must be one of the options.")
    return ChoiceStep(
        **common, options=options, accepted=accepted, unit=reader.unit("unit", default="1")
    )


def _text(reader: Reader, common: dict[str, Any]) -> Step:
    longest = reader.whole("longest", low=1, high=_LONGEST_TEXT)
    pattern = reader.text("pattern", longest=80)
    longest = longest or _LONGEST_TEXT
    if len(pattern) > longest:
        reader.fault("pattern", "contradiction", "The pattern is longer than the text may be.")
    return TextStep(**common, longest=longest, pattern=pattern)


def _date_time(reader: Reader, common: dict[str, Any]) -> Step:
    earliest = reader.whole("earliest_seconds", low=-_LONGEST_OFFSET, high=_LONGEST_OFFSET)
    latest = reader.whole("latest_seconds", low=-_LONGEST_OFFSET, high=_LONGEST_OFFSET)
    if earliest is not None and latest is not None and latest < earliest:
        reader.fault("latest_seconds", "impossible_range", "The latest is before the earliest.")
    relative_to = reader.code("relative_to", longest=24) if reader.has("relative_to") else NOW
    return DateTimeStep(
        **common, relative_to=relative_to, earliest_seconds=earliest, latest_seconds=latest
    )


def _instruction(reader: Reader, common: dict[str, Any]) -> Step:
    if not common["instruction"]:
        reader.fault("instruction", "required", "An instruction that is read has words.")
    return InstructionStep(**common)


def _hold_time(reader: Reader, common: dict[str, Any]) -> Step:
    shortest = reader.whole("min_seconds", low=0, high=_LONGEST_TIME) or 0
    longest = reader.whole("max_seconds", low=1, high=_LONGEST_TIME)
    if longest is not None and longest <= shortest:
        reader.fault("max_seconds", "impossible_range", "The longest time is not above the least.")
    return HoldTimeStep(
        **common,
        since=reader.code("since", longest=24),
        until=reader.code("until", longest=24),
        min_seconds=shortest,
        max_seconds=longest,
    )


def _scan_document(reader: Reader, common: dict[str, Any]) -> Step:
    return ScanDocumentStep(
        **common,
        document=reader.code("document"),
        version=reader.text("version", longest=16, is_required=True),
    )


def _sample(reader: Reader, common: dict[str, Any]) -> Step:
    quantity = reader.number("quantity", is_required=True)
    if reader.has("quantity") and quantity <= 0:
        reader.fault("quantity", "range", "A sample is more than nothing.")
    return SampleStep(
        **common,
        point=reader.text("point", longest=200, is_required=True),
        quantity=quantity,
        unit=reader.unit(),
        container=reader.text("container", longest=200),
        material=reader.code("material") if reader.has("material") else None,
    )


def _line_clearance(reader: Reader, common: dict[str, Any]) -> Step:
    if common["may_skip"]:
        reader.fault("may_skip", "contradiction", "A line clearance always applies.")
    checks = reader.texts("checks")
    if not checks:
        reader.fault("checks", "required", "A clearance is looked at point by point.")
    return LineClearanceStep(
        **common,
        stage=reader.word("stage", CLEARANCE_STAGES),
        area=reader.text("area", longest=120, is_required=True),
        checks=checks,
    )


def _file(reader: Reader, common: dict[str, Any]) -> Step:
    accept = reader.words("accept", FILE_SORTS, default=FILE_SORTS)
    if not accept:
        reader.fault("accept", "required", "A step that takes a file takes some sort of file.")
    return FileStep(**common, accept=accept)


def _label(reader: Reader, common: dict[str, Any]) -> Step:
    return LabelStep(
        **common,
        label=reader.code("label"),
        copies=reader.whole("copies", low=1, high=_MOST_LABELS, is_required=True),
    )


def _control(reader: Reader, common: dict[str, Any]) -> Step:
    return ControlStep(
        **common,
        test=reader.text("test", longest=200, is_required=True),
        method=reader.text("method", longest=200, is_required=True),
        sample=reader.code("sample", longest=24) if reader.has("sample") else None,
        repeats=reader.whole("repeats", low=0, high=_MOST_REPEATS) or 0,
        parameter=reader.code("parameter"),
        laboratory=reader.optional("laboratory", read_laboratory),
        **_measured(reader),
    )


def _weigh(reader: Reader, common: dict[str, Any]) -> Step:
    quantity, percent, absolute, nominal = (
        reader.number(name)
        for name in ("quantity", "tolerance_percent", "tolerance", "nominal_potency")
    )
    target = reader.code("target", longest=24) if reader.has("target") else None
    if quantity is not None and target is not None:
        reader.fault("target", "contradiction", "Either a quantity, or the step that finds it.")
    if percent is None and absolute is None:
        reader.fault("tolerance_percent", "required", "A weighing has a tolerance.")
    if percent is not None and absolute is not None:
        told = "A weighing has one tolerance: in percent, or in its unit."
        reader.fault("tolerance", "contradiction", told)
    for name, value in (
        ("quantity", quantity), ("tolerance_percent", percent), ("tolerance", absolute),
        ("nominal_potency", nominal),
    ):  # fmt: skip
        if value is not None and value <= 0:
            reader.fault(name, "range", "It is more than nothing.")
    if percent is not None and percent >= 100:
        reader.fault("tolerance_percent", "range", "A tolerance is less than 100 %.")
    return WeighStep(
        **common,
        material=reader.code("material"),
        equipment=reader.code("equipment"),
        unit=reader.unit(),
        decimals=reader.whole("decimals", low=0, high=_MOST_DECIMALS, is_required=True),
        quantity=quantity,
        target=target,
        tolerance_percent=percent,
        tolerance=absolute,
        beyond=reader.word("beyond", BEYOND, default="refused"),
        nominal_potency=nominal,
        automated=reader.flag("automated"),
    )


READINGS: Mapping[str, Callable[[Reader, dict[str, Any]], Step]] = MappingProxyType(
    {
        "confirm": _confirm,
        "number": _number,
        "scan_identity": _scan_identity,
        "scan_material": _scan_material,
        "scan_equipment": _scan_equipment,
        "timer": _timer,
        "sensor": _sensor,
        "calculation": _calculation,
        "choice": _choice,
        "text": _text,
        "date_time": _date_time,
        "instruction": _instruction,
        "hold_time": _hold_time,
        "scan_document": _scan_document,
        "sample": _sample,
        "file": _file,
        "label": _label,
        "line_clearance": _line_clearance,
        "in_process_control": _control,
        "weigh": _weigh,
    }
)
KINDS = tuple(READINGS)
