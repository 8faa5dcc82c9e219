"""What the input of a step shows beside its instruction, kind by kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit.edges import now
from batches.models import Attachment, Step
from batches.ports import LiveValue, sensor_value
from batches.queries import (
    document_of_batch,
    found_values,
    label_counts,
    lines_for,
    order_values,
    replacements_of,
)
from batches.rules.calculations import Computed, computed
from batches.rules.controls import sample_code
from batches.rules.moments import FORM
from batches.rules.verdicts import judged_number
from batches.views.weigh_facts import weighing_of
from kernel.errors import Refusal
from kernel.quantities import quantity_label, text_of
from recipes.rules.control_steps import (
    ControlStep,
    LineClearanceStep,
    SampleStep,
    ScanDocumentStep,
)
from recipes.rules.document import Document
from recipes.rules.file_steps import FileStep, LabelStep
from recipes.rules.labels import Label
from recipes.rules.limits import Range, range_label
from recipes.rules.steps import (
    CalculationStep,
    DateTimeStep,
    HoldTimeStep,
    NumberStep,
    ScanEquipmentStep,
    ScanIdentityStep,
    ScanMaterialStep,
    SensorStep,
    TextStep,
    TimerStep,
)
from recipes.rules.steps import Step as Phase
from recipes.rules.weigh_steps import WeighStep

# What may become of a label that was printed.
COUNTS = ("Used", "Destroyed", "Returned", "Missing")


def facts_of_kind(step: Step, phase: Phase) -> dict[str, Any]:
    """Return what the input of a step of this kind shows beside its instruction."""
    match phase:
        case ScanDocumentStep(document=document, version=version):
            return {"expected": f"{document}, version {version}"}
        case FileStep() | LabelStep():
            return files_of_step(step, phase)
        case LineClearanceStep(area=area, stage=stage):
            return {"area": area, "stage": stage}
        case SampleStep():
            return sample_of(step, phase)
        case WeighStep():
            return weighing_of(step, phase)
        case ControlStep(laboratory=kept):
            version = f", version {kept.method_version}" if kept else ""
            return {
                "unit": phase.unit,
                "label": "Result",
                "test": f"{phase.test}, by {phase.method}{version}",
                **limits_of(phase.hard, phase.soft, phase.unit),
            }
        case NumberStep():
            return {"unit": phase.unit, **limits_of(phase.hard, phase.soft, phase.unit)}
        case SensorStep():
            return {
                "unit": phase.unit,
                "live": live_of(step, phase),
                **limits_of(phase.hard, phase.soft, phase.unit),
            }
        case CalculationStep():
            return {
                "unit": phase.unit,
                **calculation_of(step, phase),
                **limits_of(phase.hard, phase.soft, phase.unit),
            }
        case TimerStep():
            return timer_of(step, phase)
        case ScanIdentityStep(target=target):
            return {"expected": f"the {target} of patient {step.batch.order.patient.code}"}
        case ScanMaterialStep(material=code):
            return material_of(step, phase, code)
        case ScanEquipmentStep(equipment=code):
            named = document_of_batch(step.batch).equipment_requirements
            return {"expected": next((one.name for one in named if one.code == code), code)}
        case HoldTimeStep(since=since, until=until):
            return {
                "least": timedelta(seconds=phase.min_seconds),
                "most": timedelta(seconds=phase.max_seconds) if phase.max_seconds else None,
                "between": f"From the end of step {since} to the start of step {until}",
            }
        case TextStep(pattern=pattern):
            return {"help": f"As {pattern}: A a letter, 9 a digit" if pattern else ""}
        case DateTimeStep():
            return {"help": f"{FORM}, in {step.batch.site.time_zone} unless a zone is added"}
        case _:
            return {}


def limits_of(hard: Range | None, soft: Range | None, unit: str) -> dict[str, Any]:
    """Return limits as texts, for the input and for the reader."""

    def text(limits: Range | None, side: str) -> str:
        edge = getattr(limits, side) if limits else None
        return "" if edge is None else text_of(edge)

    return {
        "low": text(hard, "min"),
        "high": text(hard, "max"),
        "soft_low": text(soft, "min"),
        "soft_high": text(soft, "max"),
        "hard_words": range_label(hard, unit),
        "soft_words": range_label(soft, unit),
    }


def sample_of(step: Step, phase: SampleStep) -> dict[str, Any]:
    """Return what is taken, where, into what, and the identifier it will have."""
    named = document_of_batch(step.batch).material(phase.material or "")
    return {
        "unit": phase.unit,
        "sample": sample_code(step.batch.number, step.code, step.execution),
        "point": phase.point,
        "container": phase.container,
        "asked": quantity_label(phase.quantity, phase.unit),
        "label": "Quantity taken",
        "soft_low": text_of(phase.quantity),
        "expected": f"a lot of {named.name if named else phase.material}",
    }


def files_of_step(step: Step, phase: FileStep | LabelStep) -> dict[str, Any]:
    """Return the files of a step, or the labels it prints: how many, of which words."""
    files = list(step.attachments.defer("content").order_by("number"))
    if isinstance(phase, FileStep):
        return {"files": files, "takes": ", ".join(phase.accept)}
    labels = document_of_batch(step.batch).header.labels
    specimen = next((one for one in labels if one.code == phase.label), None)
    return {
        "files": files,
        "copies": phase.copies,
        "counts": COUNTS,
        "issued": sum(one.copies for one in files),
        "totals": label_counts(step) if step.state == "complete" else {},
        "replaced": [one for one in replacements_of(step.batch) if one.step_id == step.pk],
        "lines": specimen_lines(step, specimen, files) if specimen else (),
    }


def specimen_lines(step: Step, label: Label, runs: list[Attachment]) -> tuple[str, ...]:
    """Return the lines of a label as they would be printed now, or why they cannot be yet."""
    try:
        return lines_for(step, label, at=runs[0].made_at if runs else now())
    except Refusal as refusal:
        return (*label.lines, refusal.detail)


def live_of(step: Step, phase: SensorStep) -> LiveValue | None:
    """Return what the sensor shows now."""
    room = step.batch.room
    return sensor_value(room.code, phase.place, phase.quantity) if room else None


def calculation_of(step: Step, phase: CalculationStep) -> dict[str, Any]:
    """Return the formula with its values filled in, and its result, or why there is none yet."""
    batch = step.batch
    document = document_of_batch(batch)
    try:
        result: Computed = computed(
            phase,
            document=document,
            order=order_values(batch),
            steps=found_values(batch),
        )
    except Refusal as refusal:
        return {"formula": phase.formula, "why_not": refusal.detail}
    judged = judged_number(
        result.value, phase.hard, phase.soft, unit=phase.unit, is_critical=phase.critical
    )
    return {
        "formula": phase.formula,
        "used": [
            {
                "name": one.name,
                "source": source_words(one.source, document),
                "words": quantity_label(one.value, one.unit),
            }
            for one in result.used
        ],
        "result": result.text(),
        "judged": judged,
    }


def source_words(source: str, document: Document) -> str:
    """Return where an input comes from, in words: the step, the order, or the recipe's parameter."""
    kind, _, name = source.partition(".")
    if kind == "order" and name:
        return f"the order ({name.rpartition('_')[0]})"
    if kind == "parameter" and name:
        named = document.parameter(name)
        return f"the recipe ({named.label})" if named else "the recipe"
    return f"step {source}"


def timer_of(step: Step, phase: TimerStep) -> dict[str, Any]:
    """Return when the timer may be ended, and until when it must be."""
    facts: dict[str, Any] = {
        "least": timedelta(seconds=phase.min_seconds),
        "most": timedelta(seconds=phase.max_seconds) if phase.max_seconds else None,
    }
    if step.started_at is not None:
        facts["ends_at"] = step.started_at + facts["least"]
        facts["is_over"] = now() >= facts["ends_at"]
        facts["until"] = step.started_at + facts["most"] if facts["most"] else None
    return facts


def material_of(step: Step, phase: ScanMaterialStep, code: str) -> dict[str, Any]:
    """Return which lot to scan, and how much of it is used."""
    line = document_of_batch(step.batch).material(code)
    quantity, unit = phase.quantity, phase.unit
    if line is not None and (quantity is None or unit is None):
        quantity, unit = line.quantity, line.unit
    name = line.name if line else code
    amount = quantity_label(quantity, unit) if quantity is not None and unit else ""
    return {"expected": f"a lot of {name}", "amount": amount, "code": code}
