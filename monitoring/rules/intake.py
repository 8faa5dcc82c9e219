"""Readings on their way in: grouped by sensor, checked whole where nothing happens.

Nearly every group of readings is calm: usable, inside the limits, without a gap. That is seen
from the extremes of the group, without looking at one reading after another and without a
Decimal; only a group that is not calm is judged reading by reading. Both ways say the same
(tests/monitoring/test_intake.py compares them).

Floats and Decimals agree about a limit: a decimal number of at most 15 digits survives the way
through a double, and rounding to the nearest double keeps the order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple, cast

from monitoring.rules.limits import Condition, LimitSet, Reading, Transition, judge
from monitoring.rules.quality import BAD_SENSOR_FAILURE, GOOD, SKEW_S, quality_at

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts microseconds from here
SECOND_US = 1_000_000


class Measured(NamedTuple):
    """A reading as a driver delivers it; a tuple, because they come by the thousand."""

    sensor_id: int
    at: datetime
    value: float | None
    quality: int = GOOD


@dataclass(slots=True, kw_only=True)
class Group:
    """The readings of one sensor in one delivery, in time order, column by column."""

    sensor_id: int
    times: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    qualities: list[int] = field(default_factory=list)

    def last_at(self) -> datetime:
        """Return the time of the newest reading."""
        return moment_of(self.times[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of a sensor, also as floats for the quick look."""

    limits: LimitSet
    low: float
    high: float
    silence_us: int

    @classmethod
    def of(cls, limits: LimitSet) -> Bounds:
        """Return the bounds of ``limits``."""
        low, high = limits.inner()
        return cls(
            limits=limits,
            low=-math.inf if low is None else float(low),
            high=math.inf if high is None else float(high),
            silence_us=limits.silence_s * SECOND_US or 2**62,
        )


def microseconds(at: datetime) -> int:
    """Return a time in microseconds since 2000, as PostgreSQL stores it."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


def moment_of(microsecond: int) -> datetime:
    """Return the time that PostgreSQL stores as ``microsecond``."""
    return EPOCH + timedelta(microseconds=microsecond)


def grouped(readings: Iterable[Measured], *, now: datetime) -> dict[int, Group]:
    """Return the readings by sensor, in time order, each time once, and none unfit to be stored.

    A value that is not finite is a failure of its sensor and is kept as a bad reading; a reading
    from the future is uncertain; of two readings of one time the first counts.
    """
    groups: dict[int, Group] = {}
    seen, time = EPOCH, 0
    for sensor_id, at, value, quality in readings:
        group = groups.get(sensor_id)
        if group is None:
            group = groups[sensor_id] = Group(sensor_id=sensor_id)
        if at is not seen:  # one poll reads many sensors at one time
            seen, time = at, microseconds(at)
        group.times.append(time)
        group.values.append(value)
        group.qualities.append(quality)
    horizon = microseconds(now) + SKEW_S * SECOND_US
    for group in groups.values():
        if not _is_rising(group.times):
            _put_in_order(group)
        if group.times[-1] > horizon or not _is_finite(group):
            _make_fit(group, now)
    return groups


def _is_rising(times: Sequence[int]) -> bool:
    return all(one < other for one, other in pairwise(times))


def _put_in_order(group: Group) -> None:
    rows: dict[int, tuple[int, float | None, int]] = {}
    for row in zip(group.times, group.values, group.qualities, strict=True):
        rows.setdefault(row[0], row)
    ordered = sorted(rows.values(), key=itemgetter(0))
    group.times = [row[0] for row in ordered]
    group.values = [row[1] for row in ordered]
    group.qualities = [row[2] for row in ordered]


def _is_finite(group: Group) -> bool:
    try:
        return math.isfinite(sum(group.values))  # type: ignore[arg-type]  # None is caught
    except TypeError:
        return False


def _make_fit(group: Group, now: datetime) -> None:
    for index, value in enumerate(group.values):
        quality = group.qualities[index]
        if value is None or not math.isfinite(value):
            group.values[index] = None
            group.qualities[index] = quality if quality < 0 else BAD_SENSOR_FAILURE
        else:
            at = moment_of(group.times[index])
            group.qualities[index] = quality_at(quality, at, now)


def judged(
    condition: Condition, group: Group, bounds: Bounds
) -> tuple[Condition, tuple[Transition, ...]]:
    """Return the condition after the whole group, and what happened to the alarm."""
    if is_calm(condition, group, bounds):
        heard_at = group.last_at()
        if condition.heard_at is None or condition.heard_at < heard_at:
            condition = replace(condition, heard_at=heard_at)
        return condition, ()
    told: list[Transition] = []
    for reading in readings_of(group):
        condition, moves = judge(condition, reading, bounds.limits)
        told.extend(moves)
    return condition, tuple(told)


def is_calm(condition: Condition, group: Group, bounds: Bounds) -> bool:
    """Say whether nothing at all happens in the group: good to know without judging."""
    if not condition.is_calm or min(group.qualities) < 0:
        return False
    # A usable reading has a value: grouped() has seen to that.
    values = cast("list[float]", group.values)
    if not (bounds.low <= min(values) and max(values) <= bounds.high):
        return False
    before = group.times[0] if condition.heard_at is None else microseconds(condition.heard_at)
    times = [before, *group.times]
    return max(map(int.__sub__, times[1:], times)) < bounds.silence_us


def readings_of(group: Group) -> Iterable[Reading]:
    """Yield the readings of a group as the rules of limits know them."""
    for time, value, quality in zip(group.times, group.values, group.qualities, strict=True):
        yield Reading(
            at=moment_of(time),
            value=None if value is None else exact(value),
            quality=quality,
        )


def exact(value: float) -> Decimal:
    """Return a double as the decimal number it was made from: the shortest one that means it."""
    return Decimal(repr(value))
