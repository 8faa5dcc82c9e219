"""Formulas of a recipe: a small language of its own, computed in Decimal within fixed bounds.

A formula is parsed by hand and never handed to Python: there is nothing in the language but
numbers, names, ``+ - * /``, a small whole power, parentheses, comparisons as the condition of
``if_else``, and the functions of ``FUNCTIONS`` (requirement SPC-08, CGMP-20). Numbers are read
from their text. Every operation keeps 28 digits, rounding half to even; the result of a step is
rounded half up where the recipe says so (``round_half_up``).

Bounds: 500 characters, 200 nodes, 20 levels, powers from -9 to 9, values below 10**60 on the
way and 10**18 in the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from kernel.errors import Invalid
from kernel.quantities import MAX_EXPONENT, decimal_from
from recipes.rules.arithmetic import ARITIES, computed, holds

MAX_LENGTH = 500
MAX_NODES = 200
MAX_DEPTH = 20
MAX_POWER = 9
FUNCTIONS = tuple(sorted([*ARITIES, "if_else"]))
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?(?![0-9A-Za-z_.]))"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]{0,39}(?![0-9A-Za-z_]))"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/(),<>]))",
    re.ASCII,
)
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the text."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stands for an input."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator or a function applied to its arguments."""

    name: str
    arguments: tuple[Node, ...]


Node = Number | Name | Operation


def evaluate(formula: str, inputs: Mapping[str, Decimal]) -> Decimal:
    """Return the value of ``formula``; names that it does not use may be in ``inputs``.

    Raises:
        Invalid: the formula cannot be read, an input is missing or out of range, or there is no
            value (division by zero, the root of a negative number, a number too large).
    """
    value = _value(parsed(formula), inputs)
    if value and value.adjusted() >= MAX_EXPONENT:
        raise Invalid("The formula gives a number too large for a record.", code="no_value")
    return value


def names_in(formula: str) -> frozenset[str]:
    """Return the names of the inputs that ``formula`` uses.

    Raises:
        Invalid: the formula cannot be read.
    """
    return frozenset(_names(parsed(formula)))


@lru_cache(maxsize=1024)
def parsed(formula: str) -> Node:
    """Return ``formula`` as a tree of its operations.

    Raises:
        Invalid: with code ``formula_unreadable``, naming the place.
    """
    return _Parser(formula).whole()


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Operation):
        for argument in node.arguments:
            yield from _names(argument)


def _value(node: Node, inputs: Mapping[str, Decimal]) -> Decimal:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return _input(node.name, inputs)
    if node.name == "if_else":
        # Only the branch that is taken is computed, so a condition can guard a division.
        condition, then, otherwise = node.arguments
        return _value(then if _is_true(condition, inputs) else otherwise, inputs)
    return computed(node.name, [_value(argument, inputs) for argument in node.arguments])


def _is_true(condition: Node, inputs: Mapping[str, Decimal]) -> bool:
    assert isinstance(condition, Operation), "a condition is a comparison"
    left, right = (_value(argument, inputs) for argument in condition.arguments)
    return holds(condition.name, left, right)


def _input(name: str, inputs: Mapping[str, Decimal]) -> Decimal:
    value = inputs.get(name)
    if value is None:
        raise Invalid(f"The formula needs a value for {name}.", code="missing_input")
    if not isinstance(value, Decimal):
        raise TypeError(f"{name} is not a Decimal")
    if not value.is_finite() or len(value.as_tuple().digits) > 28 or abs(value.adjusted()) > 30:
        raise Invalid(f"The value for {name} is out of range.", code="number_out_of_range")
    return value


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, formula: str) -> None:
        if len(formula) > MAX_LENGTH:
            raise _unreadable(f"it is longer than {MAX_LENGTH} characters")
        self.tokens = _tokens(formula)
        self.place = 0
        self.nodes = 0
        self.depth = 0

    def whole(self) -> Node:
        """Return the tree of the whole formula."""
        node = self.sum()
        if self.peek():
            raise _unreadable(f"nothing can follow before {self.peek()}")
        return node

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise _unreadable("it ends too early")
        self.place += 1
        return token

    def expect(self, token: str) -> None:
        found = self.take()
        if found != token:
            raise _unreadable(f"{token} is expected where {found} is")

    def made(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _unreadable(f"it has more than {MAX_NODES} parts")
        return node

    def sum(self) -> Node:
        node = self.product()
        while self.peek() in ("+", "-"):
            node = self.made(Operation(self.take(), (node, self.product())))
        return node

    def product(self) -> Node:
        node = self.signed()
        while self.peek() in ("*", "/"):
            node = self.made(Operation(self.take(), (node, self.signed())))
        return node

    def signed(self) -> Node:
        """A sign binds less than a power: -2 ** 2 is -4, as in mathematics."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _unreadable(f"it is nested more than {MAX_DEPTH} levels deep")
        if self.peek() in ("-", "+"):
            name = "negative" if self.take() == "-" else "positive"
            node = self.made(Operation(name, (self.signed(),)))
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        node = self.atom()
        if self.peek() == "**":
            self.take()
            exponent = self.small_whole(-MAX_POWER, MAX_POWER, "a power")
            node = self.made(Operation("**", (node, Number(Decimal(exponent)))))
            if self.peek() == "**":
                raise _unreadable("a power of a power needs parentheses")
        return node

    def small_whole(self, low: int, high: int, what: str) -> int:
        """Read a whole number that is written out."""
        sign = self.take() if self.peek() == "-" else ""
        token = self.take()
        is_whole = token.isdigit() and len(token) <= 2
        if not is_whole or not low <= int(sign + token) <= high:
            raise _unreadable(f"{what} is a whole number from {low} to {high}")
        return int(sign + token)

    def atom(self) -> Node:
        token = self.take()
        if token == "(":  # noqa: S105  a bracket, no secret
            node = self.sum()
            self.expect(")")
            return node
        if token[0].isdigit():
            return self.made(Number(_number(token)))
        if not token[0].isalpha():
            raise _unreadable(f"a value is expected where {token} is")
        if self.peek() == "(":
            return self.call(token)
        if token in FUNCTIONS:
            raise _unreadable(f"{token} needs its arguments in parentheses")
        return self.made(Name(token))

    def call(self, name: str) -> Node:
        if name not in FUNCTIONS:
            raise _unreadable(f"there is no function {name}; there are {', '.join(FUNCTIONS)}")
        self.expect("(")
        if name == "if_else":
            return self.if_else()
        arguments = [self.sum()]
        while self.peek() == ",":
            self.take()
            if name == "round_half_up":
                arguments.append(Number(Decimal(self.small_whole(0, 18, "the number of places"))))
            else:
                arguments.append(self.sum())
        self.expect(")")
        least, most = ARITIES[name]
        if not least <= len(arguments) <= most:
            raise _unreadable(f"{name} is given {len(arguments)} arguments")
        return self.made(Operation(name, tuple(arguments)))

    def if_else(self) -> Node:
        left = self.sum()
        comparison = self.take()
        if comparison not in _COMPARISONS:
            raise _unreadable(f"if_else begins with a comparison, and {comparison} is none")
        condition = self.made(Operation(comparison, (left, self.sum())))
        self.expect(",")
        then = self.sum()
        self.expect(",")
        otherwise = self.sum()
        self.expect(")")
        return self.made(Operation("if_else", (condition, then, otherwise)))


def _tokens(formula: str) -> tuple[str, ...]:
    tokens = []
    place, end = 0, len(formula.rstrip())
    while place < end:
        found = _TOKEN.match(formula, place)
        if found is None:
            raise _unreadable(f"{formula[place : place + 12].strip()!a} is not understood")
        tokens.append(found.group().strip())
        place = found.end()
    if not tokens:
        raise _unreadable("it is empty")
    return tuple(tokens)


def _number(token: str) -> Decimal:
    try:
        return decimal_from(token)
    except Invalid as refusal:
        raise _unreadable(refusal.detail.rstrip(".")) from None


def _unreadable(why: str) -> Invalid:
    return Invalid(f"The formula cannot be read: {why}.", code="formula_unreadable")
