"""Lint: everything that is worth telling whoever writes a recipe, errors first.

An error keeps the recipe from being approved (``recipes.rules.completeness``); a warning is a
thing that may be meant, and that a checker should ask about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kernel.errors import FieldError, Invalid
from kernel.quantities import text_of
from recipes.rules.completeness import missing_before_approval
from recipes.rules.document import Document
from recipes.rules.formulas import names_in
from recipes.rules.limits import Range
from recipes.rules.sequence import order_of
from recipes.rules.steps import (
    CalculationStep,
    HoldTimeStep,
    NumberStep,
    ScanEquipmentStep,
    SensorStep,
    TimerStep,
)
from recipes.rules.structure import Condition
from recipes.rules.weigh_steps import WeighStep

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding: how much it matters, where, and one sentence."""

    severity: Severity
    pointer: str
    code: str
    detail: str


def lint(document: Document) -> tuple[Finding, ...]:
    """Return what is wrong with a recipe, and then what may be."""
    return (
        *(_of(fault, "error") for fault in missing_before_approval(document)),
        *(_of(fault, "warning") for fault in _doubts(document)),
    )


def with_origins(
    found: Sequence[Finding], wrong: Sequence[FieldError], changed: Sequence[FieldError]
) -> tuple[Finding, ...]:
    """Return the findings with those of inserted operations (``recipes.rules.library``)."""
    every = [
        *found,
        *(_of(one, "error") for one in wrong),
        *(_of(one, "warning") for one in changed),
    ]
    return tuple(sorted(every, key=lambda one: one.severity != "error"))


def _of(fault: FieldError, severity: Severity) -> Finding:
    return Finding(severity=severity, pointer=fault.pointer, code=fault.code, detail=fault.detail)


def _doubts(document: Document) -> Iterator[FieldError]:
    yield from _unused(document)
    yield from _unlimited(document)
    if not document.is_library:
        yield from _unbounded_holds(document)
    yield from _skipped_sources(document)


def _unused(document: Document) -> Iterator[FieldError]:
    """Yield parameters and equipment that nothing in the recipe uses."""
    used = {
        step.parameter for step in document.steps if isinstance(step, NumberStep | CalculationStep)
    }
    for step in document.steps:
        if isinstance(step, CalculationStep):
            used |= {one.source.removeprefix("parameter.") for one in step.inputs}
    for condition in _conditions(document):
        used |= {one.source.removeprefix("parameter.") for one in condition.inputs}
    for parameter in document.formula.parameters:
        if parameter.formula:
            used |= _names(parameter.formula)
    for place, parameter in enumerate(document.formula.parameters):
        if parameter.code not in used and not parameter.formula:
            yield FieldError(
                pointer=f"/formula/parameters/{place}",
                code="unused",
                detail=f"No step and no formula uses the parameter {parameter.code}.",
            )
    scanned = {step.equipment for step in document.steps if isinstance(step, ScanEquipmentStep)}
    scanned |= {step.equipment for step in document.steps if isinstance(step, WeighStep)}
    for place, one in enumerate(document.equipment_requirements):
        if one.code not in scanned:
            yield FieldError(
                pointer=f"/equipment_requirements/{place}",
                code="unused",
                detail=f"No step scans a unit of the class {one.code}.",
            )


def _names(formula: str) -> frozenset[str]:
    try:
        return names_in(formula)
    except Invalid:
        return frozenset()


def _unlimited(document: Document) -> Iterator[FieldError]:
    """Yield numbers that no limit judges, and limits that the other limits make meaningless."""
    for placed in document.placed_steps():
        step = placed.step
        if not isinstance(step, NumberStep | CalculationStep | SensorStep):
            continue
        if step.hard is None and step.soft is None:
            yield FieldError(
                pointer=f"{placed.pointer}/soft",
                code="no_limits",
                detail=f"Step {step.code} takes any number: it has no limits.",
            )
        for side in ("min", "max"):
            hard, soft = (getattr(one or Range(), side) for one in (step.hard, step.soft))
            if hard is not None and hard == soft:
                yield FieldError(
                    pointer=f"{placed.pointer}/soft/{side}",
                    code="never_hit",
                    detail=f"The soft limit {text_of(soft)} of step {step.code} is never hit:"
                    " the hard one refuses before.",
                )


def _conditions(document: Document) -> list[Condition]:
    order = order_of(document)
    asked = [one.condition for one in order.gates]
    return asked + [one.until for one in order.loops if one.until]


def _skipped_sources(document: Document) -> Iterator[FieldError]:
    """Yield steps that may not apply, although something is computed or decided from their value."""
    asked = [one for condition in _conditions(document) for one in condition.inputs]
    for step in document.steps:
        if isinstance(step, CalculationStep):
            asked += step.inputs
    sources = {one.source for one in asked}
    for placed in document.placed_steps():
        if placed.step.may_skip and placed.step.code in sources:
            yield FieldError(
                pointer=f"{placed.pointer}/may_skip",
                code="skipped_source",
                detail=f"Step {placed.step.code} may not apply, and its value is needed later.",
            )


def _unbounded_holds(document: Document) -> Iterator[FieldError]:
    """Yield unit procedures in which no step bounds how long the product may wait."""
    for place, unit in enumerate(document.procedure.unit_procedures):
        steps = [step for operation in unit.operations for step in operation.steps]
        is_bounded = any(
            isinstance(one, TimerStep | HoldTimeStep) and one.max_seconds for one in steps
        )
        if steps and not is_bounded:
            yield FieldError(
                pointer=f"/procedure/unit_procedures/{place}",
                code="no_hold_limit",
                detail=f"Nothing in “{unit.title}” limits how long the product may wait"
                " (21 CFR 211.111).",
            )
