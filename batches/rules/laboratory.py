"""Laboratory records: what the analyst entered of a test, read and computed. Pure Python.

Source: 21 CFR 211.194(a)(3) to (6), as ``recipes.rules.laboratory`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from kernel.errors import Invalid
from kernel.quantities import decimal_from, places_of, round_half_up, text_of
from recipes.rules.formulas import evaluate
from recipes.rules.laboratory import Laboratory

MOST_PLACES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TestData:
    """What came with a test: the code on its sample, the amounts as typed, the raw data."""

    __test__ = False  # no test of ours, whatever its name

    sample: str
    amounts: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    file_name: str = ""


def amounts_from(laboratory: Laboratory, typed: Mapping[str, str]) -> dict[str, Decimal]:
    """Return the amounts by their names.

    Raises:
        Invalid: one is missing, no number, or below nothing; the pointer is ``/amounts/NAME``.
    """
    found = {}
    for one in laboratory.amounts:
        pointer = f"/amounts/{one.name}"
        value = decimal_from(typed.get(one.name, ""), pointer=pointer)
        if places_of(value) > MOST_PLACES:
            raise Invalid(
                f"{one.label}: at most {MOST_PLACES} decimals.",
                pointer=pointer,
                code="too_precise",
            )
        if value < 0:
            raise Invalid(f"{one.label} is not below zero.", pointer=pointer, code="range")
        found[one.name] = value
    return found


def result_of(
    laboratory: Laboratory, amounts: Mapping[str, Decimal], *, typed: str, decimals: int
) -> str:
    """Return the result as it is entered: computed where there is a formula, else as typed.

    Raises:
        Invalid: the formula gives no number with these amounts (a division by zero).
    """
    if not laboratory.formula:
        return typed
    return text_of(round_half_up(evaluate(laboratory.formula, amounts), decimals))
