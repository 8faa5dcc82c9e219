"""The steps of a version as an operator will see them: the same templates, from the document alone.

No batch is made and nothing is written. What a batch would know (the patient, a lot, what a
sensor shows) is shown as an example, and every screen says that it is a simulation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.edges import now
from audit.views import EVERYBODY, roles_required
from kernel.errors import NotFound
from kernel.quantities import quantity_label, text_of, unit_label
from recipes.queries import document_of, version_numbered, version_title
from recipes.rules.control_steps import (
    ControlStep,
    LineClearanceStep,
    SampleStep,
    ScanDocumentStep,
)
from recipes.rules.document import Document, Placed, to_plain
from recipes.rules.examples import example_of, example_values
from recipes.rules.file_steps import FileStep, LabelStep
from recipes.rules.labels import Label, LabelFacts, printed_lines
from recipes.rules.limits import Range, range_label
from recipes.rules.steps import (
    CalculationStep,
    NumberStep,
    ScanEquipmentStep,
    ScanIdentityStep,
    ScanMaterialStep,
    SensorStep,
    Step,
    TimerStep,
)
from recipes.rules.trial import trial_of
from recipes.rules.weigh_steps import WeighStep

SIMULATION = "SIMULATION"


@require_safe
@roles_required(*EVERYBODY)
def preview(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show one step of a version as an operator sees it, marked as a simulation."""
    version = version_numbered(code, number)
    document = document_of(version)
    placed = list(document.placed_steps())
    if not placed:
        raise NotFound("This recipe has no step yet.")
    asked = request.GET.get("step", "")
    at = next((place for place, one in enumerate(placed) if one.step.code == asked), 0)
    here = placed[at]
    context = {
        "version": version,
        "title": version_title(version),
        "placed": here,
        "steps": placed,
        "before": placed[at - 1].step if at else None,
        "after": placed[at + 1].step if at + 1 < len(placed) else None,
        "screen": _header(document, here, len(placed), version_title(version)),
        **_as_in_a_batch(document, here.step),
    }
    return render(request, "recipes/preview.html", context)


def _header(document: Document, here: Placed, count: int, title: str) -> dict[str, Any]:
    return {
        "patient_code": "Example patient",
        "batch_number": SIMULATION,
        "product": document.header.product.name or document.header.title,
        "step_number": here.ordinal,
        "step_count": count,
        "step_title": here.step.title,
        "is_identity_proven": True,
        "clock_from": None,
        "crumb": title,
    }


def _as_in_a_batch(document: Document, step: Step) -> dict[str, Any]:
    """Return what the templates of a step ask for, of a step that was started."""
    return {
        "batch": {"number": SIMULATION, "state": "in_progress"},
        "step": {
            "code": step.code,
            "title": step.title,
            "kind": step.kind,
            "version": 1,
            "state": "running",
        },
        "phase": step,
        "kind": example_kind(document, step),
        "laboratory": example_laboratory(step),
        "may_enter": True,
        "typed": {},
        "is_mine": True,
    }


def example_laboratory(step: Step) -> dict[str, Any] | None:
    """Return the fields of a laboratory record, with a sample that is none; None where none is kept."""
    if not isinstance(step, ControlStep) or step.laboratory is None:
        return None
    kept = step.laboratory
    return {
        "sample": f"{SIMULATION}-{step.sample}-1",
        "formula": kept.formula,
        "is_typed": not kept.formula,
        "raw_data": ", ".join(kept.raw_data),
        "amounts": [
            {"name": one.name, "label": one.label, "unit": unit_label(one.unit), "value": ""}
            for one in kept.amounts
        ],
    }


def example_lines(document: Document, label: Label) -> tuple[str, ...]:
    """Return the lines of a label with words in the place of what only a batch knows."""
    facts = LabelFacts(
        product=document.header.product.name,
        storage=document.header.storage,
        patient=SIMULATION,
        donations=(SIMULATION,),
        collected_at="(date and time)",
        expires_at="(date and time)" if label.expires_hours is not None else "",
        is_autologous=document.header.autologous,
    )
    return printed_lines(label, facts)


def example_kind(document: Document, step: Step) -> dict[str, Any]:
    """Return what the input of a step shows beside its instruction, with example values."""
    plain = to_plain(document)
    match step:
        case ScanDocumentStep():
            return {"expected": f"{step.document}, version {step.version}"}
        case FileStep(accept=accept):
            return {"takes": ", ".join(accept)}
        case LabelStep(label=code, copies=copies):
            labels = document.header.labels
            specimen = next((one for one in labels if one.code == code), None)
            lines = example_lines(document, specimen) if specimen else ()
            return {"copies": copies, "issued": 0, "lines": lines}
        case LineClearanceStep(area=area, stage=stage):
            return {"area": area, "stage": stage}
        case SampleStep():
            return {
                "unit": step.unit,
                "sample": f"{SIMULATION}-{step.code}-1",
                "point": step.point,
                "container": step.container,
                "asked": quantity_label(step.quantity, step.unit),
                "label": "Quantity taken",
                "expected": f"a lot of {step.material}",
            }
        case WeighStep():
            return _weighing(document, step)
        case ControlStep(laboratory=kept):
            test = f"{step.test}, by {step.method}"
            test += f", version {kept.method_version}" if kept else ""
            return {"unit": step.unit, "label": "Result", "test": test, **_limits(step)}
        case NumberStep():
            return {"unit": step.unit, **_limits(step)}
        case SensorStep():
            shown = {"sensor": "Example sensor", "at": now(), "value": example_of(plain, step.code)}
            return {"unit": step.unit, "live": shown, **_limits(step)}
        case CalculationStep():
            return {"unit": step.unit, **_calculation(plain, step), **_limits(step)}
        case TimerStep():
            return _timer(step)
        case ScanIdentityStep(target=target):
            return {"expected": f"the {target} of the example patient"}
        case ScanMaterialStep():
            return _material(document, step)
        case ScanEquipmentStep(equipment=code):
            classes = document.equipment_requirements
            return {"expected": next((one.name for one in classes if one.code == code), code)}
        case _:
            return {}


def _weighing(document: Document, step: WeighStep) -> dict[str, Any]:
    """Return how much is weighed where the recipe itself says so; else where it is found."""
    line = document.material(step.material)
    if step.quantity is not None:
        wanted = quantity_label(step.quantity, step.unit)
    elif step.target is not None:
        wanted = f"what step {step.target} finds"
    else:
        wanted = quantity_label(line.quantity, line.unit) if line else ""
    if step.tolerance is not None:
        width = quantity_label(step.tolerance, step.unit)
    else:
        width = f"{step.tolerance_percent} %"
    return {
        "stage": "empty",
        "wanted": wanted,
        "asked": f"± {width}",
        "is_automated": step.automated,
        "lot_help": f"A lot of {line.name if line else step.material}.",
        "scale_help": f"A scale of the class {step.equipment}.",
    }


def _limits(step: NumberStep | SensorStep | CalculationStep) -> dict[str, Any]:
    def edge(limits: Range | None, side: str) -> str:
        found = getattr(limits, side) if limits else None
        return "" if found is None else text_of(found)

    return {
        "low": edge(step.hard, "min"),
        "high": edge(step.hard, "max"),
        "soft_low": edge(step.soft, "min"),
        "soft_high": edge(step.soft, "max"),
        "hard_words": range_label(step.hard, step.unit),
        "soft_words": range_label(step.soft, step.unit),
    }


def _calculation(plain: Mapping[str, Any], step: CalculationStep) -> dict[str, Any]:
    part = to_plain(step)
    trial = trial_of(part, examples=example_values(plain, part), typed={})
    if trial.error:
        return {"formula": step.formula, "why_not": trial.error}
    sources = {one.name: one.source for one in step.inputs}
    label = unit_label(step.unit)
    return {
        "formula": step.formula,
        "used": [
            {
                "name": one.name,
                "source": sources.get(one.name, ""),
                "words": f"{one.value} {one.unit}".strip(),
            }
            for one in trial.samples
        ],
        "result": trial.result.removesuffix(f" {label}") if label else trial.result,
    }


def _timer(step: TimerStep) -> dict[str, Any]:
    least = timedelta(seconds=step.min_seconds)
    most = timedelta(seconds=step.max_seconds) if step.max_seconds else None
    began = now()
    until = began + most if most else None
    return {"least": least, "most": most, "ends_at": began + least, "until": until}


def _material(document: Document, step: ScanMaterialStep) -> dict[str, Any]:
    line = document.material(step.material)
    quantity, unit = step.quantity, step.unit
    if line is not None and (quantity is None or unit is None):
        quantity, unit = line.quantity, line.unit
    amount = quantity_label(quantity, unit) if quantity is not None and unit else ""
    return {"expected": f"a lot of {line.name if line else step.material}", "amount": amount}
