"""Weighings as they are read: the target of a step, what was weighed, and what a scale can do."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from batches.models import Batch, Step, Weighing
from batches.queries.work import document_of_batch, found_values
from batches.rules.weighing import Held, Scale, Target, counted, in_unit, target_for
from kernel.errors import Conflict
from kernel.quantities import text_of
from recipes.rules.weigh_steps import WeighStep
from supply.queries import class_coded


def weighings_of(step: Step) -> list[Weighing]:
    """Return every container of a step, in order, whatever became of it."""
    rows = step.weighings.select_related("step", "lot__material", "scale", "tared_by", "weighed_by")
    return list(rows.order_by("number"))


def weighings_in(batch: Batch) -> list[Weighing]:
    """Return every container of a batch, oldest first."""
    rows = batch.weighings.select_related(
        "step", "lot__material", "scale", "tared_by", "weighed_by"
    )
    return list(rows.order_by("pk"))


def scale_of(unit: Any) -> Scale:
    """Return what a scale can do, by its class.

    Raises:
        Conflict: the unit is no scale.
    """
    known = class_coded(unit.equipment_class)
    if (
        known is None
        or known.range_max is None
        or known.resolution is None
        or known.minimum_weight is None
    ):
        raise Conflict(f"{unit.name} is no scale.", pointer="/scale", code="no_scale")
    return Scale(
        name=unit.name,
        unit=known.unit,
        most=known.range_max,
        resolution=known.resolution,
        smallest=known.minimum_weight,
    )


def target_of(step: Step, phase: WeighStep) -> Target:
    """Return what a step is to weigh in.

    Raises:
        Conflict: the step that finds it is not complete, or the bill does not name the material.
        Invalid: it is nothing, or no mass.
    """
    document = document_of_batch(step.batch)
    if phase.target is not None:
        found = found_values(step.batch).get(phase.target)
        source = next((one for one in document.steps if one.code == phase.target), None)
        unit = str(getattr(source, "unit", phase.unit))
        if found is None:
            raise Conflict(f"Step {phase.target} has found nothing yet.", code="no_target")
        return target_for(phase, found, unit)
    if phase.quantity is not None:
        return target_for(phase, phase.quantity, phase.unit)
    line = document.material(phase.material)
    if line is None:
        raise Conflict(f"The recipe does not say how much {phase.material}.", code="no_target")
    return target_for(phase, line.quantity, line.unit)


def counted_of(rows: Iterable[Weighing], phase: WeighStep) -> Decimal:
    """Return how much of the target some full containers make up, in the unit of the step."""
    held = [
        Held(net=in_unit(one.net, one.unit, phase.unit), potency=one.potency)
        for one in rows
        if one.net is not None
    ]
    return counted(held, phase.nominal_potency)


def plain_container(one: Weighing) -> dict[str, Any]:
    """Return a container as it is signed and exported: who weighed what, out of which lot, on what."""
    return {
        "container": one.code,
        "state": one.state,
        "lot": one.lot.number,
        "expires_on": one.lot.expires_on.isoformat(),
        "potency": _text(one.potency),
        "scale": one.scale.code,
        "calibration_due_on": one.calibration_due_on and one.calibration_due_on.isoformat(),
        "unit": one.unit,
        "tare": _text(one.tare),
        "tare_source": one.tare_source,
        "tared_by": one.tared_by.full_name,
        "tared_at": one.tared_at.isoformat(),
        "gross": _text(one.gross),
        "gross_source": one.gross_source or None,
        "net": _text(one.net),
        "weighed_by": one.weighed_by and one.weighed_by.full_name,
        "weighed_at": one.weighed_at and one.weighed_at.isoformat(),
        "reason": one.reason,
    }


def _text(value: Decimal | None) -> str | None:
    """Return a number without the zeros that only the width of its column adds."""
    return None if value is None else text_of(value.normalize())
