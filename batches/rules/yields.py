"""Yields: what a step gave, in percent of what it would give without loss. Pure Python.

Sources: 21 CFR 211.103 (actual yields and percentages of theoretical yield, at the conclusion of
each appropriate phase), 211.186(b)(7) (percentages beyond which it is investigated), 211.188(b)(7),
211.192.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kernel.quantities import quantity_label, round_half_up, text_of
from recipes.rules.document import Document, Stage
from recipes.rules.limits import Range

PLACES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A yield: in percent with two decimals, and the limits it was judged by."""

    percent: Decimal
    low: Decimal | None
    high: Decimal | None

    @property
    def is_within(self) -> bool:
        """Say whether nothing has to be investigated."""
        is_low = self.low is not None and self.percent < self.low
        return not is_low and not (self.high is not None and self.percent > self.high)


def stages_at(document: Document, step: str) -> list[Stage]:
    """Return what a recipe expects at a step."""
    return [one for one in document.formula.stages if one.step == step]


def limits_of(document: Document, stage: Stage) -> Range:
    """Return the percentages beyond which the yield of a stage is investigated, if there are any."""
    whole = document.header.theoretical_yield
    is_whole = whole is not None and (whole.quantity, whole.unit) == (stage.quantity, stage.unit)
    low, high = stage.min_percent, stage.max_percent
    if whole is not None and is_whole and low is None and high is None:
        low, high = whole.min_percent, whole.max_percent
    return Range(min=low, max=high)


def yield_of(document: Document, stage: Stage, actual: Decimal) -> Found:
    """Return what was found at a stage in percent of what was expected, half up (USP 7.20).

    Args:
        actual: in the unit of the stage.
    """
    percent = round_half_up(actual / stage.quantity * 100, PLACES)
    limits = limits_of(document, stage)
    return Found(percent=percent, low=limits.min, high=limits.max)


def words_of(label: str, actual: Decimal, unit: str, found: Found) -> str:
    """Return a yield in words: "At harvest: 2500 ×10⁶ cells, 27.78 % of what is expected"."""
    return (
        f"{label}: {quantity_label(actual, unit)}, {text_of(found.percent)} % of what is expected"
    )
