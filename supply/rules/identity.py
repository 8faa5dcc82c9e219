"""Identifiers of the house: the chain of identity, and the bags without a label of their own.

An identifier is opaque: made from random bytes alone, it says nothing of the person (21 CFR
1271.290(c), requirement TRK-02). It reads ``COI-7K2M-Q9TB-44XN-P``: a prefix, twelve random
characters and a check character over prefix and body (ISO/IEC 7064 MOD 37-2), so a wrong or
exchanged character is found, and a bag's label cannot pass for a chain's. The alphabet has no
vowels, so that no word or name can appear, and no L.
"""

from __future__ import annotations

from kernel.errors import Invalid
from supply.rules.iso7064 import check_character, is_checked

COI_PREFIX = "COI"
BAG_PREFIX = "BAG"
ALPHABET = "0123456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 12
ENTROPY_BYTES = 16
_GROUP = 4
_SPACE = len(ALPHABET) ** LENGTH
_LONGEST_SCAN = 64


def coi_of(entropy: bytes) -> str:
    """Return the chain-of-identity identifier that ``entropy`` makes.

    Args:
        entropy: at least sixteen random bytes; equal bytes give equal identifiers.
    """
    return _made(COI_PREFIX, entropy)


def bag_code_of(entropy: bytes) -> str:
    """Return the code that ``entropy`` makes for a bag that came without one."""
    return _made(BAG_PREFIX, entropy)


def coi_from(text: str, *, pointer: str = "") -> str:
    """Return the chain-of-identity identifier that was scanned or typed, in its one written form.

    Lower case, and blanks or missing hyphens between the groups, are put right; nothing else is.

    Raises:
        Invalid: with code ``not_an_identifier`` or ``wrong_check_character``.
    """
    return _from(COI_PREFIX, text, "chain-of-identity identifier", pointer)


def bag_code_from(text: str, *, pointer: str = "") -> str:
    """Return the bag code of the house that was scanned or typed, in its one written form.

    Raises:
        Invalid: with code ``not_an_identifier`` or ``wrong_check_character``.
    """
    return _from(BAG_PREFIX, text, "bag code", pointer)


def _made(prefix: str, entropy: bytes) -> str:
    if len(entropy) < ENTROPY_BYTES:
        raise ValueError(f"an identifier is made from at least {ENTROPY_BYTES} random bytes")
    number = int.from_bytes(entropy) % _SPACE
    while True:
        body = _written(number)
        check = check_character(prefix + body)
        # Check characters outside the alphabet (a vowel, L or *) are passed over.
        if check in ALPHABET:
            return _grouped(prefix, body + check)
        number = (number + 1) % _SPACE


def _written(number: int) -> str:
    characters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[rest])
    return "".join(reversed(characters))


def _grouped(prefix: str, body: str) -> str:
    groups = [body[place : place + _GROUP] for place in range(0, len(body), _GROUP)]
    return "-".join([prefix, *groups])


def _from(prefix: str, text: str, name: str, pointer: str) -> str:
    compact = ""
    if text.isascii() and len(text) <= _LONGEST_SCAN:
        compact = text.strip().upper().replace("-", "").replace(" ", "")
    body = compact[len(prefix) :]
    is_shaped = (
        compact.startswith(prefix)
        and len(body) == LENGTH + 1
        and all(character in ALPHABET for character in body)
    )
    if not is_shaped:
        raise Invalid(
            f"This is not a {name}: it reads {_grouped(prefix, 'X' * (LENGTH + 1))}.",
            pointer=pointer,
            code="not_an_identifier",
        )
    if not is_checked(compact):
        raise Invalid(
            f"The check character of this {name} is wrong: scan it, or type it again.",
            pointer=pointer,
            code="wrong_check_character",
        )
    return _grouped(prefix, body)
