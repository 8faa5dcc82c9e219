"""Moments: a date and a time with a zone, as people type them, and the limits around them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from kernel.errors import Invalid
from recipes.rules.steps import DateTimeStep

_TYPED = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?: ?(Z|UTC|[+-]\d{2}:\d{2}))?", re.ASCII
)
FORM = "YYYY-MM-DD HH:MM"


def instant_from(text: str, *, zone: str, pointer: str) -> datetime:
    """Return the instant that ``text`` names, in UTC; without a zone of its own it is in ``zone``.

    Raises:
        Invalid: there is no such moment, or the clocks show it twice that day.
    """
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"Write {FORM}, with or without a zone.", pointer=pointer, code="no_moment")
    day, clock, own = found.groups()
    try:
        if own:
            offset = "+00:00" if own in ("Z", "UTC") else own
            return datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(UTC)
        shown = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))
        first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError):
        raise Invalid(
            "There is no such date and time.", pointer=pointer, code="no_moment"
        ) from None
    if first == second:
        return first
    if first.astimezone(shown.tzinfo).replace(tzinfo=None) != shown.replace(tzinfo=None):
        raise Invalid(
            "The clocks are put forward then: there is no such time that day.",
            pointer=pointer,
            code="no_moment",
        )
    raise Invalid(
        "The clocks show this time twice that day: add the zone, as +01:00.",
        pointer=pointer,
        code="ambiguous_moment",
    )


def shown_instant(at: datetime) -> str:
    """Return an instant as it is read beside what was typed."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def why_outside(step: DateTimeStep, at: datetime, reference: datetime, *, typed: str) -> str:
    """Return why a moment is outside the limits of the step; nothing when it is within.

    What was typed to the minute is compared to the minute: 14:05 is not before 14:05:30.
    """
    found = _TYPED.fullmatch(typed.strip())
    begin = reference.replace(microsecond=0)
    if found and found.group(2).count(":") == 1:
        begin = begin.replace(second=0)
    if step.earliest_seconds is not None:
        first = begin + timedelta(seconds=step.earliest_seconds)
        if at < first:
            return f"{shown_instant(at)} is before {shown_instant(first)}, the earliest"
    if step.latest_seconds is not None:
        last = reference + timedelta(seconds=step.latest_seconds)
        if at > last:
            return f"{shown_instant(at)} is after {shown_instant(last)}, the latest"
    return ""
