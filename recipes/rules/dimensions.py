"""Units of a formula: carried through its tree, so that milligrams are not added to milliliters.

A unit is a dimension and a scale. What is added, compared or chosen between has one of each; a
product has those of its factors; a number written in the formula takes the unit that it needs, and
after it the scale is not known any more, because ``* 100`` may be a percentage or a conversion.
Cells and transducing units are dimensions of their own here, though UCUM counts everything in
braces as 1: what is counted per cell must not be given per milliliter. Doses, bags and other
pieces are plain counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from kernel.errors import Invalid
from kernel.quantities import UNITS, unit_label
from recipes.rules.formulas import Name, Node, Number, Operation, parsed

Dimension = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a part of a formula is measured in.

    Args:
        dimension: base quantities with their powers, by name, none of them zero.
        scale: the factor to base units; None when a number of the formula hides it.
        is_free: it is made of numbers only, and takes any unit.
    """

    dimension: Dimension = ()
    scale: Fraction | None = Fraction(1)
    is_free: bool = False

    def spoken(self) -> str:
        """Return the unit as it is printed, or the base quantities where no unit is known."""
        for code in sorted(UNITS, key=lambda code: (measure_of(code).scale != 1, len(code), code)):
            known = measure_of(code)
            if known.dimension == self.dimension and self.scale in (None, known.scale):
                return unit_label(code) or "a plain number"
        parts = [name if power == 1 else f"{name}^{power}" for name, power in self.dimension]
        return " · ".join(parts) or "a plain number"


def _base(name: str, scale: Fraction | int | str = 1) -> Measure:
    return Measure(((name, 1),), Fraction(scale))


def _plain(scale: Fraction | int | str = 1) -> Measure:
    return Measure((), Fraction(scale))


FREE = Measure((), None, is_free=True)
_PRESSURE: Dimension = (("kg", 1), ("m", -1), ("s", -2))
_VOLUME: Dimension = (("m", 3),)
_ATOMS: Mapping[str, Measure] = MappingProxyType(
    {
        "1": _plain(),
        "%": _plain("1/100"),
        "10*6": _plain(10**6),
        "10*9": _plain(10**9),
        "L": Measure(_VOLUME, Fraction(1, 10**3)),
        "mL": Measure(_VOLUME, Fraction(1, 10**6)),
        "uL": Measure(_VOLUME, Fraction(1, 10**9)),
        "m3": Measure(_VOLUME, Fraction(1)),
        "m2": Measure((("m", 2),), Fraction(1)),
        "m": _base("m"),
        "cm": _base("m", "1/100"),
        "mm": _base("m", "1/1000"),
        "um": _base("m", Fraction(1, 10**6)),
        "nm": _base("m", Fraction(1, 10**9)),
        "kg": _base("kg"),
        "g": _base("kg", "1/1000"),
        "mg": _base("kg", Fraction(1, 10**6)),
        "ug": _base("kg", Fraction(1, 10**9)),
        "ng": _base("kg", Fraction(1, 10**12)),
        "d": _base("s", 86_400),
        "h": _base("s", 3600),
        "min": _base("s", 60),
        "s": _base("s"),
        "Pa": Measure(_PRESSURE, Fraction(1)),
        "hPa": Measure(_PRESSURE, Fraction(100)),
        "kPa": Measure(_PRESSURE, Fraction(1000)),
        "mbar": Measure(_PRESSURE, Fraction(100)),
        "mmol": _base("mol", "1/1000"),
        "Cel": _base("temperature"),
        "[pH]": _base("pH"),
        "[g]": _base("acceleration"),
        "{rpm}": _base("rpm"),
        "[iU]": _base("IU"),
        "[EU]": _base("EU"),
        "[CFU]": _base("CFU"),
        "{cells}": _base("cells"),
        "{cell}": _base("cells"),
        "{TU}": _base("TU"),
        # Transducing units for each cell.
        "{MOI}": Measure((("TU", 1), ("cells", -1)), Fraction(1)),
        **{f"{{{one}}}": _plain() for one in
           ("copies", "capsules", "capsule", "tablets", "bags", "labels", "vials")},
    }
)  # fmt: skip
_SCALED = re.compile(r"(10\*[69])(\{\w+\})")


@cache
def measure_of(unit: str) -> Measure:
    """Return what a unit of ``kernel.quantities`` measures.

    Raises:
        KeyError: it is made of a part that is not known here.
    """
    above, *below = _SCALED.sub(r"\1.\2", unit).split("/")
    found = Measure()
    for atom in above.split("."):
        found = _times(found, _ATOMS[atom])
    for part in below:
        for atom in part.split("."):
            found = _times(found, _power(_ATOMS[atom], -1))
    return found


def condition_fault(formula: str, units: Mapping[str, str]) -> str:
    """Return why the units of a condition do not go together, in words; empty when they do.

    Raises:
        Invalid: the condition cannot be read.
    """
    return unit_fault(f"if_else({formula}, 1, 0)", units, "1")


def unit_fault(formula: str, units: Mapping[str, str], result: str) -> str:
    """Return why the units of a formula do not go together, in words; empty when they do.

    Args:
        units: the unit of each name in the formula.
        result: the unit that its value is given in.

    Raises:
        Invalid: the formula cannot be read.
    """
    try:
        found = _measured(parsed(formula), units)
        _alike(found, measure_of(result), "The formula gives {0}, not {1}")
    except _Mismatch as mismatch:
        return str(mismatch)
    return ""


class _Mismatch(Exception):
    """Two parts do not go together."""


def _measured(node: Node, units: Mapping[str, str]) -> Measure:
    if isinstance(node, Number):
        return FREE
    if isinstance(node, Name):
        if node.name not in units:
            raise Invalid(f"The formula needs a value for {node.name}.", code="missing_input")
        return measure_of(units[node.name])
    parts = [_measured(argument, units) for argument in node.arguments]
    return _of_operation(node, parts)


def _of_operation(node: Operation, parts: list[Measure]) -> Measure:
    match node.name:
        case "*":
            return _times(parts[0], parts[1])
        case "/":
            return _times(parts[0], _power(parts[1], -1))
        case "**":
            exponent = node.arguments[1]
            assert isinstance(exponent, Number), "a power is written out"
            return _power(parts[0], int(exponent.value))
        case "sqrt":
            return _root(parts[0])
        case "log2":
            return _alike(parts[0], Measure(scale=None), "A logarithm of {0} is none: of {1} it is")
        case "abs" | "negative" | "positive" | "round_half_up":
            return parts[0]
        case "if_else":
            return _alike(parts[1], parts[2], "if_else chooses between {0} and {1}")
        case "min" | "max":
            found = parts[0]
            for one in parts[1:]:
                found = _alike(found, one, f"{node.name} compares {{0}} with {{1}}")
            return found
        case "+" | "-":
            return _alike(parts[0], parts[1], f"{{0}} {node.name} {{1}} has no meaning")
        case _:
            return _alike(parts[0], parts[1], f"{{0}} {node.name} {{1}} compares what differs")


def _times(one: Measure, other: Measure) -> Measure:
    if one.is_free and other.is_free:
        return FREE
    powers = dict(one.dimension)
    for name, power in other.dimension:
        powers[name] = powers.get(name, 0) + power
    scale = None if one.scale is None or other.scale is None else one.scale * other.scale
    return Measure(tuple(sorted((name, power) for name, power in powers.items() if power)), scale)


def _power(one: Measure, exponent: int) -> Measure:
    if one.is_free:
        return FREE
    scale = None if one.scale is None else one.scale**exponent
    powers = ((name, power * exponent) for name, power in one.dimension)
    return Measure(tuple((name, power) for name, power in powers if power), scale)


def _root(one: Measure) -> Measure:
    if one.is_free:
        return FREE
    if any(power % 2 for _, power in one.dimension):
        raise _Mismatch(f"The root of {one.spoken()} has no unit.")
    # The root of a scale is seldom a fraction: it is left open.
    halves = tuple((name, power // 2) for name, power in one.dimension)
    return Measure(halves, Fraction(1) if one.scale == 1 else None)


def _alike(one: Measure, other: Measure, told: str) -> Measure:
    """Return what both are measured in.

    Raises:
        _Mismatch: they differ in dimension, or in scale where both are known.
    """
    if one.is_free or other.is_free:
        return other if one.is_free else one
    if one.dimension != other.dimension or (
        None not in (one.scale, other.scale) and (one.scale != other.scale)
    ):
        raise _Mismatch(f"{told.format(one.spoken(), other.spoken())}.")
    return one if one.scale is not None else other
