"""What an engineer does in the designer: from the form that was sent to the document after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kernel.errors import Invalid
from recipes.rules.editing import Edited, add, duplicate, move, remove, set_at
from recipes.rules.shapes import (
    NAMED,
    Place,
    Posted,
    Shape,
    is_blank,
    place_at,
    plain_from,
    rows_of,
    shapes_of,
)
from recipes.rules.starts import add_step, new_row, start_new_item, with_kind
from recipes.rules.steps import Step


def done(plain: dict[str, Any], posted: Posted) -> Edited:
    """Return the document after the gesture that a form describes by ``act`` and ``at``.

    Raises:
        Invalid: there is no such gesture, or no such place any more.
    """
    gesture, at = str(posted.get("act", "save")), str(posted.get("at", ""))
    word, _, within = gesture.partition(":")
    match word:
        case "save":
            return set_at(plain, at, _typed(plain, at, posted))
        case "kind":
            return _with_kind(plain, at, posted)
        case "row" | "unrow":
            return _with_rows(plain, at, posted, within, is_new=word == "row")
        case "add":
            return _added(plain, posted)
        case "duplicate":
            return duplicate(plain, _item(plain, at).pointer)
        case "remove":
            return remove(plain, _item(plain, at).pointer)
        case "up" | "down":
            return move(plain, _item(plain, at).pointer, -1 if word == "up" else 1)
        case _:
            raise Invalid("There is no such gesture.", pointer="/act", code="unknown_word")


def _item(plain: Mapping[str, Any], at: str) -> Place:
    """Return an item of a list of the outline."""
    place = place_at(plain, at)
    if not at.rpartition("/")[2].isdigit():
        raise Invalid("Only an item of a list can do that.", pointer=at, code="no_such_place")
    return place


def _typed(plain: Mapping[str, Any], at: str, posted: Posted) -> Any:
    place = place_at(plain, at)
    if place.is_list:
        raise Invalid("A list has no form.", pointer=at, code="no_such_place")
    typed = plain_from(place.cls, posted, place.plain)
    return None if place.is_optional and is_blank(place.cls, typed) else typed


def _with_kind(plain: dict[str, Any], at: str, posted: Posted) -> Edited:
    place = _item(plain, at)
    if not issubclass(place.cls, Step):
        raise Invalid("Only a step has a kind.", pointer=at, code="no_such_place")
    changed = with_kind(_typed(plain, at, posted), str(posted.get("kind", "")), plain)
    return set_at(plain, at, changed)


def _with_rows(
    plain: dict[str, Any], at: str, posted: Posted, within: str, *, is_new: bool
) -> Edited:
    """Add or take away one row of a list that is part of a form, or of a part within it."""
    place, typed = place_at(plain, at), _typed(plain, at, posted)
    cls, holder, shape = place.cls, typed, None
    tokens = within.strip("/").split("/")
    while tokens:
        key = tokens.pop(0)
        shape = next((one for one in shapes_of(cls) if one.name == key), None)
        if shape is None or shape.entry != "part" or shape.part is None:
            break
        cls, holder[key] = shape.part, holder.get(key) or {}
        holder = holder[key]
    if shape is None or shape.entry != "parts":
        raise Invalid("There is no such list.", pointer=f"{at}/{key[:40]}", code="no_such_place")
    row = tokens[0] if tokens else ""
    rows = rows_of(shape, holder.get(key))
    if is_new:
        rows.append(new_row(shape, rows, plain))
    elif row.isascii() and row.isdigit() and int(row) < len(rows):
        del rows[int(row)]
    holder[key] = _as_kept(shape, rows)
    return set_at(plain, at, typed)


def _as_kept(shape: Shape, rows: list[dict[str, Any]]) -> Any:
    name = NAMED.get(shape.name)
    if name is None:
        return rows
    return {str(one[name]): {k: v for k, v in one.items() if k != name} for one in rows}


def _added(plain: dict[str, Any], posted: Posted) -> Edited:
    """Add an item to a list, where the form says."""
    pointer, text = str(posted.get("list", "")), str(posted.get("place", ""))
    place = place_at(plain, pointer)
    if not place.is_list:
        raise Invalid("That is no list.", pointer=pointer[:200], code="no_such_place")
    at = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
    if place.cls is Step:
        return add_step(plain, pointer, str(posted.get("kind", "")), at)
    return add(plain, pointer, start_new_item(plain, pointer, place.cls), at)
