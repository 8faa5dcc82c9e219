"""Whether the calculations of a recipe can be made: readable, fed with what is known by then,
and in the units they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kernel.errors import FieldError, Invalid
from kernel.quantities import unit_label
from recipes.rules.dimensions import unit_fault
from recipes.rules.document import (
    ORDER_VALUES,
    Document,
    Placed,
)
from recipes.rules.formulas import names_in
from recipes.rules.sequence import sequence_of
from recipes.rules.steps import (
    CalculationStep,
    ChoiceStep,
    NumberStep,
    SensorStep,
    Step,
)
from recipes.rules.structure import Input
from recipes.rules.weigh_steps import WeighStep


def wrong_calculations(document: Document) -> Iterator[FieldError]:
    """Yield every reason why a calculation or a computed parameter cannot be made."""
    before, sources = sequence_of(document).before, Sources(document)
    for placed in document.placed_steps():
        if isinstance(placed.step, CalculationStep):
            yield from _wrong_step(sources, placed, placed.step, before)
    yield from _wrong_parameters(document, sources)


class Sources:
    """What a formula of a recipe may read, found by name however long the recipe is."""

    def __init__(self, document: Document) -> None:
        self.steps = {step.code: step for step in document.steps}
        self.parameters = {one.code: one for one in document.formula.parameters}

    def unit_of(self, source: str) -> str | None:
        """Return the unit in which ``source`` gives a number, or None when it gives none."""
        kind, _, name = source.partition(".")
        if not name:
            return _unit_of(self.steps.get(source))
        if kind == "order":
            return ORDER_VALUES.get(name)
        parameter = self.parameters.get(name) if kind == "parameter" else None
        has_value = parameter and (parameter.default is not None or parameter.formula)
        return parameter.unit if parameter and has_value else None


def _unit_of(step: Step | None) -> str | None:
    match step:
        case NumberStep() | SensorStep() | CalculationStep() | WeighStep():
            return step.unit
        case ChoiceStep() if all(option.number is not None for option in step.options):
            return step.unit
        case _:
            return None


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that a formula uses, or the fault that hides them."""

    names: frozenset[str]
    fault: str = ""


def _names_of(formula: str) -> _Names:
    try:
        return _Names(names_in(formula))
    except Invalid as refusal:
        return _Names(frozenset(), refusal.detail)


def _wrong_step(
    sources: Sources,
    placed: Placed,
    step: CalculationStep,
    before: Mapping[str, frozenset[str]],
) -> Iterator[FieldError]:
    used = _names_of(step.formula)
    if used.fault:
        yield FieldError(
            pointer=f"{placed.pointer}/formula",
            code="formula_unreadable",
            detail=f"Step {step.code}: {used.fault}",
        )
        return
    given = {one.name for one in step.inputs}
    for name in sorted(used.names - given):
        yield FieldError(
            pointer=f"{placed.pointer}/inputs",
            code="missing_input",
            detail=f"The formula of step {step.code} uses {name}, which is not among its inputs.",
        )
    for name in sorted(given - used.names):
        yield FieldError(
            pointer=f"{placed.pointer}/inputs/{name}",
            code="unused",
            detail=f"The formula of step {step.code} does not use {name}.",
        )
    for one in step.inputs:
        yield from _wrong_input(sources, placed, one, before)
    if used.names <= given:
        units = {one.name: one.unit for one in step.inputs}
        fault = unit_fault(step.formula, units, step.unit)
        if fault:
            yield FieldError(
                pointer=f"{placed.pointer}/formula",
                code="unit_mismatch",
                detail=f"Step {step.code}: {fault}",
            )


def _wrong_input(
    sources: Sources, placed: Placed, one: Input, before: Mapping[str, frozenset[str]]
) -> Iterator[FieldError]:
    code, pointer = placed.step.code, f"{placed.pointer}/inputs/{one.name}"
    unit = sources.unit_of(one.source)
    if unit is None:
        yield FieldError(
            pointer=f"{pointer}/from",
            code="unknown_reference",
            detail=f"Step {code} takes {one.name} from {one.source}, which gives no number.",
        )
        return
    if unit != one.unit:
        yield FieldError(
            pointer=f"{pointer}/unit",
            code="unit_mismatch",
            detail=f"Step {code} expects {one.name} in {_spoken(one.unit)},"
            f" {one.source} gives it in {_spoken(unit)}.",
        )
    # A step that cannot be reached has its own fault; here only the order matters.
    if "." not in one.source and code in before and one.source not in before[code]:
        yield FieldError(
            pointer=f"{pointer}/from",
            code="too_early",
            detail=f"Step {code} uses step {one.source}, which need not be complete by then.",
        )


def _spoken(unit: str) -> str:
    return unit_label(unit) or "a plain number"


def _wrong_parameters(document: Document, sources: Sources) -> Iterator[FieldError]:
    """Yield what is wrong with parameters that are computed from the others and the order."""
    uses: dict[str, frozenset[str]] = {}
    for place, parameter in enumerate(document.formula.parameters):
        if not parameter.formula:
            continue
        pointer = f"/formula/parameters/{place}/formula"
        used = _names_of(parameter.formula)
        if used.fault:
            yield FieldError(
                pointer=pointer,
                code="formula_unreadable",
                detail=f"Parameter {parameter.code}: {used.fault}",
            )
            continue
        uses[parameter.code] = used.names
        units = {name: _unit_of_name(sources, name) for name in used.names}
        known = {name: unit for name, unit in units.items() if unit is not None}
        fault = unit_fault(parameter.formula, known, parameter.unit) if known == units else ""
        if fault:
            yield FieldError(
                pointer=pointer, code="unit_mismatch", detail=f"Parameter {parameter.code}: {fault}"
            )
        for name in sorted(used.names - set(ORDER_VALUES)):
            if sources.unit_of(f"parameter.{name}") is None:
                yield FieldError(
                    pointer=pointer,
                    code="unknown_reference",
                    detail=f"Parameter {parameter.code} uses {name}, which has no value.",
                )
    for code in _circular(uses):
        place = [one.code for one in document.formula.parameters].index(code)
        yield FieldError(
            pointer=f"/formula/parameters/{place}/formula",
            code="circular",
            detail=f"Parameter {code} is computed from itself.",
        )


def _unit_of_name(sources: Sources, name: str) -> str | None:
    return ORDER_VALUES.get(name) or sources.unit_of(f"parameter.{name}")


def _circular(uses: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the names that can never be computed, because they wait for each other."""
    left = dict(uses)
    while ready := [name for name, used in left.items() if not used & left.keys()]:
        for name in ready:
            del left[name]
    return list(left)
