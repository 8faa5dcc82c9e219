"""What the screen of a test shows where it keeps a laboratory record: its fields, and its lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batches.models import Step, StepValue
from batches.reports.words import shown_time
from batches.rules.controls import sample_code
from kernel.quantities import decimal_from, quantity_label, unit_label
from recipes.rules.control_steps import ControlStep
from recipes.rules.steps import Step as Phase

# Where the amounts of a test are named in a form, and where their faults point.
AMOUNT = "amount_"
AMOUNTS = "/amounts/"


def laboratory_fields(
    step: Step,
    phase: Phase,
    *,
    typed: Mapping[str, str],
    error_at: Callable[..., str],
) -> dict[str, Any]:
    """Return the fields of the form of a laboratory record; nothing where the step keeps none.

    Args:
        typed: what was entered and refused, by the names of the form.
        error_at: the sentence for a field, by its pointer.
    """
    if not isinstance(phase, ControlStep) or phase.laboratory is None:
        return {}
    laboratory = phase.laboratory
    taken = step.batch.steps.filter(code=phase.sample).order_by("-execution").first()
    return {
        "laboratory": {
            "sample": sample_code(step.batch.number, taken.code, taken.execution) if taken else "",
            "version": laboratory.method_version,
            "formula": laboratory.formula,
            "raw_data": ", ".join(laboratory.raw_data),
            "is_typed": not laboratory.formula,
            "scanned": typed.get("sample", ""),
            "sample_error": error_at("/sample"),
            "file_error": error_at("/file"),
            "result_error": "" if not laboratory.formula else error_at("/value"),
            "amounts": [
                {
                    "name": f"{AMOUNT}{one.name}",
                    "code": one.name,
                    "label": one.label,
                    "unit": unit_label(one.unit),
                    "value": typed.get(f"{AMOUNT}{one.name}", ""),
                    "error": error_at(f"{AMOUNTS}{one.name}"),
                }
                for one in laboratory.amounts
            ],
        }
    }


def laboratory_lines(value: StepValue) -> list[dict[str, str]]:
    """Return the lines of a laboratory record, as they are read and signed; none where there is none."""
    kept = value.details.get("laboratory")
    if not kept:
        return []
    of, raw = kept["of"], kept["raw"]
    quantity = quantity_label(decimal_from(of["quantity"]), of["unit"]) if of["quantity"] else ""
    lot = f", lot {of['lot']}" if "lot" in of else ""
    lines = [
        ("Sample", f"{value.details['sample']}, {of['point']}{lot}, {quantity}"),
        ("Taken", f"{of['taken_by']}, {shown_time(of['taken_at'])}"),
        ("Received for testing", shown_time(kept["received_at"])),
        ("Method", f"{value.details['method']}, version {kept['method_version']}"),
    ]
    lines += [
        (one["label"], f"{one['entered']} {unit_label(one['unit'])}".strip())
        for one in kept["amounts"]
    ]
    if kept["formula"]:
        lines.append(("Calculation", f"{kept['formula']} = {value.entered}"))
    lines.append(("Raw data", f"{raw['name']}, {raw['size']} bytes, SHA-256 {raw['digest'][:16]}…"))
    return [{"label": label, "value": told, "old": ""} for label, told in lines]
