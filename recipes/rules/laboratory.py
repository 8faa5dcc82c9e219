"""Laboratory records: what is kept of a test beside its result, and whether a recipe asks for it whole.

Source: 21 CFR 211.194(a): (1) the sample, (2) the method, (3) the weight or measure used, (4) the
data secured, (5) the calculations, (6) the result and the standard, (7) who tested, (8) who
reviewed. A test has the sample, the method and the specification in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.errors import FieldError, Invalid
from recipes.rules.dimensions import unit_fault
from recipes.rules.file_steps import FILE_SORTS, FileSort
from recipes.rules.formulas import names_in
from recipes.rules.reader import Reader

MOST_AMOUNTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One weight, volume or count that the analyst enters; a formula may use it by its name."""

    name: str
    label: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """What a test keeps: the version of its method, amounts, a calculation, raw data.

    With a ``formula`` the result is computed from the amounts and never typed; ``raw_data`` is what
    the file of raw data may be.
    """

    method_version: str
    amounts: tuple[Amount, ...] = ()
    formula: str = ""
    raw_data: tuple[FileSort, ...] = FILE_SORTS


def read_laboratory(reader: Reader) -> Laboratory:
    """Return what a test keeps, as a document says it."""
    amounts = reader.parts("amounts", _amount)
    names = [one.name for one in amounts]
    if len(amounts) > MOST_AMOUNTS:
        reader.fault("amounts", "too_long", f"A test takes at most {MOST_AMOUNTS} amounts.")
    if len(set(names)) < len(names):
        reader.fault("amounts", "duplicate", "Two amounts have the same name.")
    return Laboratory(
        method_version=reader.text("method_version", longest=16, is_required=True),
        amounts=amounts,
        formula=reader.text("formula", longest=500),
        raw_data=reader.words("raw_data", FILE_SORTS, default=FILE_SORTS),
    )


def _amount(reader: Reader) -> Amount:
    return Amount(
        name=reader.code("name", longest=24),
        label=reader.text("label", longest=120, is_required=True),
        unit=reader.unit(),
    )


def wrong_laboratory(
    laboratory: Laboratory,
    *,
    code: str,
    unit: str,
    has_sample: bool,
    has_reviewer: bool,
    pointer: str,
) -> Iterator[FieldError]:
    """Yield why a laboratory record of a step would not be whole.

    Args:
        code: of the step.
        unit: of its result.
        pointer: of the step.
    """
    if not has_sample:
        yield FieldError(
            pointer=f"{pointer}/sample",
            code="missing",
            detail=f"The recipe does not say which sample the test in {code} is made of.",
        )
    if not has_reviewer:
        yield FieldError(
            pointer=f"{pointer}/verify",
            code="no_verifier",
            detail=f"Step {code} is a laboratory record and has no second person to review it.",
        )
    if laboratory.formula:
        fault = _formula_fault(laboratory, unit)
        if fault:
            yield FieldError(
                pointer=f"{pointer}/laboratory/formula",
                code="formula_unreadable",
                detail=f"Step {code}: {fault}",
            )


def _formula_fault(laboratory: Laboratory, unit: str) -> str:
    try:
        used = names_in(laboratory.formula)
        units = {one.name: one.unit for one in laboratory.amounts}
        lost = sorted(used - set(units))
        if lost:
            return f"The formula uses {lost[0]}, which is not among the amounts."
        return unit_fault(laboratory.formula, units, unit)
    except Invalid as refusal:
        return refusal.detail
