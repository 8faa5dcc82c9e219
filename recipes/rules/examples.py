"""Example values: what a number of a recipe might be, for trials and for the preview.

They are taken from the recipe alone: the value of a parameter, the middle of the limits of a
step. They are examples and nothing else; no record is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kernel.errors import Invalid
from kernel.quantities import decimal_from, round_half_up
from recipes.rules.editing import steps_in

ORDER_EXAMPLES: Mapping[str, tuple[Decimal, str]] = {
    "weight_kg": (Decimal("70"), "kg"),
    "height_cm": (Decimal("175"), "cm"),
}
_ONE = Decimal(1)


def example_values(plain: Mapping[str, Any], part: Any) -> dict[str, tuple[Decimal, str]]:
    """Return an example, with its unit, for every name that a formula of ``part`` may use."""
    inputs = part.get("inputs") if isinstance(part, Mapping) else None
    if isinstance(inputs, Mapping):
        return {
            str(name): (example_of(plain, str(one.get("from") or "")), str(one.get("unit") or "1"))
            for name, one in inputs.items()
            if isinstance(one, Mapping)
        }
    named = {
        str(one["code"]): (example_of(plain, f"parameter.{one['code']}"), str(one["unit"]))
        for one in plain["formula"]["parameters"]
    }
    return {**named, **ORDER_EXAMPLES}


def example_of(plain: Mapping[str, Any], source: str) -> Decimal:
    """Return an example of what ``source`` gives: a step, a parameter, or the order."""
    kind, _, name = source.partition(".")
    if kind == "order" and name:
        return ORDER_EXAMPLES.get(name, (_ONE, ""))[0]
    if name:
        found = [one for one in plain["formula"]["parameters"] if one["code"] == name]
        return middle_of(found[0], found[0].get("default")) if found else _ONE
    step = next((one for one in steps_in(plain) if one["code"] == source), None)
    if step is None:
        return _ONE
    limits = step.get("soft") or step.get("hard") or {}
    return middle_of({**limits, "decimals": step.get("decimals")})


def middle_of(part: Mapping[str, Any], default: Any = None) -> Decimal:
    """Return a value within the limits of a part: its default, their middle, or the one there is."""
    low, high, given = (_number(one) for one in (part.get("min"), part.get("max"), default))
    if given is not None:
        return given
    if low is not None and high is not None:
        places = part.get("decimals")
        middle = (low + high) / 2
        return round_half_up(middle, places) if isinstance(places, int) else middle
    return low if low is not None else high if high is not None else _ONE


def _number(text: Any) -> Decimal | None:
    try:
        return decimal_from(str(text)) if text not in (None, "") else None
    except Invalid:
        return None
