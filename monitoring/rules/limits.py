"""When a sensor is in alarm: limits with delay and hysteresis, bad readings and silence.

Each of the four limits is a latch. A value beyond the limit closes it; only a value back inside
by the hysteresis opens it again, so a value that flaps around a limit gives one alarm
(requirement OPC-04). A latch that stays closed for the delay calls for an alarm. A sensor of
which nothing usable is heard for the silence time is in critical alarm as well (M18); one bad
reading between two good ones is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from monitoring.rules.quality import is_bad

LimitName = Literal["critical_low", "warn_low", "warn_high", "critical_high"]
Cause = Literal["critical_low", "warn_low", "warn_high", "critical_high", "silence"]
Severity = Literal["warning", "critical"]
Move = Literal["raised", "escalated", "cleared"]

LIMITS: tuple[LimitName, ...] = (
    "critical_low",
    "critical_high",
    "warn_low",
    "warn_high",
)
_NOTHING: Mapping[LimitName, datetime] = MappingProxyType({})


class LimitsOutOfOrder(ValueError):
    """The limits of a sensor contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSet:
    """What a sensor may show: limits in the sensor's unit, ``None`` where there is none.

    A value equal to a limit is inside. ``delay_s`` is how long a limit must be broken before it
    alarms, ``hysteresis`` how far a value must come back, ``silence_s`` how long a sensor may be
    without a usable reading (0: for ever).
    """

    critical_low: Decimal | None = None
    warn_low: Decimal | None = None
    warn_high: Decimal | None = None
    critical_high: Decimal | None = None
    delay_s: int = 0
    hysteresis: Decimal = Decimal(0)
    silence_s: int = 30

    def __post_init__(self) -> None:
        if self.delay_s < 0 or self.silence_s < 0 or self.hysteresis < 0:
            raise LimitsOutOfOrder("Delay, silence and hysteresis are not negative.")
        stated = [
            limit
            for limit in (
                self.critical_low,
                self.warn_low,
                self.warn_high,
                self.critical_high,
            )
            if limit is not None
        ]
        if not all(limit.is_finite() for limit in stated):
            raise LimitsOutOfOrder("Limits are finite numbers.")
        if stated != sorted(stated):
            raise LimitsOutOfOrder(
                "Limits rise in this order: critical low, warning low, warning high, critical high."
            )
        low, high = self.inner()
        if low is not None and high is not None and 2 * self.hysteresis >= high - low:
            raise LimitsOutOfOrder("A hysteresis leaves room between the limits to come back to.")

    def limit(self, name: LimitName) -> Decimal | None:
        """Return the limit of that name."""
        found: Decimal | None = getattr(self, name)
        return found

    def inner(self) -> tuple[Decimal | None, Decimal | None]:
        """Return the tightest low and high limits: between them nothing is to be said."""
        low = self.warn_low if self.warn_low is not None else self.critical_low
        high = self.warn_high if self.warn_high is not None else self.critical_high
        return low, high


def tightened(own: LimitSet, other: LimitSet) -> LimitSet:
    """Return the limits that keep both: those of a room, and those of what is made in it.

    Raises:
        LimitsOutOfOrder: no value could keep both.
    """
    low = _innermost(max, own.critical_low, other.critical_low)
    high = _innermost(min, own.critical_high, other.critical_high)
    if low is not None and high is not None and low >= high:
        raise LimitsOutOfOrder("No value lies within the limits of both.")
    warn_low = _innermost(max, own.warn_low, other.warn_low)
    warn_high = _innermost(min, own.warn_high, other.warn_high)
    # A warning beyond its own critical limit would never be heard.
    warn_low = None if warn_low is None else _innermost(max, warn_low, low)
    warn_high = None if warn_high is None else _innermost(min, warn_high, high)
    if warn_low is not None and warn_high is not None and warn_low >= warn_high:
        warn_low = warn_high = None
    inner_low = low if warn_low is None else warn_low
    inner_high = high if warn_high is None else warn_high
    room = None if inner_low is None or inner_high is None else inner_high - inner_low
    is_too_wide = room is not None and 2 * own.hysteresis >= room
    return LimitSet(
        critical_low=low,
        warn_low=warn_low,
        warn_high=warn_high,
        critical_high=high,
        delay_s=min(own.delay_s, other.delay_s),
        hysteresis=Decimal(0) if is_too_wide else own.hysteresis,
        silence_s=min(filter(None, (own.silence_s, other.silence_s)), default=0),
    )


def _innermost(
    chosen: Callable[[Decimal, Decimal], Decimal], one: Decimal | None, other: Decimal | None
) -> Decimal | None:
    if one is None or other is None:
        return one if other is None else other
    return chosen(one, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one sensor: ``value`` is None when the sensor gave none."""

    at: datetime
    value: Decimal | None
    quality: int = 0

    @property
    def usable(self) -> Decimal | None:
        """Return the value that counts, or None."""
        return None if is_bad(self.quality) else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must be remembered of a sensor between readings.

    ``heard_at`` is the time of its last usable reading (or the start of watching), ``broken``
    the closed latches with the time at which each closed; ``cause`` and ``severity`` belong to
    the alarm that is open, ``moved_at`` to its last move, ``extreme`` to the worst value since
    a latch closed.
    """

    heard_at: datetime | None = None
    broken: Mapping[LimitName, datetime] = field(default_factory=lambda: _NOTHING)
    cause: Cause | None = None
    severity: Severity | None = None
    moved_at: datetime | None = None
    extreme: Decimal | None = None

    @property
    def is_calm(self) -> bool:
        """Say whether neither a latch is closed nor an alarm open."""
        return not self.broken and self.cause is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alarm that is raised, gets worse, or ends.

    ``since`` is when its cause began, ``value`` what was read just now, ``extreme`` the worst
    value so far.
    """

    move: Move
    cause: Cause
    severity: Severity
    at: datetime
    since: datetime
    value: Decimal | None
    extreme: Decimal | None = None


def severity_of(cause: Cause) -> Severity:
    """Return how bad it is that this limit is broken; silence is as bad as can be."""
    return "warning" if cause.startswith("warn") else "critical"


def further(cause: Cause, one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return which of two values lies further beyond the limit ``cause``."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other) if cause.endswith("low") else max(one, other)


def judge(
    condition: Condition, reading: Reading, limits: LimitSet
) -> tuple[Condition, tuple[Transition, ...]]:
    """Return the condition after ``reading``, and what it did to the alarm of the sensor.

    A reading that is not newer than the last usable one changes nothing: it was judged before,
    or it came too late to be put in order. A gap as long as the silence time is in alarm even
    when it is noticed only at its end, because nobody was listening either.
    """
    heard_at = condition.heard_at
    if heard_at is not None and reading.at <= heard_at:
        return condition, ()
    value = reading.usable
    if value is None:
        return listen(condition, reading.at, limits)
    missed: tuple[Transition, ...] = ()
    if heard_at is not None and is_silent(heard_at, reading.at, limits):
        condition, missed = listen(condition, reading.at, limits)
    after = replace(
        condition,
        heard_at=reading.at,
        broken=_latched(condition.broken, value, reading.at, limits),
    )
    after, told = _settled(after, reading.at, value, limits, gap_ended=bool(missed))
    return after, missed + told


def is_silent(heard_at: datetime, now: datetime, limits: LimitSet) -> bool:
    """Say whether a sensor last heard at ``heard_at`` has been silent for too long."""
    return limits.silence_s > 0 and now - heard_at >= timedelta(seconds=limits.silence_s)


def listen(
    condition: Condition, now: datetime, limits: LimitSet
) -> tuple[Condition, tuple[Transition, ...]]:
    """Return the condition at ``now`` when nothing usable was heard since the last reading."""
    since = condition.heard_at
    if since is None:
        return replace(condition, heard_at=now), ()
    if not is_silent(since, now, limits):
        return _settled(condition, now, None, limits)
    if condition.severity == "critical":
        return condition, ()
    told = Transition(
        move="escalated" if condition.severity else "raised",
        cause="silence",
        severity="critical",
        at=now,
        since=since,
        value=None,
        extreme=condition.extreme,
    )
    return replace(condition, cause="silence", severity="critical", moved_at=now), (told,)


def _latched(
    broken: Mapping[LimitName, datetime], value: Decimal, at: datetime, limits: LimitSet
) -> Mapping[LimitName, datetime]:
    """Return the latches after ``value``: closed beyond the limit, open again well inside it."""
    after: dict[LimitName, datetime] = {}
    for name in LIMITS:
        limit = limits.limit(name)
        if limit is None:
            continue
        beyond = value - limit if name.endswith("high") else limit - value
        if beyond > 0 or (name in broken and beyond > -limits.hysteresis):
            after[name] = broken.get(name, at)
    return after or _NOTHING


def _settled(
    condition: Condition,
    at: datetime,
    value: Decimal | None,
    limits: LimitSet,
    *,
    gap_ended: bool = False,
) -> tuple[Condition, tuple[Transition, ...]]:
    """Return the condition with its alarm brought in line with its latches."""
    told: list[Transition] = []
    cause, severity, moved_at = condition.cause, condition.severity, condition.moved_at
    extreme = _worst(condition, value)

    def tell(move: Move, of: Cause, how: Severity) -> None:
        since = at if of == "silence" else condition.broken.get(of, at)
        told.append(
            Transition(
                move=move, cause=of, severity=how, at=at, since=since, value=value, extreme=extreme
            )
        )

    if cause and severity and _ended(condition, at, value, gap_ended):
        extreme = condition.extreme
        tell("cleared", cause, severity)
        cause, severity, moved_at = None, None, at
        extreme = value if condition.broken else None
    for called in _called_for(condition, at, limits):
        wanted = severity_of(called)
        if severity is None:
            tell("raised", called, wanted)
        elif severity == "warning" and wanted == "critical":
            tell("escalated", called, wanted)
        else:
            continue
        cause, severity, moved_at = called, wanted, at
    after = replace(condition, cause=cause, severity=severity, moved_at=moved_at, extreme=extreme)
    return after, tuple(told)


def _worst(condition: Condition, value: Decimal | None) -> Decimal | None:
    """Return the worst value since a latch closed, ``value`` included."""
    if condition.cause in (None, "silence"):
        side: Cause | None = next(iter(condition.broken), None)
    else:
        side = condition.cause
    return further(side, condition.extreme, value) if side else None


def _ended(condition: Condition, at: datetime, value: Decimal | None, gap_ended: bool) -> bool:
    """Say whether the open alarm has lost its reason: its side is calm, or the silence is over.

    A reading older than the silence alarm was stored and forwarded: it fills the gap and does
    not end the silence.
    """
    if condition.cause == "silence":
        fresh = gap_ended or condition.moved_at is None or at > condition.moved_at
        return value is not None and fresh
    side = (condition.cause or "").rpartition("_")[2]
    return not any(name.endswith(side) for name in condition.broken)


def _called_for(condition: Condition, at: datetime, limits: LimitSet) -> Iterator[LimitName]:
    """Yield the latches that have been closed for the delay, the critical ones first."""
    for name in LIMITS:
        since = condition.broken.get(name)
        if since is not None and at - since >= timedelta(seconds=limits.delay_s):
            yield name
