"""A window of readings: what the chart keeps, what the record says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rules.limits import Reading
from monitoring.rules.window import Gap, Summary, summarize, thinned

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def summary(values: list[str | None], *, end: float | None = None, silence_s: int = 10) -> Summary:
    readings = [
        Reading(at=at(second), value=Decimal(value or 0), quality=0 if value else -1)
        for second, value in enumerate(values)
    ]
    return summarize(
        readings,
        start=NOON,
        end=at(len(values) if end is None else end),
        low=Decimal(18),
        high=Decimal(22),
        silence_s=silence_s,
        decimals=1,
    )


def test_the_summary_of_a_short_window_can_be_checked_by_hand() -> None:
    assert summary(["20", "23", "23", "17", "21"]) == Summary(
        usable=5,
        bad=0,
        low=Decimal(17),
        high=Decimal(23),
        mean=Decimal("20.80"),
        above_s=Decimal(2),
        below_s=Decimal(1),
        gaps=(),
    )


@pytest.mark.requirement("OPC-01")
def test_bad_readings_are_counted_and_left_out() -> None:
    found = summary(["20", None, "30"])
    assert (found.usable, found.bad, found.high, found.mean) == (
        2,
        1,
        Decimal(30),
        Decimal("25.00"),
    )


def test_a_gap_is_named_and_a_value_holds_no_longer_than_it_may() -> None:
    found = summary(["23"], end=60)
    assert found.gaps == (Gap(start=at(0), end=at(60)),)
    assert found.above_s == Decimal(10)


def test_a_window_without_readings_is_one_gap() -> None:
    found = summary([], end=60)
    assert (found.usable, found.low, found.mean, found.gaps) == (
        0, None, None, (Gap(start=at(0), end=at(60)),),
    )  # fmt: skip


def test_the_mean_is_rounded_half_up() -> None:
    assert summary(
        ["20.0", "20.0", "20.0", "20.1", "20.1", "20.1", "20.1", "20.0"]
    ).mean == Decimal("20.05")
    assert summary(["20.00", "20.01"]).mean == Decimal("20.01")


points = st.lists(
    st.one_of(st.none(), st.floats(-50, 150, allow_nan=False)), min_size=0, max_size=400
).map(lambda values: [(float(second), value) for second, value in enumerate(values)])


@given(points, st.integers(1, 50))
def test_thinning_keeps_extremes_and_order_and_adds_nothing(
    given_points: list[tuple[float, float | None]], width: int
) -> None:
    kept = thinned(given_points, 0.0, float(len(given_points)), width)
    values = [value for _, value in given_points if value is not None]
    shown = [value for _, value in kept if value is not None]
    assert set(kept) <= set(given_points)
    assert kept == sorted(kept, key=lambda point: point[0])
    assert (min(values, default=None), max(values, default=None)) == (
        min(shown, default=None),
        max(shown, default=None),
    )
    assert len(kept) <= max(3 * (width + 1), 2 * width)


def test_a_single_spike_among_a_day_of_seconds_is_still_drawn() -> None:
    day = [(float(second), 20.0) for second in range(86_400)]
    day[50_000] = (50_000.0, 99.0)
    kept = thinned(day, 0.0, 86_400.0, 600)
    assert (50_000.0, 99.0) in kept
    assert len(kept) < 1300


def test_a_gap_survives_the_thinning() -> None:
    line: list[tuple[float, float | None]] = [(float(s), 20.0) for s in range(1000)]
    line[500] = (500.0, None)
    assert (500.0, None) in thinned(line, 0.0, 1000.0, 50)


def test_a_chart_without_width_is_refused() -> None:
    with pytest.raises(ValueError):
        thinned([], 0.0, 1.0, 0)
