"""Whether the structure of a procedure can be carried out: no orphan, no circle, no loop without a
bound, and no condition that reads what is not known when it is decided (requirement S88-03)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kernel.errors import FieldError, Invalid
from kernel.quantities import unit_label
from recipes.rules.calculation_checks import Sources
from recipes.rules.dimensions import condition_fault
from recipes.rules.document import Document, Operation, UnitProcedure
from recipes.rules.sequence import Loop, order_of, sequence_of
from recipes.rules.structure import Condition, condition_names


def wrong_structure(document: Document) -> Iterator[FieldError]:
    """Yield every reason why the structure of the procedure cannot be carried out."""
    units = document.procedure.unit_procedures
    yield from _siblings(units, "/procedure/unit_procedures", "Unit procedure")
    for u, unit in enumerate(units):
        pointer = f"/procedure/unit_procedures/{u}"
        if not unit.operations:
            yield _fault(pointer, "orphan", f"Unit procedure {unit.code} has no operation.")
        yield from _siblings(unit.operations, f"{pointer}/operations", "Operation")
        for o, operation in enumerate(unit.operations):
            if not operation.steps:
                yield _fault(
                    f"{pointer}/operations/{o}",
                    "orphan",
                    f"Operation {operation.code} has no step.",
                )
    yield from _conditions(document)


def _fault(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)


def _siblings(
    siblings: Sequence[UnitProcedure | Operation], pointer: str, what: str
) -> Iterator[FieldError]:
    """Yield what is wrong with what siblings wait for: nobody, or each other in a circle."""
    codes = {one.code for one in siblings}
    for place, one in enumerate(siblings):
        for named in one.after or ():
            if named not in codes:
                yield _fault(
                    f"{pointer}/{place}/after",
                    "unknown_reference",
                    f"{what} {one.code} comes after {named}, which is not beside it.",
                )
    left = {one.code: set(one.after or ()) & codes for one in siblings}
    while free := [code for code, after in left.items() if not after & left.keys()]:
        for code in free:
            del left[code]
    for place, one in enumerate(siblings):
        if one.code in left:
            yield _fault(
                f"{pointer}/{place}/after",
                "circular",
                f"{what} {one.code} can never start: it waits for itself.",
            )


def _conditions(document: Document) -> Iterator[FieldError]:
    order, sequence, sources = order_of(document), sequence_of(document), Sources(document)
    for gate in order.gates:
        pointer, known = f"{gate.pointer}/when", sequence.at_gates[gate.pointer]
        yield from _condition(sources, gate.condition, pointer, _Place(gate.code, known))
    for loop in order.loops:
        yield from _loop(sources, loop, sequence.at_loops)


def _loop(
    sources: Sources, loop: Loop, known: Mapping[str, frozenset[str]]
) -> Iterator[FieldError]:
    pointer = f"{loop.pointer}/repeat"
    if loop.most is None:
        yield _fault(
            f"{pointer}/most", "unbounded", f"Operation {loop.code} is repeated without a bound."
        )
    if loop.until is None:
        yield _fault(
            f"{pointer}/until", "missing", f"Operation {loop.code} does not say until when."
        )
        return
    place = _Place(loop.code, known[loop.pointer])
    yield from _condition(sources, loop.until, f"{pointer}/until", place)


class _Place:
    """Where a condition is decided: the code of what it bears on, and what is known by then."""

    def __init__(self, code: str, known: frozenset[str]) -> None:
        self.code = code
        self.known = known


def _condition(
    sources: Sources, condition: Condition, pointer: str, place: _Place
) -> Iterator[FieldError]:
    try:
        used = condition_names(condition.formula)
    except Invalid as refusal:
        detail = f"The condition of {place.code}: {refusal.detail}"
        yield _fault(f"{pointer}/formula", "formula_unreadable", detail)
        return
    given = {one.name for one in condition.inputs}
    for name in sorted(used - given):
        detail = f"The condition of {place.code} uses {name}, which is not among its inputs."
        yield _fault(f"{pointer}/inputs", "missing_input", detail)
    for name in sorted(given - used):
        detail = f"The condition of {place.code} does not use {name}."
        yield _fault(f"{pointer}/inputs/{name}", "unused", detail)
    units = {one.name: one.unit for one in condition.inputs}
    fault = condition_fault(condition.formula, units) if used <= given else ""
    if fault:
        detail = f"The condition of {place.code}: {fault}"
        yield _fault(f"{pointer}/formula", "unit_mismatch", detail)
    for one in condition.inputs:
        where = f"{pointer}/inputs/{one.name}"
        unit = sources.unit_of(one.source)
        if unit is None:
            detail = f"The condition of {place.code} takes {one.name} from {one.source}, which"
            yield _fault(f"{where}/from", "unknown_reference", f"{detail} gives no number.")
            continue
        if unit != one.unit:
            yield _fault(
                f"{where}/unit",
                "unit_mismatch",
                f"The condition of {place.code} expects {one.name} in {_spoken(one.unit)},"
                f" {one.source} gives it in {_spoken(unit)}.",
            )
        if "." not in one.source and one.source not in place.known:
            yield _fault(
                f"{where}/from",
                "too_early",
                f"The condition of {place.code} reads step {one.source}, whose value need not be"
                " known by then.",
            )


def _spoken(unit: str) -> str:
    return unit_label(unit) or "a plain number"
