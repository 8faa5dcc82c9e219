"""The quality of a reading: the upper half of an OPC UA StatusCode.

Source: OPC UA part 4, 7.39 (StatusCode): the two top bits are the severity, 00 Good,
01 Uncertain, 10 Bad; the other 14 bits of the upper half say why; the lower half holds flags.
The upper half is kept as a signed 16-bit number, as the database column holds it, so a negative
quality is Bad. Reason codes: OPC Foundation, StatusCode.csv.
"""

from __future__ import annotations

from datetime import datetime, timedelta

GOOD = 0x0000
UNCERTAIN = 0x4000
BAD_NO_COMMUNICATION = 0x8031 - 0x10000
BAD_SENSOR_FAILURE = 0x808C - 0x10000

SKEW_S = 60


def quality_of(status_code: int) -> int:
    """Return the quality that stands for a 32-bit OPC UA StatusCode."""
    upper = (status_code >> 16) & 0xFFFF
    return upper - 0x10000 if upper & 0x8000 else upper


def is_bad(quality: int) -> bool:
    """Say whether the value of such a reading counts for nothing."""
    return quality < 0


def is_uncertain(quality: int) -> bool:
    """Say whether the value counts, and is flagged."""
    return quality >= UNCERTAIN


def word_of(quality: int) -> str:
    """Return the severity in a word: good, uncertain, bad."""
    if is_bad(quality):
        return "bad"
    return "uncertain" if is_uncertain(quality) else "good"


def quality_at(quality: int, source_at: datetime, now: datetime, skew_s: int = SKEW_S) -> int:
    """Return the quality after a look at the clocks: a reading from the future is uncertain."""
    if quality >= 0 and quality < UNCERTAIN and source_at - now > timedelta(seconds=skew_s):
        return UNCERTAIN
    return quality
