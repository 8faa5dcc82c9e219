"""The structure of a procedure: alternatives by a condition, and loops with a bound (ISA-88).

A condition is one comparison, fed like a calculation: ``purity < 95`` with where ``purity`` comes
from. It is the condition of ``if_else`` in the language of formulas, so it has the same bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from kernel.errors import Invalid
from recipes.rules.formulas import Node, Number, Operation, evaluate, names_in, parsed
from recipes.rules.reader import Reader

MOST_ROUNDS = 99
_YES, _NO = Number(Decimal(1)), Number(Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a name in a formula stands for, and the unit the formula expects it in.

    ``source`` is a step's code, ``order.weight_kg``, ``order.height_cm`` or ``parameter.CODE``.
    """

    name: str
    source: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A comparison, and what its names stand for."""

    formula: str
    inputs: tuple[Input, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A loop: again ``until`` the condition is met, ``most`` times in all."""

    until: Condition | None = None
    most: int | None = None


def is_met(condition: Condition, values: Mapping[str, Decimal]) -> bool:
    """Say whether a condition is met by the values of its inputs.

    Raises:
        Invalid: it cannot be read, a value is missing, or it has none (a division by zero).
    """
    _tree(condition.formula)
    return evaluate(_asked(condition.formula), values) == 1


def condition_names(formula: str) -> frozenset[str]:
    """Return the names of the inputs that a condition uses.

    Raises:
        Invalid: it cannot be read, or it is no comparison.
    """
    _tree(formula)
    return names_in(_asked(formula))


def _asked(formula: str) -> str:
    return f"if_else({formula}, 1, 0)"


def _tree(formula: str) -> Node:
    """Return the comparison alone; text that closes the parenthesis itself is none."""
    tree = parsed(_asked(formula))
    if not (
        isinstance(tree, Operation)
        and tree.name == "if_else"
        and tuple(tree.arguments[1:]) == (_YES, _NO)
    ):
        raise Invalid("A condition is one comparison.", code="formula_unreadable")
    return tree.arguments[0]


def read_condition(reader: Reader) -> Condition:
    """Return the condition of ``reader``."""
    return Condition(
        formula=reader.text("formula", longest=400, is_required=True),
        inputs=reader.named_parts("inputs", _input),
    )


def _input(name: str, reader: Reader) -> Input:
    return Input(
        name=name, source=reader.text("from", longest=80, is_required=True), unit=reader.unit()
    )


def read_repeat(reader: Reader) -> Repeat:
    """Return the loop of ``reader``; a draft may still lack its condition or its bound."""
    return Repeat(
        until=reader.optional("until", read_condition),
        most=reader.whole("most", low=2, high=MOST_ROUNDS),
    )
