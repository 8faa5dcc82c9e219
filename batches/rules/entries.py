"""Entries: what people type, judged before anything else looks at it."""

from __future__ import annotations

import re

from kernel.errors import Invalid

# Control characters and lone surrogates can neither be stored nor printed; GS separates GS1 fields.
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1c\x1e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# What turns the direction of writing makes a record read otherwise than it was written.
TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
LONGEST_ENTRY = 400
LONGEST_REASON = 1000


def text_from(text: str, *, pointer: str, longest: int = LONGEST_ENTRY) -> str:
    """Return ``text`` without its outer blanks.

    Raises:
        Invalid: it is empty, too long, or holds a character that no record can keep.
    """
    asked = text.strip(" \t\r\n")
    if not asked:
        raise Invalid("This is needed.", pointer=pointer, code="blank")
    if len(asked) > longest:
        raise Invalid(f"At most {longest} characters.", pointer=pointer, code="too_long")
    if _UNPRINTABLE.search(asked.replace("\r\n", "\n")) or TURNING.search(asked):
        raise Invalid("A character in it cannot be kept.", pointer=pointer, code="unprintable")
    return asked.replace("\r\n", "\n")


def reason_from(text: str, *, what: str) -> str:
    """Return a reason in words.

    Args:
        what: what needs the reason, for the refusal ("A correction").

    Raises:
        Invalid: with code ``reason_needed`` when there is none that can be seen.
    """
    if not any(letter.isprintable() and not letter.isspace() for letter in text):
        raise Invalid(f"{what} needs a reason.", pointer="/reason", code="reason_needed")
    return text_from(text, pointer="/reason", longest=LONGEST_REASON)


def optional_reason_from(text: str) -> str:
    """Return a reason that nothing asked for, or nothing.

    Raises:
        Invalid: no record can keep it as it is.
    """
    return reason_from(text, what="This") if text.strip(" \t\r\n") else ""


def follows_pattern(text: str, pattern: str) -> bool:
    """Say whether ``text`` looks as ``pattern``: A is a capital letter, 9 a digit, the rest itself."""
    return len(text) == len(pattern) and all(
        ("A" <= letter <= "Z")
        if mark == "A"
        else ("0" <= letter <= "9")
        if mark == "9"
        else letter == mark
        for letter, mark in zip(text, pattern, strict=True)
    )
