"""The design space of a running batch: a value that would leave it is refused, or an exception."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from batches.commands.readings import Entry, Reading
from batches.models import Step
from batches.queries.work import definition_of, document_of_batch, found_values, order_values
from batches.rules.entries import reason_from
from batches.rules.verdicts import Judged
from kernel.errors import Invalid
from recipes.rules.designspace import Region, outside
from recipes.rules.scaling import parameter_values
from recipes.rules.steps import CalculationStep, NumberStep
from recipes.rules.steps import Step as Phase


def judged_in_space(phase: Phase, entry: Entry, reading: Reading) -> Reading:
    """Return a reading as the design space of the batch's recipe judges it.

    Raises:
        Invalid: with code ``outside_design_space`` where the recipe refuses such a value, or
            ``reason_needed`` where it is taken and nobody says why.
    """
    if not isinstance(phase, NumberStep | CalculationStep) or reading.value is None:
        return reading
    document = document_of_batch(entry.step.batch)
    regions = [one for one in document.design_space if phase.parameter in one.parameters]
    if not regions:
        return reading
    values = {**_known(entry.step), phase.parameter: reading.value}
    units = {one.code: one.unit for one in document.formula.parameters}
    for region in regions:
        reasons = outside(region, values, units)
        if reasons:
            reading = _left(region, reasons, entry, reading)
    return reading


def _left(region: Region, reasons: list[str], entry: Entry, reading: Reading) -> Reading:
    told = f"Outside the design space “{region.title}”: {'; '.join(reasons)}"
    if region.action == "refuse":
        raise Invalid(f"{told}.", pointer="/value", code="outside_design_space")
    reason_from(entry.reason, what="A value outside the design space")
    # A soft limit that was broken as well is told in the same exception.
    also = f"; {reading.judged.reason}" if reading.judged.reason else ""
    judged = Judged(
        word="outside_space",
        reason=f"{told}{also}",
        exception_kind="outside_design_space",
        severity="critical",
    )
    return replace(reading, judged=judged)


def _known(step: Step) -> dict[str, Decimal]:
    """Return what is known of the parameters: given by the recipe, or found in this batch."""
    batch = step.batch
    values = dict(parameter_values(document_of_batch(batch), order_values(batch)))
    found = found_values(batch)
    for other in batch.steps.filter(kind__in=("number", "calculation")).order_by(
        "ordinal", "inserted"
    ):
        phase = definition_of(other)
        if isinstance(phase, NumberStep | CalculationStep) and other.code in found:
            values[phase.parameter] = found[other.code]
    return values
