"""The arithmetic of formulas: 28 digits, no infinities, and a sentence when there is no value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Underflow,
    localcontext,
)
from types import MappingProxyType

from kernel.errors import Invalid
from kernel.quantities import round_half_up

# The traps make every departure from a plain number an exception; bounded exponents bound the time.
CONTEXT = Context(
    prec=28,
    Emin=-60,
    Emax=60,
    traps=[DivisionByZero, InvalidOperation, Overflow, Underflow],
)
# A logarithm is divided with digits to spare, so that log2(8) is 3.
_FINER = Context(prec=40, traps=[DivisionByZero, InvalidOperation])

# How many arguments each function takes, at least and at most.
ARITIES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "abs": (1, 1),
        "log2": (1, 1),
        "max": (2, 10),
        "min": (2, 10),
        "round_half_up": (2, 2),
        "sqrt": (1, 1),
    }
)

_Values = Sequence[Decimal]
OPERATIONS: Mapping[str, Callable[[_Values, Context], Decimal]] = MappingProxyType(
    {
        "+": lambda v, c: c.add(v[0], v[1]),
        "-": lambda v, c: c.subtract(v[0], v[1]),
        "*": lambda v, c: c.multiply(v[0], v[1]),
        "/": lambda v, c: c.divide(v[0], v[1]),
        "**": lambda v, c: c.power(v[0], v[1]),
        "negative": lambda v, c: c.minus(v[0]),
        "positive": lambda v, c: c.plus(v[0]),
        "abs": lambda v, c: c.abs(v[0]),
        # Population doublings of a culture: log2(N1/N0) (requirement 20.5).
        "log2": lambda v, c: c.plus(_FINER.divide(_FINER.ln(v[0]), _FINER.ln(Decimal(2)))),
        "max": lambda v, c: max(v),
        "min": lambda v, c: min(v),
        "round_half_up": lambda v, c: c.plus(round_half_up(v[0], int(v[1]))),
        "sqrt": lambda v, c: c.sqrt(v[0]),
    }
)


def computed(name: str, values: Sequence[Decimal]) -> Decimal:
    """Return the operation ``name`` applied to ``values``.

    Raises:
        Invalid: with code ``no_value``, there being none.
    """
    with localcontext(CONTEXT) as context:
        try:
            value = OPERATIONS[name](values, context)
        except DivisionByZero:
            raise _no_value("it divides by zero") from None
        except (Overflow, Underflow):
            raise _no_value("a number becomes too large or too small") from None
        except InvalidOperation:
            raise _no_value(_why_invalid(name)) from None
    if not value.is_finite():
        # The logarithm of zero, and zero to a negative power, are infinite without a signal.
        raise _no_value(_why_invalid(name))
    return value


def _why_invalid(name: str) -> str:
    if name == "/":
        return "it divides by zero"
    if name == "**":
        return "it takes a power of zero that has no value"
    if name in ("sqrt", "log2"):
        return f"{name} is asked of a number that has none"
    return "a number becomes too large"


def holds(comparison: str, left: Decimal, right: Decimal) -> bool:
    """Say whether ``left`` compares so to ``right``."""
    match comparison:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return left == right
        case _:
            return left != right


def _no_value(why: str) -> Invalid:
    return Invalid(f"The formula has no value: {why}.", code="no_value")
