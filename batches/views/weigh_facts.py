"""What the screen of a weighing shows: the target, what was weighed, and what comes next."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from batches.models import Step
from batches.queries.weighing import counted_of, scale_of, target_of, weighings_of
from batches.rules.modes import MANUAL
from batches.rules.weighing import Target, in_unit, still_wanted
from kernel.errors import Refusal
from kernel.quantities import quantity_label, round_half_up, text_of
from recipes.rules.weigh_steps import WeighStep

# The bar ends a quarter above the target.
_BEYOND = Decimal("1.25")


def weighing_of(step: Step, phase: WeighStep) -> dict[str, Any]:
    """Return the facts of a weighing, and its stage: "empty", "fill" or "finish"."""
    rows = weighings_of(step)
    full = [one for one in rows if one.state == "weighed"]
    filled = next((one for one in rows if one.state == "tared"), None)
    last = rows[-1] if rows else None
    facts: dict[str, Any] = {
        "unit": phase.unit,
        "containers": rows,
        "full": full,
        "open": filled,
        "is_automated": phase.automated and step.mode != MANUAL,
        "lot_help": f"A lot of {phase.material}.",
        "scale_help": f"A scale of the class {phase.equipment}.",
        "typed_scale": last.scale.code if last else "",
    }
    try:
        target = target_of(step, phase)
    except Refusal as refusal:
        return {**facts, "stage": "empty", "why_not": refusal.detail}
    found = counted_of(full, phase)
    facts |= {
        "asked": target.edges(),
        "wanted": quantity_label(target.wanted, phase.unit),
    }
    facts |= _bar(target, found, phase) if full else {}
    if filled is not None:
        missing = still_wanted(target, found, nominal=phase.nominal_potency, potency=filled.potency)
        known = scale_of(filled.scale)
        asked = round_half_up(in_unit(missing, phase.unit, known.unit), _places(known.resolution))
        fill_in = quantity_label(asked, known.unit)
        return {**facts, "stage": "fill", "fill_in": fill_in, "scale_unit": known.unit}
    is_met = target.low <= round_half_up(found, phase.decimals) <= target.high
    is_taken = bool(full) and (is_met or phase.beyond == "exception")
    return {**facts, "stage": "finish" if is_taken else "empty", "scale_unit": phase.unit}


def _places(resolution: Decimal) -> int:
    exponent = resolution.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _bar(target: Target, found: Decimal, phase: WeighStep) -> dict[str, str]:
    """Return the sum of the containers, and where it stands on a bar."""
    shown = round_half_up(found, phase.decimals)
    if shown < target.low:
        standing, words = "below", "Too little"
    elif shown > target.high:
        standing, words = "above", "Too much"
    else:
        standing, words = "in_range", "Within tolerance"
    return {
        "total": text_of(shown),
        "standing": standing,
        "standing_words": words,
        "bar_most": text_of(max(target.wanted * _BEYOND, shown)),
        "bar_low": text_of(target.low),
        "bar_high": text_of(target.high),
        "bar_wanted": text_of(target.wanted),
        "bar_value": text_of(shown),
    }
