"""Units of a formula: what cannot be added is not, and what comes out is what the step says."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from kernel.quantities import UNITS
from recipes.rules.completeness import missing_before_approval
from recipes.rules.dimensions import condition_fault, measure_of, unit_fault
from recipes.rules.formulas import evaluate
from recipes.rules.parsing import document_from
from tests.recipes.rules.test_completeness import with_calculation

UNIT = {
    "mass": "mg", "grams": "g", "volume": "mL", "liters": "L", "cells": "10*6{cells}",
    "density": "10*6{cells}/mL", "titer": "10*6{TU}/mL", "moi": "{MOI}", "weight": "kg",
    "share": "%", "per_kg": "mg/kg", "bags": "{bags}", "hours": "h", "minutes": "min",
    "area": "m2", "strength": "mg/mL",
}  # fmt: skip


@pytest.mark.requirement("SPC-08", "S88-12")
@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("moi * cells / titer", "mL"),
        ("volume * titer / cells", "{MOI}"),
        ("cells * share / 100 / weight", "10*6{cells}/kg"),
        ("(mass - 20) / mass * 100", "%"),
        ("cells / cells", "1"),
        ("log2(cells / cells)", "1"),
        ("min(round_half_up(weight * per_kg, 1), 50)", "mg"),
        ("density * volume", "10*6{cells}"),
        ("strength * volume * bags", "mg"),
        ("sqrt(area * area)", "m2"),
        ("if_else(mass < 5, mass, 2 * mass)", "mg"),
        ("1 + 2", "mL"),
        ("abs(-volume) + volume ** 2 / volume", "mL"),
        ("mass / strength", "mL"),
    ],
)
def test_what_goes_together_goes_through(formula: str, unit: str) -> None:
    assert unit_fault(formula, UNIT, unit) == ""


@pytest.mark.requirement("SPC-08", "CGMP-08")
@pytest.mark.parametrize(
    ("formula", "unit", "told"),
    [
        ("mass + volume", "mg", "mg + mL has no meaning."),
        ("mass + grams", "mg", "mg + g has no meaning."),
        ("hours - minutes", "h", "h - min has no meaning."),
        ("volume * strength", "mL", "The formula gives mg, not mL."),
        ("liters * strength", "mg", "The formula gives g, not mg."),
        ("volume", "L", "The formula gives mL, not L."),
        ("2.0 * weight", "10*6{cells}", "The formula gives kg, not ×10⁶ cells."),
        ("max(mass, volume)", "mg", "max compares mg with mL."),
        ("if_else(mass < volume, 1, 2)", "1", "mg < mL compares what differs."),
        ("if_else(mass < 1, mass, volume)", "mg", "if_else chooses between mg and mL."),
        ("log2(cells)", "1", "A logarithm of ×10⁶ cells is none: of a plain number it is."),
        ("sqrt(volume)", "mL", "The root of mL has no unit."),
        ("cells / volume", "10*6{TU}/mL", "The formula gives ×10⁶ cells/mL, not ×10⁶ TU/mL."),
        ("volume ** 2", "mL", "The formula gives m^6, not mL."),
    ],
)
def test_what_does_not_go_together_is_named(formula: str, unit: str, told: str) -> None:
    assert unit_fault(formula, UNIT, unit) == told


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_every_unit_of_the_house_measures_something(unit: str) -> None:
    found = measure_of(unit)
    assert found.scale is not None
    assert found.scale > 0


@pytest.mark.requirement("SPC-08")
@given(
    st.sampled_from(["mass", "grams", "volume", "liters", "hours", "minutes"]),
    st.sampled_from(["mass", "grams", "volume", "liters", "hours", "minutes"]),
    st.integers(1, 999),
    st.integers(1, 999),
)
def test_a_sum_that_is_allowed_is_the_sum_of_what_is_meant(
    one: str, other: str, left: int, right: int
) -> None:
    """Where the check lets a sum through, scaling before and after adding makes no difference."""
    if unit_fault(f"{one} + {other}", UNIT, UNIT[one]):
        assert one != other
        return
    scales = [measure_of(UNIT[name]).scale for name in (one, other)]
    assert None not in scales
    meant = sum(Fraction(n) * (s or 0) for n, s in zip((left, right), scales, strict=True))
    given_values = {one: Decimal(left)} | {other: Decimal(right)}
    if one == other:
        meant = 2 * right * (scales[0] or Fraction(0))
    got = Fraction(evaluate(f"{one} + {other}", given_values)) * (scales[0] or 0)
    assert got == meant


@pytest.mark.requirement("SPC-08", "CGMP-03")
def test_a_recipe_whose_units_do_not_go_together_is_not_approved() -> None:
    found = missing_before_approval(document_from(with_calculation(formula="v + w")))
    assert [(one.code, one.detail) for one in found] == [
        ("unit_mismatch", "Step S4: mL + kg has no meaning.")
    ]


def test_a_name_without_a_unit_is_told() -> None:
    with pytest.raises(Invalid):
        unit_fault("nobody + 1", UNIT, "mg")


@pytest.mark.requirement("S88-03")
@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("mass < 5", ""),
        ("mass / grams > 2", ""),
        ("mass < volume", "mg < mL compares what differs."),
        ("mass >= grams", "mg >= g compares what differs."),
    ],
)
def test_a_condition_compares_what_is_alike(condition: str, told: str) -> None:
    assert condition_fault(condition, UNIT) == told
