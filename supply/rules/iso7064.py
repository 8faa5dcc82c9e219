"""The check character system ISO/IEC 7064 MOD 37-2, as requirement 20.8 states it.

It finds every single wrong character and every exchange of two neighbors.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_DATA = frozenset(ALPHABET[:-1])
_MODULUS = 37


def is_data(text: str) -> bool:
    """Say whether ``text`` consists of the digits and capital letters that can be checked."""
    return bool(text) and _DATA.issuperset(text)


def check_value(text: str) -> int:
    """Return the check value of ``text``, from 0 to 36.

    Raises:
        ValueError: a character is neither a digit nor a capital letter.
    """
    if not is_data(text):
        raise ValueError("only digits and capital letters have a check value")
    product = 0
    for character in text:
        product = (product + _VALUES[character]) * 2 % _MODULUS
    return (_MODULUS + 1 - product) % _MODULUS


def check_character(text: str) -> str:
    """Return the check character that belongs behind ``text``."""
    return ALPHABET[check_value(text)]


def is_checked(text: str) -> bool:
    """Say whether the last character of ``text`` is the check character of what is before it."""
    body, check = text[:-1], text[-1:]
    return is_data(body) and check == check_character(body)
