"""A formula tried out: its names with example values, its result with its unit, or what is wrong
and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.errors import Invalid
from kernel.quantities import decimal_from, quantity_label, round_half_up, text_of, unit_label
from recipes.rules.formulas import evaluate, names_in
from recipes.rules.limits import Range, verdict

_WORD = re.compile(r"\s*(?:[A-Za-z0-9_.]+|\*\*|[<>=!]=|.)", re.ASCII | re.DOTALL)
_TOO_EARLY = "it ends too early"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One name of the formula, the value it is tried with, and why that is no value."""

    name: str
    value: str
    unit: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What trying gave: a result in words, or an error, at a place where there is one."""

    samples: tuple[Sample, ...] = ()
    result: str = ""
    verdict: str = ""
    reason: str = ""
    error: str = ""
    before: str = ""
    wrong: str = ""
    column: int = 0


def wrong_place(formula: str) -> tuple[int, int]:
    """Return where the first word stands at which ``formula`` cannot be read: from, to.

    A formula that ends too early is wrong at its end.
    """
    for found in _WORD.finditer(formula.rstrip()):
        try:
            names_in(formula[: found.end()])
        except Invalid as refusal:
            if _TOO_EARLY not in refusal.detail:
                text = found.group()
                return found.start() + len(text) - len(text.lstrip()), found.end()
    return len(formula), len(formula)


def trial_of(
    part: Mapping[str, Any],
    *,
    examples: Mapping[str, tuple[Decimal, str]],
    typed: Mapping[str, str],
) -> Trial:
    """Return what the formula of a plain step or parameter gives.

    Args:
        examples: a value and its unit for each name, taken where none was typed.
    """
    formula = str(part.get("formula") or "")
    if not formula.strip():
        return Trial()
    try:
        names = sorted(names_in(formula))
    except Invalid as refusal:
        start, end = wrong_place(formula)
        return Trial(
            error=refusal.detail,
            before=formula[:start],
            wrong=formula[start:end],
            column=start + 1,
        )
    samples = tuple(_sample(name, examples, typed) for name in names)
    if any(one.error for one in samples):
        return Trial(samples=samples)
    try:
        value = evaluate(formula, {one.name: decimal_from(one.value) for one in samples})
    except Invalid as refusal:
        return Trial(samples=samples, error=refusal.detail)
    return _result(part, value, samples)


def _sample(
    name: str, examples: Mapping[str, tuple[Decimal, str]], typed: Mapping[str, str]
) -> Sample:
    value, unit = examples.get(name, (Decimal(1), ""))
    text = typed.get(name, "").strip() or text_of(value)
    try:
        decimal_from(text)
    except Invalid as refusal:
        return Sample(name=name, value=text, unit=unit_label(unit) if unit else "",
                      error=refusal.detail)  # fmt: skip
    return Sample(name=name, value=text, unit=unit_label(unit) if unit else "")


def _result(part: Mapping[str, Any], value: Decimal, samples: tuple[Sample, ...]) -> Trial:
    places = part.get("decimals")
    shown = round_half_up(value, places) if isinstance(places, int) and places <= 10 else value
    unit = str(part.get("unit") or "1")
    try:
        words = quantity_label(shown, unit)
        judged = verdict(shown, _range(part.get("hard")), _range(part.get("soft")), unit=unit)
    except (Invalid, KeyError):
        # Unit or limits are being typed: the number alone is true.
        return Trial(samples=samples, result=text_of(shown))
    word = {"in_limits": "in_range", "soft_breach": "soft_limit", "hard_breach": "hard_limit"}
    has_limits = bool(part.get("hard") or part.get("soft"))
    return Trial(
        samples=samples,
        result=words,
        verdict=word[judged.outcome] if has_limits else "",
        reason=judged.reason,
    )


def _range(plain: Any) -> Range | None:
    if not isinstance(plain, Mapping):
        return None
    low, high = (plain.get(one) for one in ("min", "max"))
    return Range(
        min=decimal_from(low) if low else None,
        max=decimal_from(high) if high else None,
        min_exclusive=bool(plain.get("min_exclusive")),
        max_exclusive=bool(plain.get("max_exclusive")),
    )
