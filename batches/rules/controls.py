"""Controls: documents, samples and results of tests, judged. Pure Python."""

from __future__ import annotations

import re
from decimal import Decimal

from batches.rules.verdicts import Judged, judged_number
from kernel.quantities import quantity_label
from recipes.rules.control_steps import ControlStep, SampleStep

# "SOP-012/4", "SOP-012 v4": the code as it is printed on the document, then its version.
_DOCUMENT = re.compile(r"([^\s/]+)(?:\s*/\s*|\s+)(?:v\.?\s*|version\s+)?(\S+)", re.IGNORECASE)


def document_from(scanned: str) -> tuple[str, str]:
    """Return the code and the version of the document that was scanned; no version where none is."""
    found = _DOCUMENT.fullmatch(scanned.strip())
    return (found[1], found[2]) if found else (scanned.strip(), "")


def sample_code(batch: str, step: str, execution: int) -> str:
    """Return the identifier of the sample that an execution of a step takes; there is one each.

    Args:
        batch: the number of the batch, ``B-000012``.
        step: the code of the step, ``S07``.
    """
    return f"{batch}-{step}-{execution}"


def judged_sample(step: SampleStep, taken: Decimal) -> Judged:
    """Return what is said of the quantity of a sample: less than asked for is an exception."""
    if taken >= step.quantity:
        return Judged(word="ok")
    told, asked = quantity_label(taken, step.unit), quantity_label(step.quantity, step.unit)
    return Judged(
        word="soft_limit",
        reason=f"{told} is less than the {asked} asked for",
        exception_kind="soft_limit",
        severity="critical" if step.critical else "warning",
    )


def judged_result(step: ControlStep, value: Decimal) -> Judged:
    """Return what the specification says of a result (21 CFR 211.110(c), 211.192)."""
    judged = judged_number(value, None, step.soft, unit=step.unit, is_critical=step.critical)
    if not judged.exception_kind:
        return judged
    return Judged(
        word="out_of_spec",
        reason=f"{step.test}: {judged.reason}",
        exception_kind="out_of_specification",
        severity="critical",
    )
