"""Needs: what a step must hold before it can be signed, by its kind."""

from __future__ import annotations

from collections.abc import Collection

from batches.rules.verdicts import NOT_APPLICABLE
from recipes.rules.steps import (
    CalculationStep,
    ChoiceStep,
    ConfirmStep,
    DateTimeStep,
    HoldTimeStep,
    InstructionStep,
    NumberStep,
    ScanEquipmentStep,
    ScanIdentityStep,
    ScanMaterialStep,
    SensorStep,
    Step,
    TextStep,
    TimerStep,
)


def value_name(step: Step) -> str:
    """Return the name of the one value that a step of this kind holds; empty when it holds none."""
    match step:
        case ConfirmStep():
            return "checks" if step.checks else ""
        case NumberStep() | CalculationStep():
            return step.parameter
        case SensorStep():
            return step.quantity
        case ScanIdentityStep():
            return step.target
        case ScanMaterialStep():
            return step.material
        case ScanEquipmentStep():
            return step.equipment
        case TimerStep() | HoldTimeStep():
            return "elapsed"
        case ChoiceStep():
            return "choice"
        case TextStep():
            return "text"
        case DateTimeStep():
            return "moment"
        case InstructionStep():
            return "read"
        case _:
            return ""


WORDS = {
    "confirm": "tick every point.",
    "number": "enter the value.",
    "scan_identity": "scan the code.",
    "scan_material": "scan the lot.",
    "scan_equipment": "scan the equipment.",
    "timer": "end the timer.",
    "sensor": "take the live value.",
    "calculation": "have the result computed.",
    "choice": "choose one answer.",
    "hold_time": "have the time computed.",
    "text": "enter the words.",
    "date_time": "enter the date and time.",
    "instruction": "say that it was read.",
}


def missing_values(step: Step, names: Collection[str]) -> list[str]:
    """Return what must still be entered, in words; nothing when the step can be signed."""
    needed = value_name(step)
    return [WORDS[step.kind]] if needed and needed not in names else []


def needs_second(step: Step, verdicts: Collection[str]) -> bool:
    """Say whether a second person signs: where the recipe asks, or a critical step did not apply."""
    return step.verify or (step.critical and NOT_APPLICABLE in verdicts)


def mark_name(step: Step) -> str:
    """Return the name under which it is kept that a step of this kind does not apply."""
    return value_name(step) or "step"


def is_number(step: Step) -> bool:
    """Say whether the value of such a step is a number with a unit and limits."""
    return isinstance(step, NumberStep | CalculationStep | SensorStep)
