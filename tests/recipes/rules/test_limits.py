"""Limits: rounded first, then compared; hard before soft; the reason in words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.rules.limits import Range, Verdict, range_label, verdict

HARD = Range(min=Decimal("36.0"), max=Decimal("38.0"))
SOFT = Range(min=Decimal("36.5"), max=Decimal("37.5"))


def of(value: str, hard: Range | None = HARD, soft: Range | None = SOFT, **named: str) -> Verdict:
    return verdict(Decimal(value), hard, soft, **named)


@pytest.mark.requirement("A11D-05")
@pytest.mark.parametrize(
    ("value", "outcome", "reason"),
    [
        ("37.0", "in_limits", ""),
        ("36.5", "in_limits", ""),
        ("37.5", "in_limits", ""),
        ("37.54", "in_limits", ""),
        ("37.9", "soft_breach", "37.9 is above 37.5 °C"),
        ("37.55", "soft_breach", "37.55, rounded to 37.6, is above 37.5 °C"),
        ("36.44", "soft_breach", "36.44, rounded to 36.4, is below 36.5 °C"),
        ("38.0", "soft_breach", "38.0 is above 37.5 °C"),
        ("38.04", "soft_breach", "38.04, rounded to 38.0, is above 37.5 °C"),
        ("38.05", "hard_breach", "38.05, rounded to 38.1, is above 38.0 °C"),
        ("35.9", "hard_breach", "35.9 is below 36.0 °C"),
        ("-1", "hard_breach", "-1 is below 36.0 °C"),
    ],
)
def test_a_value_is_judged_and_the_reason_said(value: str, outcome: str, reason: str) -> None:
    said = of(value, unit="Cel")
    assert (said.outcome, said.reason) == (outcome, reason)


@pytest.mark.requirement("A11D-05", "DI-05")
@pytest.mark.parametrize(
    ("value", "limits", "outcome"),
    [
        ("97.96", Range(min=Decimal("98.0")), "in_limits"),
        ("97.95", Range(min=Decimal("98.0")), "in_limits"),
        ("97.92", Range(min=Decimal("98.0")), "hard_breach"),
        ("0.025", Range(max=Decimal("0.02")), "hard_breach"),
    ],
)
def test_the_published_roundings_are_met(value: str, limits: Range, outcome: str) -> None:
    assert of(value, limits, None).outcome == outcome


def test_an_exclusive_limit_is_not_in_the_range() -> None:
    below = Range(max=Decimal("5.0"), max_exclusive=True)
    said = of("5.0", None, below, unit="[EU]/mL")
    assert (said.outcome, said.side, said.reason) == (
        "soft_breach",
        "high",
        "5.0 is not below 5.0 EU/mL",
    )
    assert of("4.95", None, below).outcome == "soft_breach"
    assert of("4.94", None, below).is_in_limits
    above = Range(min=Decimal(0), min_exclusive=True)
    assert of("0", above, None).reason == "0 is not above 0"


def test_without_limits_every_value_is_in_them() -> None:
    assert of("-1e17", None, None) == Verdict(outcome="in_limits")
    assert of("5", Range(), Range()).is_in_limits


@given(
    st.decimals(min_value=-100, max_value=100, places=3),
    st.decimals(min_value=-50, max_value=0, places=1),
    st.decimals(min_value=0, max_value=50, places=1),
)
def test_a_value_is_out_only_where_it_is_truly_nearer_to_the_outside(
    value: Decimal, low: Decimal, high: Decimal
) -> None:
    said = verdict(value, Range(min=low, max=high), None)
    half = Decimal("0.05")
    if low <= value <= high:
        assert said.is_in_limits
    if value < low - half:
        assert (said.outcome, said.side, said.limit) == ("hard_breach", "low", low)
    if value > high + half:
        assert (said.outcome, said.side, said.limit) == ("hard_breach", "high", high)


def test_a_range_that_nothing_can_meet_is_known() -> None:
    one = Decimal(1)
    possible = [
        Range(min=one, max=one),
        Range(min=one, max=one, max_exclusive=True),
        Range(min=Decimal(2), max=one),
        Range(min=one),
    ]
    assert [limits.is_possible for limits in possible] == [True, False, False, True]


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        (HARD, "36.0 to 38.0 °C"),
        (Range(min=Decimal("80.0")), "≥ 80.0 °C"),
        (Range(max=Decimal("5.0"), max_exclusive=True), "< 5.0 °C"),
        (Range(min=Decimal(0), max=Decimal(1), min_exclusive=True), "> 0 and ≤ 1 °C"),
        (Range(max=Decimal(0)), "≤ 0 °C"),
        (None, ""),
        (Range(), ""),
    ],
)
def test_a_range_is_printed_as_it_is_read(limits: Range | None, shown: str) -> None:
    assert range_label(limits, "Cel") == shown
