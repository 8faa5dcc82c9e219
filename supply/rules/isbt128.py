"""ISBT 128 donation numbers: how they are checked, however they arrive.

Source: requirement 20.8 (ISO/IEC 7064 MOD 37-2; UK Red Book, annex 2) and COI-08. Thirteen
characters: the facility (5), the year (2 digits), the sequence (6
digits). Only the algorithm is here; the tables of ICCBBA are licensed and are not.
"""

from __future__ import annotations

import re

from kernel.errors import Invalid
from supply.rules.iso7064 import check_character, check_value

_SHAPE = re.compile(r"[A-Z0-9]{5}[0-9]{8}", re.ASCII)
_LONGEST_SCAN = 64
_FLAG_OFFSET = 60


def flag_characters(donation_number: str) -> str:
    """Return the two flag characters (type 3) that carry the check value in the bar code."""
    return str(_FLAG_OFFSET + check_value(donation_number))


def donation_number_from(text: str, *, pointer: str = "") -> str:
    """Return the thirteen characters of the donation number that was scanned or typed.

    Taken are the number followed by its check character, with blanks or hyphens as printed on a
    label, and the raw scan: ``=``, the number, and the two flag characters. Flag characters from
    60 to 96 carry the check value and must agree; others have another meaning and check nothing.

    Raises:
        Invalid: with code ``not_a_donation_number`` or ``wrong_check_character``.
    """
    if not text.isascii() or len(text) > _LONGEST_SCAN:
        raise _malformed(pointer)
    asked = text.strip()
    if asked.startswith("="):
        return _scanned(asked, pointer)
    compact = re.sub(r"[ -]", "", asked).upper()
    number, check = compact[:13], compact[13:]
    if not _SHAPE.fullmatch(number) or len(check) > 1:
        raise _malformed(pointer)
    if not check:
        raise Invalid(
            "The check character is missing: it is the boxed character behind the number.",
            pointer=pointer,
            code="wrong_check_character",
        )
    if check != check_character(number):
        raise _wrong(pointer)
    return number


def _scanned(raw: str, pointer: str) -> str:
    number, flags = raw[1:14], raw[14:]
    if not _SHAPE.fullmatch(number) or not re.fullmatch(r"[0-9A-Z]{2}", flags):
        raise _malformed(pointer)
    carries_check = flags.isdigit() and _FLAG_OFFSET <= int(flags) <= _FLAG_OFFSET + 36
    if carries_check and flags != flag_characters(number):
        raise _wrong(pointer)
    return number


def _malformed(pointer: str) -> Invalid:
    return Invalid(
        "This is not a donation number: it has 13 characters and a check character,"
        " as G1234 98 654321 H.",
        pointer=pointer,
        code="not_a_donation_number",
    )


def _wrong(pointer: str) -> Invalid:
    return Invalid(
        "The check character of this donation number is wrong: scan it, or type it again.",
        pointer=pointer,
        code="wrong_check_character",
    )
