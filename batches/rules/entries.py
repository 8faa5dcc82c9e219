"""Entries: what people type, judged before anything else looks at it."""

from __future__ import annotations

import re

from kernel.errors import Invalid

# Control characters and lone surrogates can neither be stored nor printed; GS separates GS1 fields.
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1c\x1e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
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
    if _UNPRINTABLE.search(asked.replace("\r\n", "\n")):
        raise Invalid("A character in it cannot be kept.", pointer=pointer, code="unprintable")
    return asked.replace("\r\n", "\n")


def reason_from(text: str, *, what: str) -> str:
    """Return a reason in words.

    Args:
        what: what needs the reason, for the refusal ("A correction").

    Raises:
        Invalid: with code ``reason_needed`` when there is none.
    """
    if not text.strip():
        raise Invalid(f"{what} needs a reason.", pointer="/reason", code="reason_needed")
    return text_from(text, pointer="/reason", longest=LONGEST_REASON)
