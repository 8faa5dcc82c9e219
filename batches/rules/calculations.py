"""Calculations: where the inputs of a formula come from, and the number it gives.

Everything is Decimal; the result is rounded half up to the places the step asks for (USP 7.20).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from kernel.errors import Conflict, Invalid
from kernel.quantities import round_half_up, text_of
from recipes.rules.document import ORDER_VALUES, Document
from recipes.rules.formulas import evaluate
from recipes.rules.scaling import parameter_values
from recipes.rules.steps import CalculationStep
from recipes.rules.structure import Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One input of a formula: its name, where it came from, and its value."""

    name: str
    source: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """The result of a calculation step, and what it was computed from."""

    value: Decimal
    used: tuple[Used, ...]

    def text(self) -> str:
        """Return the result in plain digits."""
        return text_of(self.value)


def computed(
    step: CalculationStep,
    *,
    document: Document,
    order: Mapping[str, Decimal],
    steps: Mapping[str, Decimal],
) -> Computed:
    """Return what the formula of ``step`` gives.

    Args:
        order: the values of the patient's order ("weight_kg", "height_cm").
        steps: the values found so far, by the code of their step.

    Raises:
        Conflict: with code ``missing_input``, a value is not there yet.
        Invalid: there is no number (a division by zero, a number out of range).
    """
    used = used_values(step.inputs, document=document, order=order, steps=steps)
    value = evaluate(step.formula, {one.name: one.value for one in used})
    return Computed(value=round_half_up(value, step.decimals), used=used)


def used_values(
    inputs: Iterable[Input],
    *,
    document: Document,
    order: Mapping[str, Decimal],
    steps: Mapping[str, Decimal],
) -> tuple[Used, ...]:
    """Return the inputs of a formula or a condition with their values.

    Raises:
        Conflict: with code ``missing_input``, a value is not there yet.
        Invalid: a parameter has no value.
    """
    return tuple(
        Used(
            name=one.name,
            source=one.source,
            value=_sourced(one.source, document, order, steps),
            unit=one.unit,
        )
        for one in inputs
    )


def _sourced(
    source: str, document: Document, order: Mapping[str, Decimal], steps: Mapping[str, Decimal]
) -> Decimal:
    kind, dot, name = source.partition(".")
    if kind == "order" and dot and name in ORDER_VALUES:
        return order[name]
    if kind == "parameter" and dot:
        value = parameter_values(document, order).get(name)
        if value is None:
            raise Invalid(f"The parameter {name} has no value.", code="unknown_parameter")
        return value
    if source not in steps:
        raise Conflict(f"The value of step {source} is not there yet.", code="missing_input")
    return steps[source]
