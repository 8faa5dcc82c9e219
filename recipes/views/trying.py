"""A formula tried with example values, before anything is saved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from recipes.models import RecipeVersion
from recipes.rules.examples import example_values
from recipes.rules.shapes import Place, Posted
from recipes.rules.trial import Trial, trial_of


def formula_of(place: Place, mine: Any = None) -> str | None:
    """Return the formula of a part; None when such a part has none."""
    plain = place.plain if mine is None else mine
    if place.is_list or not isinstance(plain, Mapping) or "formula" not in plain:
        return None
    return str(plain["formula"] or "") if isinstance(plain["formula"], str | None) else None


def tried(version: RecipeVersion, place: Place, mine: Any, posted: Posted | None) -> Trial:
    """Return what the formula gives for the values that were typed, or for examples."""
    plain = place.plain if mine is None else mine
    typed = {}
    if posted is not None:
        for name in examples_asked(posted):
            typed[name] = str(posted.get(f"sample.{name}", ""))[:64]
    examples: Mapping[str, tuple[Decimal, str]] = example_values(version.document, plain)
    return trial_of(plain, examples=examples, typed=typed)


def examples_asked(posted: Any) -> list[str]:
    """Return the names for which the form holds an example."""
    return [one.removeprefix("sample.") for one in posted if one.startswith("sample.")][:50]
