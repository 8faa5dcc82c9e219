"""The design space: which combinations of critical parameters are known to give a good product.

ICH Q8(R2) calls it "the multidimensional combination and interaction of input variables and process
parameters that have been demonstrated to provide assurance of quality". A region is a box, one
bound for each parameter, cut by linear constraints over several of them. It belongs to the recipe
and has its versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from kernel.errors import FieldError
from kernel.quantities import compare_to_limit, quantity_label, text_of
from recipes.rules.reader import Reader

if TYPE_CHECKING:
    from recipes.rules.document import Document

Action = Literal["refuse", "exception"]
ACTIONS: tuple[Action, ...] = ("refuse", "exception")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How far one parameter goes, in its unit."""

    parameter: str
    min: Decimal | None = None
    max: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A parameter and the plain number that it is multiplied by."""

    parameter: str
    times: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A sum of terms that stays within limits; its unit is what the terms give."""

    label: str
    terms: tuple[Term, ...]
    min: Decimal | None = None
    max: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A locked region: outside of it a value is refused, or taken with reason and an exception."""

    code: str
    title: str
    action: Action = "refuse"
    bounds: tuple[Bound, ...] = ()
    constraints: tuple[Constraint, ...] = ()

    @property
    def parameters(self) -> frozenset[str]:
        """The codes of the parameters that the region speaks of."""
        named = {one.parameter for one in self.bounds}
        return frozenset(named.union(t.parameter for one in self.constraints for t in one.terms))

    @property
    def lines(self) -> tuple[str, ...]:
        """The bounds and constraints in words, one a line."""
        return (
            *(_between(one.parameter, one.min, one.max) for one in self.bounds),
            *(f"{one.label}: {_between(sum_in_words(one), one.min, one.max)}"
              for one in self.constraints),
        )  # fmt: skip


def _between(what: str, low: Decimal | None, high: Decimal | None) -> str:
    if low is None or high is None:
        return (
            f"{what} ≥ {text_of(low)}"
            if low is not None
            else f"{what} ≤ {text_of(high or Decimal(0))}"
        )
    return f"{text_of(low)} ≤ {what} ≤ {text_of(high)}"


def outside(region: Region, values: Mapping[str, Decimal], units: Mapping[str, str]) -> list[str]:
    """Return why values lie outside of a region, in words; nothing when they lie in it.

    A bound or constraint over a parameter that has no value yet is not judged.

    Args:
        values: what is known of the parameters, by code, each in its unit.
        units: the units of the parameters, for the words.
    """
    found = []
    for bound in region.bounds:
        value = values.get(bound.parameter)
        if value is None:
            continue
        unit = units.get(bound.parameter, "1")
        told = f"{bound.parameter} {quantity_label(value, unit)}"
        if bound.min is not None and compare_to_limit(value, bound.min) < 0:
            found.append(f"{told} is below {quantity_label(bound.min, unit)}")
        if bound.max is not None and compare_to_limit(value, bound.max) > 0:
            found.append(f"{told} is above {quantity_label(bound.max, unit)}")
    for one in region.constraints:
        if any(term.parameter not in values for term in one.terms):
            continue
        total = sum((term.times * values[term.parameter] for term in one.terms), Decimal(0))
        told = f"{one.label}: {sum_in_words(one)} = {text_of(total.normalize())}"
        if one.min is not None and compare_to_limit(total, one.min) < 0:
            found.append(f"{told} is below {text_of(one.min)}")
        if one.max is not None and compare_to_limit(total, one.max) > 0:
            found.append(f"{told} is above {text_of(one.max)}")
    return found


def sum_in_words(constraint: Constraint) -> str:
    """Return the sum of a constraint as people write it: "moi − 0.5 × days"."""
    words = ""
    for term in constraint.terms:
        size = abs(term.times)
        factor = "" if size == 1 else f"{text_of(size)} × "
        if not words:
            words = f"{'−' if term.times < 0 else ''}{factor}{term.parameter}"
        else:
            words += f" {'−' if term.times < 0 else '+'} {factor}{term.parameter}"
    return words


def read_region(reader: Reader) -> Region:
    """Return the region of ``reader``."""
    return Region(
        code=reader.code("code"),
        title=reader.text("title", longest=200, is_required=True),
        action=reader.word("action", ACTIONS, default="refuse"),
        bounds=reader.parts("bounds", _bound),
        constraints=reader.parts("constraints", _constraint),
    )


def _bound(reader: Reader) -> Bound:
    read = Bound(
        parameter=reader.code("parameter"), min=reader.number("min"), max=reader.number("max")
    )
    _possible(reader, read.min, read.max)
    return read


def _constraint(reader: Reader) -> Constraint:
    read = Constraint(
        label=reader.text("label", longest=200, is_required=True),
        terms=reader.parts("terms", _term),
        min=reader.number("min"),
        max=reader.number("max"),
    )
    if not read.terms:
        reader.fault("terms", "required", "A constraint is over at least one parameter.")
    _possible(reader, read.min, read.max)
    return read


def _term(reader: Reader) -> Term:
    return Term(parameter=reader.code("parameter"), times=reader.number("times", is_required=True))


def _possible(reader: Reader, low: Decimal | None, high: Decimal | None) -> None:
    if low is None and high is None:
        reader.fault("", "required", "At least one limit is needed.")
    elif low is not None and high is not None and low > high:
        reader.fault("", "impossible_range", "The lower limit is above the upper one.")


def wrong_regions(document: Document) -> Iterator[FieldError]:
    """Yield what is wrong with the design space: it is over critical parameters of the recipe."""
    for r, region in enumerate(document.design_space):
        pointer = f"/design_space/{r}"
        if not region.parameters:
            yield FieldError(
                pointer=pointer, code="missing", detail=f"The region {region.code} has no limits."
            )
        for b, bound in enumerate(region.bounds):
            yield from _wrong_name(document, region, bound.parameter, f"{pointer}/bounds/{b}")
        for c, constraint in enumerate(region.constraints):
            for t, term in enumerate(constraint.terms):
                place = f"{pointer}/constraints/{c}/terms/{t}"
                yield from _wrong_name(document, region, term.parameter, place)


def _wrong_name(
    document: Document, region: Region, name: str, pointer: str
) -> Iterator[FieldError]:
    parameter = document.parameter(name)
    if parameter is None:
        yield FieldError(
            pointer=f"{pointer}/parameter",
            code="unknown_reference",
            detail=f"The region {region.code} names {name}, which is no parameter.",
        )
    elif not parameter.critical:
        yield FieldError(
            pointer=f"{pointer}/parameter",
            code="not_critical",
            detail=f"The region {region.code} is over {name}, which is not critical.",
        )
