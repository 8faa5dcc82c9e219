"""Needs: what a step must hold before it can be signed, by its kind."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from batches.rules.verdicts import NOT_APPLICABLE
from recipes.rules.control_steps import (
    ControlStep,
    LineClearanceStep,
    SampleStep,
    ScanDocumentStep,
)
from recipes.rules.file_steps import FileStep, LabelStep
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
from recipes.rules.weigh_steps import WeighStep


def value_name(step: Step) -> str:
    """Return the name of the one value that a step of this kind holds; empty when it holds none."""
    match step:
        case LineClearanceStep():
            return "clearance"
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
        case FileStep():
            return "file"
        case LabelStep():
            return "labels"
        case ScanDocumentStep():
            return "document"
        case SampleStep():
            return "sample"
        case WeighStep():
            return step.material
        case _:
            return ""


SCANNING = ("scan_identity", "scan_material", "scan_equipment", "scan_document")
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
    "scan_document": "scan the document.",
    "file": "hand in the file.",
    "label": "print the labels, and account for each.",
    "line_clearance": "tick every point.",
    "sample": "take the sample.",
    "in_process_control": "enter the result.",
    "weigh": "weigh the material, and finish the weighing.",
}


def missing_values(step: Step, names: Collection[str]) -> list[str]:
    """Return what must still be entered, in words; nothing when the step can be signed."""
    needed = value_name(step)
    return [WORDS[step.kind]] if needed and needed not in names else []


def needs_second(step: Step, verdicts: Collection[str]) -> bool:
    """Say whether a second person signs.

    That is where the recipe asks for one, where the line is cleared or labels are accounted for,
    where a laboratory record is kept, where a critical step did not apply, where a test was done
    again, and at every weighing that the scale does not do alone (21 CFR 211.101(c)).
    """
    is_left_out = step.critical and NOT_APPLICABLE in verdicts
    is_weighed = isinstance(step, WeighStep) and not step.automated
    is_counted = (
        isinstance(step, LineClearanceStep | LabelStep) or is_weighed or is_laboratory(step)
    )
    return step.verify or is_counted or is_left_out or len(verdicts) > 1


def is_laboratory(step: Step) -> bool:
    """Say whether such a step keeps a laboratory record (21 CFR 211.194(a))."""
    return isinstance(step, ControlStep) and step.laboratory is not None


class Entered(Protocol):
    """A value as the question sees it."""

    source: str
    details: Any


def is_by_hand(step: Step, value: Entered) -> bool:
    """Say whether people had a hand in a weighing that the scale might have done alone.

    A weight was typed, or a container was put back (21 CFR 211.101(c) and (d)).
    """
    if not isinstance(step, WeighStep):
        return False
    listed = value.details.get("containers", ())
    return value.source == "keyed" or any(one["state"] == "returned" for one in listed)


def mark_name(step: Step) -> str:
    """Return the name under which it is kept that a step of this kind does not apply."""
    return value_name(step) or "step"


def is_scanned(step: Step) -> bool:
    """Say whether a code is scanned in such a step; one that is typed needs a reason."""
    return step.kind in SCANNING or (isinstance(step, SampleStep) and bool(step.material))


def may_repeat(step: Step, results: int) -> bool:
    """Say whether another result may stand beside these many."""
    return isinstance(step, ControlStep) and 0 < results <= step.repeats


def is_number(step: Step) -> bool:
    """Say whether the value of such a step is a number with a unit and limits."""
    return isinstance(step, NumberStep | CalculationStep | SensorStep)
