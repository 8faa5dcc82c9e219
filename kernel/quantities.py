"""Quantities: numbers as people enter them, rounding as the pharmacopeia does it, known units.

Numbers are Decimals from the entered text and never pass through a float (requirement DI-05).
Units are UCUM codes (https://ucum.org/ucum), with annotations in braces where UCUM has no unit.
Rounding follows USP General Notices 7.20 as requirement 20.9 states it: half up, to the places
of the limit, and only then compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from types import MappingProxyType

from kernel.errors import Invalid

MAX_DIGITS = 28
MAX_EXPONENT = 18
_LONGEST_TEXT = 64
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
# 1,234 is one and a bit to some and over a thousand to others; 0,234 can only be the former.
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_WIDE = Context(prec=100, rounding=ROUND_HALF_UP)

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "1": "",
        "%": "%",
        "L": "L",
        "mL": "mL",
        "uL": "µL",
        "kg": "kg",
        "g": "g",
        "mg": "mg",
        "ug": "µg",
        "ng": "ng",
        "m": "m",
        "cm": "cm",
        "mm": "mm",
        "um": "µm",
        "nm": "nm",
        "m2": "m²",
        "d": "d",
        "h": "h",
        "min": "min",
        "s": "s",
        "Cel": "°C",
        "Pa": "Pa",
        "hPa": "hPa",
        "kPa": "kPa",
        "mbar": "mbar",
        "[pH]": "pH",
        "[g]": "× g",
        "{rpm}": "rpm",
        "mL/min": "mL/min",
        "mL/kg": "mL/kg",
        "mg/mL": "mg/mL",
        "ug/mL": "µg/mL",
        "mg/kg": "mg/kg",
        "mg/d": "mg/d",
        "mg/m2": "mg/m²",
        "mmol/L": "mmol/L",
        "[iU]": "IU",
        "[iU]/mL": "IU/mL",
        "[EU]/mL": "EU/mL",
        "[CFU]": "CFU",
        "[CFU]/m3": "CFU/m³",
        "10*6": "×10⁶",
        "10*6/mL": "×10⁶/mL",
        "10*9/L": "×10⁹/L",
        "{cells}": "cells",
        "{cells}/kg": "cells/kg",
        "{cells}/mL": "cells/mL",
        "10*6{cells}": "×10⁶ cells",
        "10*6{cells}/kg": "×10⁶ cells/kg",
        "10*6{cells}/mL": "×10⁶ cells/mL",
        "{copies}/{cell}": "copies/cell",
        "{MOI}": "MOI",
        "{TU}": "TU",
        "{TU}/mL": "TU/mL",
        "10*6{TU}": "×10⁶ TU",
        "10*6{TU}/mL": "×10⁶ TU/mL",
        "{capsules}": "capsules",
        "{tablets}": "tablets",
        "{bags}": "bags",
        "{labels}": "labels",
        "{vials}": "vials",
        "mg/{capsule}": "mg/capsule",
    }
)
UNITS = frozenset(_LABELS)
_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        **{label: code for code, label in _LABELS.items() if label},
        **{label.replace("µ", "μ"): code for code, label in _LABELS.items() if "µ" in label},
        "ml": "mL",
        "ul": "uL",
        "l": "L",
        "g-force": "[g]",
        "{copies}/cell": "{copies}/{cell}",
    }
)


def decimal_from(text: str, *, pointer: str = "") -> Decimal:
    """Return the number that ``text`` shows, trailing zeros kept.

    A point or a comma separates the decimals; digits are never grouped. A digit must stand on
    either side of the separator (a naked point is how tenfold dosing errors are made).

    Args:
        text: ASCII digits with an optional sign, decimals and small exponent.
        pointer: where the text stands in the input, for the refusal.

    Raises:
        Invalid: with code ``not_a_number``, ``ambiguous_number`` or ``number_out_of_range``.
    """
    asked = text.strip(" \t")
    if not asked:
        raise Invalid("Enter a number.", pointer=pointer, code="not_a_number")
    if len(asked) > _LONGEST_TEXT or not _NUMBER.fullmatch(asked):
        raise Invalid(
            f"{_shown(asked)} is not a number: write digits, with a point before the decimals.",
            pointer=pointer,
            code="not_a_number",
        )
    if _GROUPED.fullmatch(asked):
        raise Invalid(
            f"{asked} can be read in two ways: write {asked.replace(',', '.')}"
            f" or {asked.replace(',', '')}.",
            pointer=pointer,
            code="ambiguous_number",
        )
    value = Decimal(asked.replace(",", "."))
    if not is_storable(value):
        raise Invalid(
            f"{_shown(asked)} is out of range: at most {MAX_DIGITS} digits, {MAX_EXPONENT}"
            " before the decimals and as many after.",
            pointer=pointer,
            code="number_out_of_range",
        )
    return value if value else value.copy_abs()


def _shown(text: str) -> str:
    cut = text if len(text) <= 24 else text[:24] + "…"
    return ascii(cut) if not cut.isprintable() or not cut.isascii() else f"“{cut}”"


def is_storable(value: Decimal) -> bool:
    """Say whether ``value`` is finite and within the digits and decimals that a record keeps."""
    if not value.is_finite():
        return False
    _, digits, exponent = value.as_tuple()
    return (
        len(digits) <= MAX_DIGITS
        and isinstance(exponent, int)
        and abs(exponent) <= MAX_EXPONENT
        and (not value or value.adjusted() < MAX_EXPONENT)
    )


def text_of(value: Decimal) -> str:
    """Return ``value`` in plain digits, trailing zeros kept, never with an exponent."""
    return format(value, "f")


def places_of(value: Decimal) -> int:
    """Return how many decimals ``value`` shows; a number with an exponent above zero shows none."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise TypeError("only a finite number shows decimals")
    return max(0, -exponent)


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Return ``value`` with ``places`` decimals; a half goes away from zero (USP 7.20)."""
    rounded = value.quantize(Decimal(1).scaleb(-places), context=_WIDE)
    return rounded if rounded else rounded.copy_abs()


def rounded_to_limit(value: Decimal, limit: Decimal) -> Decimal:
    """Return ``value`` with the decimals of ``limit``, as it is compared and reported."""
    return round_half_up(value, places_of(limit))


def compare_to_limit(value: Decimal, limit: Decimal) -> int:
    """Return -1, 0 or 1 as ``value``, rounded to the places of ``limit``, is below, at or above."""
    rounded = rounded_to_limit(value, limit)
    return (rounded > limit) - (rounded < limit)


def unit_from(text: str, *, pointer: str = "") -> str:
    """Return the code of the unit that ``text`` names, by its code or its label.

    Raises:
        Invalid: with code ``unknown_unit``.
    """
    asked = text.strip(" \t")
    code = asked if asked in UNITS else _SPELLINGS.get(asked, "")
    if not code:
        raise Invalid(f"{_shown(asked)} is not a known unit.", pointer=pointer, code="unknown_unit")
    return code


def unit_label(code: str) -> str:
    """Return the unit as it is printed: °C for Cel, nothing for a plain number."""
    return _LABELS[code]


def quantity_label(value: Decimal, unit: str) -> str:
    """Return a number and its unit as they are printed: "37.5 °C", "80 %", "12"."""
    return f"{text_of(value)} {unit_label(unit)}".rstrip()


def spoken_seconds(seconds: int) -> str:
    """Return a time in whole seconds as people say it: "14 d", "1 h 30 min", "45 s"."""
    said = []
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        whole, seconds = divmod(seconds, length)
        if whole:
            said.append(f"{whole} {unit}")
    return " ".join(said) or "0 s"
