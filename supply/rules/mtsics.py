"""MT-SICS, the lines in which laboratory balances answer: what a line says of a weight.

Source: operating instructions of Mettler-Toledo's new classic balances, "Basic information on data
interchange": ``S`` asks for a stable weight; the answer is ``S S      100.00 g``, or ``S I`` (not
now), ``S +`` (too much on it), ``S -`` (too little). ``ES``, ``ET`` and ``EL`` answer what the
balance did not understand, could not receive, or cannot do. ``S D`` is a weight that still moves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from kernel.errors import Conflict

ASK = b"S\r\n"
MOST = 80
_WEIGHT = re.compile(r"S ([SD]) +(-?[0-9]{1,12}(?:\.[0-9]{1,6})?) +(kg|g|mg|ug|µg)")
_SAID = {
    "S I": ("not_ready", "The scale is busy, or does not come to rest."),
    "S +": ("overload", "There is too much on the scale."),
    "S -": ("underload", "There is too little on the scale: is its pan in place?"),
    "ES": ("not_understood", "The scale did not understand what it was asked."),
    "ET": ("not_understood", "The scale did not receive what it was asked."),
    "EL": ("not_understood", "The scale cannot do what it was asked."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A weight as a scale shows it, with every digit, in a unit of ``kernel.quantities``."""

    value: Decimal
    unit: str


def shown_in(line: bytes) -> Shown:
    """Return the weight that a line tells.

    Raises:
        Conflict: it tells none, with a code that says why: ``unstable``, ``overload``,
            ``underload``, ``not_ready``, ``not_understood`` or ``no_weight``.
    """
    text = line[: MOST + 1].decode("latin-1").strip("\r\n")
    found = _WEIGHT.fullmatch(text) if len(text) <= MOST else None
    if found is None:
        code, words = _SAID.get(text.rstrip(), ("no_weight", "The scale answered something else."))
        raise Conflict(words, code=code)
    if found[1] == "D":
        raise Conflict("What the scale shows still moves.", code="unstable")
    return Shown(value=Decimal(found[2]), unit=found[3].replace("µ", "u"))
