"""The Single European Code of tissues and cells: forty characters in two sequences.

Source: Directive 2006/86/EC, annex VII, as amended by Directive (EU) 2015/565, as requirement
COI-09 and 20.13 state it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from kernel.errors import Invalid

SYSTEMS = MappingProxyType({"A": "ISBT 128", "B": "Eurocode", "E": "EUTC"})
# The member states of the Union, and those of the EEA that apply its law.
_COUNTRIES = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)
COUNTRIES = frozenset(_COUNTRIES.split())
_CODE = re.compile(
    r"(?P<country>[A-Z]{2})(?P<establishment>[0-9A-Z]{6})(?P<donation>[0-9A-Z]{13})"
    r"(?P<system>[A-Z])(?P<product>[0-9A-Z]{7})(?P<split>[0-9A-Z]{3})(?P<expiry>[0-9]{8})",
    re.ASCII,
)
_NO_EXPIRY = "00000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleEuropeanCode:
    """A Single European Code, field by field."""

    country: str
    establishment: str
    donation: str
    system: str
    product: str
    split: str
    expires_on: date | None

    @property
    def donation_sequence(self) -> str:
        """The first sequence: 21 characters."""
        return self.country + self.establishment + self.donation

    @property
    def product_sequence(self) -> str:
        """The second sequence: 19 characters."""
        expiry = self.expires_on.strftime("%Y%m%d") if self.expires_on else _NO_EXPIRY
        return self.system + self.product + self.split + expiry

    def __str__(self) -> str:
        return f"SEC: {self.donation_sequence} {self.product_sequence}"


def sec_from(text: str, *, pointer: str = "") -> SingleEuropeanCode:
    """Return the code that ``text`` shows, with or without its prefix, on one line or two.

    Raises:
        Invalid: with code ``not_a_sec``, saying what is wrong.
    """
    compact = ""
    if text.isascii() and len(text) <= 64:
        compact = re.sub(r"\s", "", text.strip().removeprefix("SEC:"))
    found = _CODE.fullmatch(compact)
    if found is None:
        raise _wrong("it has 40 capital letters and digits, the expiry date last", pointer)
    parts = found.groupdict()
    if parts["country"] not in COUNTRIES:
        raise _wrong(f"{parts['country']} is not a country that issues it", pointer)
    if parts["system"] not in SYSTEMS:
        raise _wrong(f"{parts['system']} is not a product coding system", pointer)
    return SingleEuropeanCode(
        country=parts["country"],
        establishment=parts["establishment"],
        donation=parts["donation"],
        system=parts["system"],
        product=parts["product"],
        split=parts["split"],
        expires_on=_day(parts["expiry"], pointer),
    )


def _day(digits: str, pointer: str) -> date | None:
    if digits == _NO_EXPIRY:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise _wrong(f"{digits} is not a date", pointer) from None


def _wrong(why: str, pointer: str) -> Invalid:
    return Invalid(f"This is not a Single European Code: {why}.", pointer=pointer, code="not_a_sec")
