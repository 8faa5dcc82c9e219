"""Verdicts: what is said of a value, in one word for the record and one sentence for its reader."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from kernel.quantities import quantity_label
from recipes.rules.limits import Range, verdict
from recipes.rules.steps import ChoiceStep, HoldTimeStep, TimerStep

Word = Literal[
    "ok",
    "in_range",
    "soft_limit",
    "hard_limit",
    "late",
    "not_accepted",
    "mismatch",
    "outside_space",
    "not_applicable",
    "out_of_spec",
    "missing",
]

# A value with one of these words was tried, and is not what the step says.
ONLY_TRIED: tuple[Word, ...] = ("mismatch",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict; ``exception_kind`` is empty where nothing must be looked at by a reviewer."""

    word: Word
    reason: str = ""
    exception_kind: str = ""
    severity: str = "note"


OK = Judged(word="ok")
NOT_APPLICABLE: Word = "not_applicable"


def judged_number(
    value: Decimal, hard: Range | None, soft: Range | None, *, unit: str, is_critical: bool
) -> Judged:
    """Return what the limits say of a number; a soft breach is worse in a critical step."""
    said = verdict(value, hard, soft, unit=unit)
    if said.outcome == "hard_breach":
        return Judged(word="hard_limit", reason=said.reason)
    if said.outcome == "soft_breach":
        return Judged(
            word="soft_limit",
            reason=said.reason,
            exception_kind="soft_limit",
            severity="critical" if is_critical else "warning",
        )
    return OK if hard is None and soft is None else Judged(word="in_range")


def seconds_left(step: TimerStep, elapsed_s: Decimal) -> int:
    """Return how many seconds are missing until the timer may be ended; 0 when it may."""
    left = Decimal(step.min_seconds) - elapsed_s
    return max(0, int(left.to_integral_value(rounding="ROUND_CEILING")))


def judged_time(step: TimerStep, elapsed_s: Decimal) -> Judged:
    """Return what the limits say of the time that passed (21 CFR 211.111)."""
    if step.max_seconds is None or elapsed_s <= step.max_seconds:
        return Judged(word="in_range")
    return Judged(
        word="late",
        reason=f"{quantity_label(elapsed_s, 's')} is above {step.max_seconds} s",
        exception_kind="late",
        severity="critical" if step.critical else "warning",
    )


def judged_hold(step: HoldTimeStep, elapsed_s: Decimal) -> Judged:
    """Return what the limits say of the time between two steps; it passed, so it is never refused."""
    severity = "critical" if step.critical else "warning"
    told = quantity_label(elapsed_s, "s")
    if step.max_seconds is not None and elapsed_s > step.max_seconds:
        reason = f"{step.since} to {step.until}: {told} is above {step.max_seconds} s"
        return Judged(word="late", reason=reason, exception_kind="hold_time", severity=severity)
    if elapsed_s < step.min_seconds:
        reason = f"{step.since} to {step.until}: {told} is below {step.min_seconds} s"
        return Judged(
            word="not_accepted", reason=reason, exception_kind="hold_time", severity=severity
        )
    return Judged(word="in_range")


def judged_choice(step: ChoiceStep, chosen: str) -> Judged:
    """Return whether what was chosen is what the recipe accepts."""
    if chosen in step.accepted:
        return OK
    label = next(option.label for option in step.options if option.value == chosen)
    return Judged(
        word="not_accepted",
        reason=f"{label} is not what the recipe accepts",
        exception_kind="not_accepted",
        severity="critical" if step.critical else "warning",
    )
