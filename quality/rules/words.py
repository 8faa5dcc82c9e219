"""Words: what counts as a reason, and how times and numbers read in a title."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from batches.rules.entries import text_from
from kernel.errors import Invalid
from kernel.quantities import UNITS, quantity_label

LONGEST_TEXT = 4000
LONGEST_COMMENT = 1000
FEWEST_LETTERS = 3
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def words_from(text: str, *, pointer: str, what: str, longest: int = LONGEST_COMMENT) -> str:
    """Return what somebody wrote, if a reader learns something from it.

    Args:
        what: what the words are, for the refusal ("The cause").

    Raises:
        Invalid: nothing, only blanks, a lone point or dash, too long, or unprintable.
    """
    if sum(letter.isalpha() for letter in text) < FEWEST_LETTERS:
        raise Invalid(
            f"{what} is needed, in words that another person understands.",
            pointer=pointer,
            code="words_needed",
        )
    return text_from(text, pointer=pointer, longest=longest)


def optional_words(text: str, *, pointer: str) -> str:
    """Return what somebody wrote, or nothing.

    Raises:
        Invalid: too long, or unprintable.
    """
    return text_from(text, pointer=pointer, longest=LONGEST_COMMENT) if text.strip() else ""


def shown_time(at: datetime) -> str:
    """Return a time as it stands on records: 23 Nov 2026 12:00:05 UTC."""
    there = at.astimezone(UTC)
    return f"{there.day:02} {MONTHS[there.month - 1]} {there.year:04} {there:%H:%M:%S} UTC"


def shown_quantity(value: Decimal, unit: str) -> str:
    """Return a measured number with its unit, without trailing zeros; an unknown unit as it is."""
    number = value.normalize() if value else Decimal(0)
    if unit in UNITS:
        return quantity_label(number, unit)
    return f"{format(number, 'f')} {unit}".rstrip()
