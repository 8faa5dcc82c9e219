"""A window of readings: what a chart draws of it, and what the record says of it.

Values that go on the record are Decimals; a chart may draw floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from monitoring.rules.limits import Reading

Point = tuple[float, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without a usable reading."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a sensor showed in a window; the values are None when it showed nothing usable.

    ``mean`` is the plain mean of the usable readings, rounded half up to one decimal more than
    the sensor shows. A value holds until the next reading, at most for the silence time, and so
    counts ``above_s`` and ``below_s``, the seconds beyond the limits that were asked about.
    """

    usable: int
    bad: int
    low: Decimal | None
    high: Decimal | None
    mean: Decimal | None
    above_s: Decimal
    below_s: Decimal
    gaps: tuple[Gap, ...]


def thinned(points: Sequence[Point], start: float, end: float, width: int) -> list[Point]:
    """Return two points per pixel, its lowest and its highest, and one more where it has a gap.

    Nothing that would be visible is lost, a short spike least of all. Buckets are anchored to
    multiples of their own length, so that a live chart does not flicker as its window moves.

    Args:
        points: (seconds, value or None) in time order.
        width: pixels to draw on; no fewer than one.
    """
    if width < 1:
        raise ValueError("a chart has at least one pixel")
    if len(points) <= 2 * width or end <= start:
        return list(points)
    span = (end - start) / width
    kept: list[Point] = []
    for bucket in _buckets(points, span):
        values = [point for point in bucket if point[1] is not None]
        gap = next((point for point in bucket if point[1] is None), None)
        drawn = {min(values, key=_value), max(values, key=_value)} if values else set[Point]()
        kept.extend(sorted(drawn | ({gap} if gap else set()), key=_time))
    return kept


def _value(point: Point) -> float:
    return point[1] if point[1] is not None else 0.0


def _time(point: Point) -> float:
    return point[0]


def _buckets(points: Sequence[Point], span: float) -> Iterator[list[Point]]:
    bucket: list[Point] = []
    number: int | None = None
    for point in points:
        its = int(point[0] // span)
        if its != number and bucket:
            yield bucket
            bucket = []
        number = its
        bucket.append(point)
    if bucket:
        yield bucket


def summarize(
    readings: Iterable[Reading],
    *,
    start: datetime,
    end: datetime,
    low: Decimal | None,
    high: Decimal | None,
    silence_s: int,
    decimals: int,
) -> Summary:
    """Return the summary of ``readings`` (in time order) between ``start`` and ``end``.

    Args:
        low: the limit below which time is counted, if any.
        high: the limit above which time is counted, if any.
        silence_s: how long a value holds, and a gap may last; 0 means for ever.
        decimals: the decimals the sensor shows.
    """
    hold = timedelta(seconds=silence_s) if silence_s else None
    tally = _Tally()
    gaps: list[Gap] = []
    above = below = timedelta(0)
    since, last = start, None
    for at, value in _with_end(readings, end):
        if value is None and at < end:
            tally.bad += 1
            continue
        lasted = at - since if hold is None else min(at - since, hold)
        if hold is not None and at - since >= hold:
            gaps.append(Gap(start=since, end=at))
        if last is not None and high is not None and last > high:
            above += lasted
        if last is not None and low is not None and last < low:
            below += lasted
        if value is not None:
            tally.add(value)
        since, last = at, value
    return Summary(
        usable=tally.usable,
        bad=tally.bad,
        low=tally.low,
        high=tally.high,
        mean=tally.mean(decimals + 1),
        above_s=seconds(above),
        below_s=seconds(below),
        gaps=tuple(gaps),
    )


@dataclass(slots=True)
class _Tally:
    usable: int = 0
    bad: int = 0
    total: Decimal = Decimal(0)
    low: Decimal | None = None
    high: Decimal | None = None

    def add(self, value: Decimal) -> None:
        self.usable += 1
        self.total += value
        self.low = value if self.low is None or value < self.low else self.low
        self.high = value if self.high is None or value > self.high else self.high

    def mean(self, places: int) -> Decimal | None:
        if not self.usable:
            return None
        mean = self.total / self.usable
        return mean.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _with_end(
    readings: Iterable[Reading], end: datetime
) -> Iterator[tuple[datetime, Decimal | None]]:
    for reading in readings:
        if reading.at < end:
            yield reading.at, reading.usable
    yield end, None


def seconds(lasted: timedelta) -> Decimal:
    """Return a length of time in seconds, exact to the microsecond."""
    return Decimal(lasted // timedelta(microseconds=1)) / 1_000_000
