"""Weighing: what is to be weighed, what a container holds, and whether it is right. Pure Python.

Sources: 21 CFR 211.101(b) to (d) (charge-in of components), 211.184(c), 211.188(b)(4); USP <41>
and <1251> (a weight below the smallest that a balance weighs well says nothing).
All numbers are Decimals; masses are converted by exact powers of ten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from batches.rules.verdicts import Judged
from kernel.errors import Conflict, Invalid
from kernel.quantities import quantity_label, round_half_up, text_of, unit_label
from recipes.rules.dimensions import measure_of
from recipes.rules.weigh_steps import WeighStep

# A potency is kept in percent of what the label claims.
WHOLE = Decimal(100)
_PLACES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How much is to be weighed: from ``low`` to ``high``, best ``wanted``, in ``unit``."""

    low: Decimal
    wanted: Decimal
    high: Decimal
    unit: str

    def words(self) -> str:
        """Return it as it is printed: "12.50 g, 12.38 to 12.62 g"."""
        return f"{quantity_label(self.wanted, self.unit)}, {self.edges()}"

    def edges(self) -> str:
        """Return its tolerance as it is printed: "12.38 to 12.62 g"."""
        return f"{text_of(self.low)} to {quantity_label(self.high, self.unit)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a class of scales can do, in ``unit``."""

    name: str
    unit: str
    most: Decimal
    resolution: Decimal
    smallest: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one container holds: its net weight in the unit of the step, and the lot's potency."""

    net: Decimal
    potency: Decimal | None


def in_unit(value: Decimal, unit: str, wanted: str, *, pointer: str = "/unit") -> Decimal:
    """Return a mass in another unit, exactly.

    Raises:
        Invalid: with code ``unit_mismatch``, one of the two is no mass, or they differ in kind.
    """
    given, asked = measure_of(unit), measure_of(wanted)
    if given.dimension != asked.dimension or given.scale is None or asked.scale is None:
        raise Invalid(
            f"{unit_label(unit) or 'A plain number'} is not {unit_label(wanted) or 'a number'}:"
            " the one cannot be told in the other.",
            pointer=pointer,
            code="unit_mismatch",
        )
    factor = given.scale / asked.scale
    return value * factor.numerator / factor.denominator


def target_for(step: WeighStep, quantity: Decimal, unit: str) -> Target:
    """Return what a step weighs in, rounded to its decimals half up (USP 7.20).

    The edges of the tolerance are rounded inwards: rounding never lets more through.

    Args:
        quantity: the target, as the recipe, the bill or a step gives it, in ``unit``.

    Raises:
        Invalid: it is no mass, or nothing is left of it at so few decimals.
    """
    wanted = round_half_up(in_unit(quantity, unit, step.unit), step.decimals)
    if wanted <= 0:
        raise Invalid(
            f"There is nothing to weigh: the target is {quantity_label(wanted, step.unit)}.",
            code="no_target",
        )
    if step.tolerance is not None:
        width = step.tolerance
    else:
        assert step.tolerance_percent is not None, "a weighing has one tolerance"
        width = wanted * step.tolerance_percent / WHOLE
    place = Decimal(1).scaleb(-step.decimals)
    return Target(
        low=(wanted - width).quantize(place, rounding=ROUND_CEILING),
        wanted=wanted,
        high=(wanted + width).quantize(place, rounding=ROUND_FLOOR),
        unit=step.unit,
    )


def counted(held: Iterable[Held], nominal: Decimal | None) -> Decimal:
    """Return how much of the target some containers make up: all of it, or by their potency."""
    if nominal is None:
        return sum((one.net for one in held), Decimal(0))
    parts = (one.net * _known(one.potency) / nominal for one in held)
    return round_half_up(sum(parts, Decimal(0)), _PLACES)


def still_wanted(
    target: Target, so_far: Decimal, *, nominal: Decimal | None, potency: Decimal | None
) -> Decimal:
    """Return the net weight that is missing from a lot of this potency; 0 where nothing is."""
    missing = max(target.wanted - so_far, Decimal(0))
    if nominal is None:
        return missing
    return missing * nominal / _known(potency)


def _known(potency: Decimal | None) -> Decimal:
    if potency is None or potency <= 0:
        raise Conflict(
            "The potency of this lot is not known: quality enters it.",
            pointer="/lot",
            code="no_potency",
        )
    return potency


def net_of(tare: Decimal, gross: Decimal) -> Decimal:
    """Return what is in a container.

    Raises:
        Invalid: the full container weighs no more than the empty one.
    """
    if gross <= tare:
        raise Invalid(
            f"The full container shows {text_of(gross)}, the empty one showed {text_of(tare)}.",
            pointer="/value",
            code="nothing_weighed",
        )
    return gross - tare


def why_not_on(scale: Scale, target: Target) -> str:
    """Return why a scale cannot weigh a target as exactly as is asked; empty where it can."""
    wanted = in_unit(target.wanted, target.unit, scale.unit)
    width = in_unit((target.high - target.low) / 2, target.unit, scale.unit)
    if scale.resolution > width:
        step = quantity_label(scale.resolution.normalize(), scale.unit)
        return f"{scale.name} reads in steps of {step}: too coarse for this tolerance."
    if wanted > scale.most:
        most = quantity_label(scale.most.normalize(), scale.unit)
        return f"{scale.name} weighs up to {most}: use a larger one."
    if wanted < scale.smallest:
        least = quantity_label(scale.smallest.normalize(), scale.unit)
        return f"{scale.name} weighs {least} or more: use a finer one."
    return ""


def why_not_shown(scale: Scale, shown: Decimal, net: Decimal | None) -> str:
    """Return why what a scale shows is no weight: beyond its range, or too little to say anything."""
    if shown < 0 or shown > scale.most:
        return f"{scale.name} weighs from 0 to {quantity_label(scale.most.normalize(), scale.unit)}"
    if net is not None and net < scale.smallest:
        least = quantity_label(scale.smallest.normalize(), scale.unit)
        return (
            f"{scale.name} weighs {least} or more; {quantity_label(net, scale.unit)} is too little"
        )
    return ""


def judged_weighing(step: WeighStep, target: Target, found: Decimal) -> Judged:
    """Return what the tolerance says of all that was weighed, rounded to the step's decimals.

    Raises:
        Invalid: with code ``hard_limit``, it is beyond, and the recipe does not take that.
    """
    rounded = round_half_up(found, step.decimals)
    if target.low <= rounded <= target.high:
        return Judged(word="in_range")
    side = "below" if rounded < target.low else "above"
    limit = target.low if rounded < target.low else target.high
    reason = f"{quantity_label(rounded, step.unit)} is {side} {quantity_label(limit, step.unit)}"
    if step.beyond == "refused":
        raise Invalid(
            f"{reason}. Nothing was stored: weigh more, or return a container.",
            pointer="/value",
            code="hard_limit",
        )
    return Judged(
        word="soft_limit",
        reason=reason,
        exception_kind="soft_limit",
        severity="critical" if step.critical else "warning",
    )
