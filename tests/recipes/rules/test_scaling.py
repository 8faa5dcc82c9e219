"""Scaling: what follows the patient follows them, and what is fixed is what it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.rules.parsing import document_from
from recipes.rules.scaling import parameter_values
from tests.recipes.rules.plain import demo

pytestmark = pytest.mark.requirement("S88-12")
WEIGHTS = st.decimals(min_value="1", max_value="300", places=1)
HEIGHTS = st.decimals(min_value="30", max_value="250", places=1)


@pytest.mark.parametrize("code", ["CART-19", "PGX-ORAL", "MRNA-NEO"])
@given(weight=WEIGHTS, height=HEIGHTS)
def test_a_fixed_parameter_is_the_same_for_every_patient(
    code: str, weight: Decimal, height: Decimal
) -> None:
    document = document_from(demo(code))
    values = parameter_values(document, {"weight_kg": weight, "height_cm": height})
    fixed = [one for one in document.formula.parameters if one.default is not None]
    assert fixed
    # To the digit: 2.0 stays 2.0.
    assert {one.code: str(values[one.code]) for one in fixed} == {
        one.code: str(one.default) for one in fixed
    }


@given(weight=WEIGHTS)
def test_a_parameter_per_kilogram_follows_the_weight(weight: Decimal) -> None:
    document = document_from(demo("CART-19"))
    values = parameter_values(document, {"weight_kg": weight, "height_cm": Decimal(170)})
    assert values["needed_cells"] == values["cells_per_kg"] * weight
