"""The arithmetic of a weighing: targets, tolerances, potency, units, and what a scale can do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.rules.weighing import (
    Held,
    Scale,
    Target,
    counted,
    in_unit,
    judged_weighing,
    net_of,
    still_wanted,
    target_for,
    why_not_on,
    why_not_shown,
)
from kernel.errors import Conflict, Invalid
from recipes.rules.parsing import step_from
from recipes.rules.weigh_steps import WeighStep
from tests.worlds.recipes import step

BALANCE = Scale(
    name="Balance 1",
    unit="g",
    most=Decimal(220),
    resolution=Decimal("0.0001"),
    smallest=Decimal("0.02"),
)
WHOLE = Decimal(100)


def weighing(**more: Any) -> WeighStep:
    """A step that weighs salt in grams; within a percent unless it is said otherwise."""
    tolerance = {} if "tolerance" in more else {"tolerance_percent": "1"}
    plain = {"material": "SALT", "equipment": "BALANCE", "unit": "g", "decimals": 2, **tolerance}
    found = step_from(step("S01", "weigh", "Weigh the salt", **{**plain, **more}))
    assert isinstance(found, WeighStep)
    return found


@pytest.mark.requirement("CGMP-08")
@pytest.mark.parametrize(
    ("value", "unit", "wanted", "found"),
    [
        ("12.5", "g", "mg", "12500"),
        ("1239", "mg", "g", "1.239"),
        ("0.5", "kg", "g", "500"),
        ("7", "ug", "mg", "0.007"),
        ("3", "ng", "ug", "0.003"),
        ("1", "g", "g", "1"),
    ],
)
def test_masses_are_converted_exactly(value: str, unit: str, wanted: str, found: str) -> None:
    assert in_unit(Decimal(value), unit, wanted) == Decimal(found)


@pytest.mark.requirement("CGMP-08")
@pytest.mark.parametrize("unit", ["mL", "1", "%", "{capsules}", "mg/mL"])
def test_grams_are_nothing_else(unit: str) -> None:
    with pytest.raises(Invalid) as refused:
        in_unit(Decimal(1), unit, "g")
    assert refused.value.code == "unit_mismatch"


@given(
    st.decimals(min_value="0.001", max_value="9999", places=3, allow_nan=False),
    st.sampled_from(["kg", "g", "mg", "ug"]),
    st.sampled_from(["kg", "g", "mg", "ug"]),
)
def test_there_and_back_is_the_same(value: Decimal, unit: str, other: str) -> None:
    assert in_unit(in_unit(value, unit, other), other, unit) == value


@pytest.mark.parametrize(
    ("more", "quantity", "unit", "edges"),
    [
        ({}, "12.5", "g", ("12.38", "12.50", "12.62")),
        ({}, "1239", "mg", ("1.23", "1.24", "1.25")),
        ({"tolerance": "0.05"}, "5", "g", ("4.95", "5.00", "5.05")),
        ({"decimals": 0, "tolerance_percent": "10"}, "25.5", "g", ("24", "26", "28")),
    ],
)
def test_a_target_is_rounded_as_it_is_weighed(
    more: dict[str, Any], quantity: str, unit: str, edges: tuple[str, str, str]
) -> None:
    found = target_for(weighing(**more), Decimal(quantity), unit)
    assert [str(one) for one in (found.low, found.wanted, found.high)] == list(edges)


@given(
    wanted=st.decimals(min_value="0.01", max_value="500", places=2, allow_nan=False),
    share=st.decimals(min_value="-0.03", max_value="0.03", places=5, allow_nan=False),
)
def test_rounding_lets_through_no_more_than_half_a_digit(wanted: Decimal, share: Decimal) -> None:
    phase = weighing(beyond="exception")
    target = target_for(phase, wanted, "g")
    assert target.low <= target.wanted <= target.high
    found = wanted * (1 + share)
    if judged_weighing(phase, target, found).word == "in_range":
        assert abs(share) <= Decimal("0.01") + Decimal("0.005") / wanted


def test_there_is_something_to_weigh() -> None:
    with pytest.raises(Invalid) as refused:
        target_for(weighing(), Decimal("0.001"), "g")
    assert refused.value.code == "no_target"


@pytest.mark.requirement("CGMP-08")
def test_a_weak_lot_is_weighed_in_for_more() -> None:
    target = target_for(weighing(nominal_potency="100"), Decimal(10), "g")
    missing = still_wanted(target, Decimal(0), nominal=WHOLE, potency=Decimal(80))
    assert missing == Decimal("12.5")
    held = [Held(net=missing, potency=Decimal(80))]
    assert counted(held, WHOLE) == 10
    assert counted(held, None) == Decimal("12.5")
    two = [Held(net=Decimal(5), potency=Decimal(80)), Held(net=Decimal(6), potency=Decimal(100))]
    assert counted(two, WHOLE) == 10
    assert still_wanted(target, counted(two, WHOLE), nominal=WHOLE, potency=Decimal(80)) == 0
    with pytest.raises(Conflict, match="potency of this lot is not known"):
        still_wanted(target, Decimal(0), nominal=WHOLE, potency=None)


@given(
    potency=st.decimals(min_value="50", max_value="120", places=2, allow_nan=False),
    wanted=st.decimals(min_value="0.01", max_value="500", places=2, allow_nan=False),
)
def test_what_is_still_wanted_meets_the_target(potency: Decimal, wanted: Decimal) -> None:
    target = Target(low=wanted, wanted=wanted, high=wanted, unit="g")
    missing = still_wanted(target, Decimal(0), nominal=WHOLE, potency=potency)
    assert abs(counted([Held(net=missing, potency=potency)], WHOLE) - wanted) < Decimal("1e-9")


@pytest.mark.parametrize(("tare", "gross"), [("5", "5"), ("5", "4.9999"), ("0", "0")])
def test_a_full_container_weighs_more_than_an_empty_one(tare: str, gross: str) -> None:
    with pytest.raises(Invalid) as refused:
        net_of(Decimal(tare), Decimal(gross))
    assert refused.value.code == "nothing_weighed"


@pytest.mark.requirement("CGMP-08", "P11-10")
@pytest.mark.parametrize(
    ("quantity", "percent", "words"),
    [
        ("12.5", "1", ""),
        ("0.01", "50", "weighs 0.02 g or more"),
        ("250", "1", "weighs up to 220 g"),
        ("0.05", "0.1", "too coarse"),
    ],
)
def test_a_scale_is_chosen_by_range_and_resolution(quantity: str, percent: str, words: str) -> None:
    phase = weighing(tolerance_percent=percent, decimals=5)
    found = why_not_on(BALANCE, target_for(phase, Decimal(quantity), "g"))
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.parametrize(
    ("shown", "net", "words"),
    [
        ("8", None, ""),
        ("-0.1", None, "from 0 to 220 g"),
        ("221", None, "from 0 to 220 g"),
        ("8.01", "0.01", "0.01 g is too little"),
        ("8.1", "0.1", ""),
    ],
)
def test_what_is_beyond_a_scale_is_no_weight(shown: str, net: str | None, words: str) -> None:
    found = why_not_shown(BALANCE, Decimal(shown), None if net is None else Decimal(net))
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.requirement("CGMP-08")
@pytest.mark.parametrize(
    ("found", "word"),
    [
        ("12.38", "in_range"),
        ("12.375", "in_range"),
        ("12.3749", "soft_limit"),
        ("12.624", "in_range"),
        ("12.625", "soft_limit"),
        ("12.634", "soft_limit"),
    ],
)
def test_the_sum_is_judged_as_it_is_rounded(found: str, word: str) -> None:
    phase, strict = weighing(beyond="exception"), weighing()
    target = target_for(phase, Decimal("12.5"), "g")
    judged = judged_weighing(phase, target, Decimal(found))
    assert judged.word == word
    assert judged.severity == ("warning" if word == "soft_limit" else "note")
    if word == "in_range":
        assert judged_weighing(strict, target, Decimal(found)).word == "in_range"
        return
    with pytest.raises(Invalid) as refused:
        judged_weighing(strict, target, Decimal(found))
    assert refused.value.code == "hard_limit"
