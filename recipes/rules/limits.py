"""Limits of a value: the hard ones stop, the soft ones ask for a reason.

A value is rounded half up to the places of the limit and then compared (requirement 20.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from kernel.quantities import compare_to_limit, rounded_to_limit, text_of, unit_label

Outcome = Literal["in_limits", "soft_breach", "hard_breach"]
Side = Literal["", "low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a value may be; a limit belongs to the range unless it is exclusive."""

    min: Decimal | None = None
    max: Decimal | None = None
    min_exclusive: bool = False
    max_exclusive: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is no limit at all."""
        return self.min is None and self.max is None

    @property
    def is_possible(self) -> bool:
        """Whether any value is in the range."""
        if self.min is None or self.max is None:
            return True
        if self.min == self.max:
            return not (self.min_exclusive or self.max_exclusive)
        return self.min < self.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the limits say of a value, which limit spoke, and why in words."""

    outcome: Outcome
    reason: str = ""
    limit: Decimal | None = None
    side: Side = ""

    @property
    def is_in_limits(self) -> bool:
        """Whether nothing is wrong with the value."""
        return self.outcome == "in_limits"


def verdict(
    value: Decimal, hard: Range | None, soft: Range | None = None, *, unit: str = "1"
) -> Verdict:
    """Return what the limits say of ``value``; the hard ones are asked first.

    Args:
        unit: the code of the unit, for the words only: all numbers are in it.
    """
    asked: tuple[tuple[Outcome, Range | None], ...] = (("hard_breach", hard), ("soft_breach", soft))
    for outcome, limits in asked:
        side = breach(value, limits)
        if limits is None or not side:
            continue
        limit = limits.min if side == "low" else limits.max
        assert limit is not None, "a side that is breached has a limit"
        exclusive = limits.min_exclusive if side == "low" else limits.max_exclusive
        return Verdict(
            outcome=outcome,
            reason=_words(value, limit, side, is_exclusive=exclusive, unit=unit),
            limit=limit,
            side=side,
        )
    return Verdict(outcome="in_limits")


def breach(value: Decimal, limits: Range | None) -> Side:
    """Return the side on which ``value`` leaves ``limits``, or an empty word."""
    if limits is None:
        return ""
    if limits.min is not None:
        place = compare_to_limit(value, limits.min)
        if place < 0 or (place == 0 and limits.min_exclusive):
            return "low"
    if limits.max is not None:
        place = compare_to_limit(value, limits.max)
        if place > 0 or (place == 0 and limits.max_exclusive):
            return "high"
    return ""


def _words(value: Decimal, limit: Decimal, side: Side, *, is_exclusive: bool, unit: str) -> str:
    """Return the sentence: what was compared, and with what."""
    rounded = rounded_to_limit(value, limit)
    subject = text_of(value)
    if rounded != value:
        subject += f", rounded to {text_of(rounded)},"
    if is_exclusive and rounded == limit:
        relation = "is not above" if side == "low" else "is not below"
    else:
        relation = "is below" if side == "low" else "is above"
    return f"{subject} {relation} {text_of(limit)} {unit_label(unit)}".rstrip()


def range_label(limits: Range | None, unit: str = "1") -> str:
    """Return the range as it is printed: "36.0 to 38.0 °C", "≥ 80 %", "< 5.0 EU/mL"."""
    if limits is None or limits.is_open:
        return ""
    low, high = limits.min, limits.max
    more, less = (">" if limits.min_exclusive else "≥"), ("<" if limits.max_exclusive else "≤")
    if low is None or high is None:
        said = f"{less} {text_of(high)}" if high is not None else ""
        said = f"{more} {text_of(low)}" if low is not None else said
    elif limits.min_exclusive or limits.max_exclusive:
        said = f"{more} {text_of(low)} and {less} {text_of(high)}"
    else:
        said = f"{text_of(low)} to {text_of(high)}"
    return f"{said} {unit_label(unit)}".rstrip()
