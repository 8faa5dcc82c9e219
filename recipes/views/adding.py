"""What can be added from where one stands in the outline."""

from __future__ import annotations

from typing import Any

from django.utils.http import urlencode

from recipes.rules.document import Operation, UnitProcedure
from recipes.rules.editing import parent_of
from recipes.rules.shapes import Place, place_at
from recipes.rules.starts import noun_of
from recipes.rules.steps import Step


def additions(plain: Any, place: Place) -> list[dict[str, Any]]:
    """Return what can be added: into which list, at which place, and whether a kind is asked."""
    found = _additions(plain, place)
    if plain["header"].get("therapy"):
        return found
    # An entry of the library is one operation.
    return [one for one in found if one["noun"] not in ("operation", "unit procedure")]


def _additions(plain: Any, place: Place) -> list[dict[str, Any]]:
    if place.is_list:
        return [_into(place, None)]
    last = place.pointer.rpartition("/")[2]
    if not last.isdigit():
        return []
    beside = _into(place_at(plain, parent_of(place.pointer)), int(last) + 1)
    if place.cls is UnitProcedure:
        return [_into(place_at(plain, f"{place.pointer}/operations"), None), beside]
    if place.cls is Operation:
        return [_into(place_at(plain, f"{place.pointer}/steps"), None), beside]
    return [beside]


def _into(listed: Place, place: int | None) -> dict[str, Any]:
    is_step = listed.cls is Step
    at = "" if place is None else place
    return {
        "list": listed.pointer,
        "place": at,
        "insert": urlencode({"list": listed.pointer, "place": at})
        if listed.cls is Operation
        else "",
        "noun": "step" if is_step else noun_of(listed.cls),
        "is_step": is_step,
    }
