"""Readings on their way in: the quick look and the careful one say the same."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rules.intake import Bounds, Measured, exact, grouped, judged, readings_of
from monitoring.rules.limits import Condition, judge
from monitoring.rules.quality import is_bad, is_uncertain
from tests.monitoring.test_limits import ROOM, limit_sets

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=1)
groups_of_values = st.lists(
    st.lists(
        st.one_of(
            st.none(),
            st.sampled_from([math.nan, math.inf]),
            st.decimals("10", "30", places=1).map(float),
            st.decimals("18", "21", places=1).map(float),
            st.decimals("18", "21", places=1).map(float),
        ),
        min_size=1,
        max_size=12,
    ),
    min_size=1,
    max_size=6,
)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


@given(groups_of_values, limit_sets, st.sampled_from([1.0, 6.0]))
def test_the_quick_look_says_what_judging_every_reading_says(
    deliveries: list[list[float | None]], limits: object, every: float
) -> None:
    bounds = Bounds.of(limits)  # type: ignore[arg-type]
    quick, careful = Condition(), Condition()
    told, expected = [], []
    second = 0.0
    for values in deliveries:
        readings = []
        for value in values:
            readings.append(Measured(1, at(second), value))
            second += every
        group = grouped(readings, now=NOW)[1]
        quick, moves = judged(quick, group, bounds)
        told.extend(moves)
        for reading in readings_of(group):
            careful, moves = judge(careful, reading, bounds.limits)
            expected.extend(moves)
    assert (quick, told) == (careful, expected)


def test_readings_are_put_in_order_and_each_time_counts_once() -> None:
    late = [Measured(1, at(2), 2.0), Measured(1, at(1), 1.0), Measured(1, at(2), 9.0)]
    group = grouped(late, now=NOW)[1]
    assert group.values == [1.0, 2.0]


@pytest.mark.requirement("OPC-03")
def test_a_reading_from_the_future_is_stored_as_uncertain() -> None:
    group = grouped([Measured(1, NOW + timedelta(minutes=10), 20.0)], now=NOW)[1]
    assert is_uncertain(group.qualities[0])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_a_value_that_is_no_number_is_a_bad_reading(value: float | None) -> None:
    group = grouped([Measured(1, at(1), 20.0), Measured(1, at(2), value)], now=NOW)[1]
    assert group.values == [20.0, None]
    assert is_bad(group.qualities[1])


def test_the_worst_value_of_an_alarm_is_known_when_it_ends() -> None:
    values = [20.0, 26.0, 29.5, 27.0, 20.0]
    group = grouped([Measured(1, at(s), v) for s, v in enumerate(values)], now=NOW)[1]
    condition, moves = judged(Condition(), group, Bounds.of(ROOM))
    assert [(move.move, move.extreme) for move in moves] == [
        ("raised", Decimal("26.0")),
        ("cleared", Decimal("29.5")),
    ]
    assert condition.extreme is None


@given(st.decimals("-1000", "1000", places=4))
def test_a_double_means_the_decimal_it_was_made_from(value: Decimal) -> None:
    assert exact(float(value)) == value
