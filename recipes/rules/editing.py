"""Edits of a plain document: each takes one, and returns another; nothing is changed in place.

A place is named by its JSON pointer (RFC 6901). A step that simply followed the one before it
keeps following whatever comes before it after the edit; what waited for a step that is removed
waits for what that step waited for; a new code is carried to everything that names the old one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid
from recipes.rules.reader import escaped

STEP = re.compile(r"/procedure/unit_procedures/(\d+)/operations/(\d+)/steps/(\d+)")
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_TAIL = re.compile(r"\d+$", re.ASCII)
_UNITS = "/procedure/unit_procedures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The document after an edit, and the pointer of what was edited, where it stands now."""

    plain: dict[str, Any]
    pointer: str


def tokens_of(pointer: str) -> list[str]:
    """Return the names on the way to a place."""
    if pointer and not pointer.startswith("/"):
        raise _nowhere(pointer)
    return [one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:]]


def pointer_of(tokens: Sequence[str]) -> str:
    """Return the pointer that these names spell."""
    return "".join(f"/{escaped(one)}" for one in tokens)


def parent_of(pointer: str) -> str:
    """Return the pointer of what holds a place."""
    return pointer.rpartition("/")[0]


def value_at(plain: Any, pointer: str) -> Any:
    """Return what stands at ``pointer``.

    Raises:
        Invalid: with code ``no_such_place``.
    """
    found = plain
    for token in tokens_of(pointer):
        if isinstance(found, dict) and token in found:
            found = found[token]
        elif isinstance(found, list) and _INDEX.fullmatch(token) and int(token) < len(found):
            found = found[int(token)]
        else:
            raise _nowhere(pointer)
    return found


def has_place(plain: Any, pointer: str) -> bool:
    """Say whether anything stands at ``pointer``."""
    try:
        value_at(plain, pointer)
    except Invalid:
        return False
    return True


def _nowhere(pointer: str) -> Invalid:
    return Invalid(
        "There is no such place in the recipe any more.",
        pointer=pointer[:200],
        code="no_such_place",
    )


def set_at(plain: dict[str, Any], pointer: str, value: Any) -> Edited:
    """Put ``value`` at a place that is there, or at a new key of a mapping that is there."""
    whole = deepcopy(plain)
    *way, last = tokens_of(pointer)
    holder = value_at(whole, pointer_of(way))
    before = deepcopy(holder.get(last)) if isinstance(holder, dict) else value_at(whole, pointer)
    if isinstance(holder, list):
        holder[int(last)] = deepcopy(value)
    else:
        holder[last] = deepcopy(value)
    for old, new in _new_codes(pointer, before, value):
        carry_code(whole, pointer, old, new)
    return Edited(plain=whole, pointer=pointer)


def _new_codes(pointer: str, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    if isinstance(before, dict) and isinstance(after, dict):
        before, after = before.get("code"), after.get("code")
    elif not pointer.endswith("/code"):
        return
    if isinstance(before, str) and isinstance(after, str) and before and after and before != after:
        yield before, after


def add(
    plain: dict[str, Any],
    pointer: str,
    item: Any,
    place: int | None = None,
    *,
    followers: frozenset[str] | None = None,
) -> Edited:
    """Put ``item`` into the list at ``pointer``: at ``place``, or at its end.

    Args:
        followers: the codes of the steps in it that follow the step before; None: all of them.
    """

    def change(whole: dict[str, Any]) -> str:
        items = _list_at(whole, pointer)
        at = len(items) if place is None else max(0, min(place, len(items)))
        items.insert(at, deepcopy(item))
        return f"{pointer}/{at}"

    return _relinked(plain, change, _codes_in(item) if followers is None else followers)


def replace_item(
    plain: dict[str, Any], pointer: str, item: Any, followers: frozenset[str]
) -> Edited:
    """Put ``item`` in the place of another; ``followers`` as of ``add``."""

    def change(whole: dict[str, Any]) -> str:
        items, place = _item_at(whole, pointer)
        items[place] = deepcopy(item)
        return pointer

    return _relinked(plain, change, followers)


def remove(plain: dict[str, Any], pointer: str) -> Edited:
    """Take an item out of its list; the pointer returned is the item before, or the list."""

    def change(whole: dict[str, Any]) -> str:
        items, place = _item_at(whole, pointer)
        del items[place]
        holder = parent_of(pointer)
        return f"{holder}/{max(place - 1, 0)}" if items else holder

    return _relinked(plain, change)


def duplicate(plain: dict[str, Any], pointer: str) -> Edited:
    """Put a copy of an item behind it; every code in the copy is new."""
    items, place = _item_at(plain, pointer)
    copy, taken = deepcopy(items[place]), set(_every_code(plain))
    followers, new = followers_of(plain), set()
    for one in _coded(copy):
        old = one["code"]
        one["code"] = free_code(old, taken)
        taken.add(one["code"])
        new |= {one["code"]} if old in followers else set()
        _carry_step(copy, old, one["code"])

    def change(whole: dict[str, Any]) -> str:
        _list_at(whole, parent_of(pointer)).insert(place + 1, copy)
        return f"{parent_of(pointer)}/{place + 1}"

    return _relinked(plain, change, frozenset(new))


def move(plain: dict[str, Any], pointer: str, by: int) -> Edited:
    """Move an item up (-1) or down (+1); a step goes on into the neighboring operation."""
    if by not in (-1, 1):
        raise Invalid("An item moves by one place.", code="no_such_move")

    def change(whole: dict[str, Any]) -> str:
        items, place = _item_at(whole, pointer)
        if 0 <= place + by < len(items):
            items[place], items[place + by] = items[place + by], items[place]
            return f"{parent_of(pointer)}/{place + by}"
        found = STEP.fullmatch(pointer)
        neighbor = _neighbor(whole, int(found[1]), int(found[2]), by) if found else None
        if neighbor is None:
            return pointer
        target = _list_at(whole, neighbor)
        to = 0 if by > 0 else len(target)
        target.insert(to, items.pop(place))
        return f"{neighbor}/{to}"

    return _relinked(plain, change)


def _neighbor(plain: dict[str, Any], unit: int, operation: int, by: int) -> str | None:
    """Return the list of steps of the operation before or after, through all unit procedures."""
    places = [
        (u, o)
        for u, one in enumerate(value_at(plain, _UNITS))
        for o in range(len(one["operations"]))
    ]
    at = places.index((unit, operation)) + by
    if not 0 <= at < len(places):
        return None
    return f"{_UNITS}/{places[at][0]}/operations/{places[at][1]}/steps"


def free_code(like: str, taken: set[str] | frozenset[str]) -> str:
    """Return a code that is not taken: the same words with the next number behind them."""
    found = _TAIL.search(like)
    stem, width = (like[: found.start()], len(found.group())) if found else (f"{like}-", 1)
    numbers = [int(one[len(stem) :]) for one in taken if one.startswith(stem) and
               _TAIL.fullmatch(one[len(stem) :])]  # fmt: skip
    at = max(numbers, default=0) + 1
    while (code := f"{stem}{at:0{width}}") in taken:
        at += 1
    return code


def steps_in(plain: Any) -> Iterator[dict[str, Any]]:
    """Yield every plain step of a document, in the order of the procedure."""
    for unit in plain.get("procedure", {}).get("unit_procedures", ()):
        for operation in unit.get("operations", ()):
            yield from operation.get("steps", ())


def carry_code(plain: dict[str, Any], pointer: str, old: str, new: str) -> None:
    """Write a new code wherever the old one of that kind of thing is named; in place."""
    if STEP.match(pointer):
        _carry_step(plain, old, new)
    elif pointer.startswith("/formula/parameters/"):
        _carry_named(plain, "parameter", old, new)
        _carry_source(plain, f"parameter.{old}", f"parameter.{new}")
    elif pointer.startswith("/formula/materials/"):
        _carry_named(plain, "material", old, new)
    elif pointer.startswith("/equipment_requirements/"):
        _carry_named(plain, "equipment", old, new)


def _carry_step(part: Any, old: str, new: str) -> None:
    if isinstance(part, dict):
        after = part.get("after")
        if isinstance(after, list):
            part["after"] = [new if one == old else one for one in after]
        for key in ("step", "from", "since", "until", "relative_to", "sample"):
            if part.get(key) == old:
                part[key] = new
    for inner in part.values() if isinstance(part, dict) else part:
        if isinstance(inner, dict | list):
            _carry_step(inner, old, new)


def _carry_named(plain: dict[str, Any], key: str, old: str, new: str) -> None:
    for step in steps_in(plain):
        if step.get(key) == old:
            step[key] = new


def _carry_source(plain: dict[str, Any], old: str, new: str) -> None:
    for step in steps_in(plain):
        inputs = step.get("inputs")
        for one in inputs.values() if isinstance(inputs, dict) else ():
            if isinstance(one, dict) and one.get("from") == old:
                one["from"] = new


def _list_at(plain: Any, pointer: str) -> list[Any]:
    found = value_at(plain, pointer)
    if not isinstance(found, list):
        raise _nowhere(pointer)
    return found


def _item_at(plain: Any, pointer: str) -> tuple[list[Any], int]:
    value_at(plain, pointer)
    items = _list_at(plain, parent_of(pointer))
    return items, int(pointer.rpartition("/")[2])


def _coded(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every part that has a code of its own."""
    if isinstance(part, dict):
        if isinstance(part.get("code"), str):
            yield part
        for inner in part.values():
            yield from _coded(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _coded(inner)


def _every_code(plain: Any) -> Iterator[str]:
    return (one["code"] for one in _coded(plain))


def _codes_in(part: Any) -> frozenset[str]:
    """Return the codes of the steps in a part."""
    return frozenset(one["code"] for one in _coded(part) if "instruction" in one)


def followers_of(plain: Mapping[str, Any]) -> frozenset[str]:
    """Return the codes of the steps that only follow the one before them."""
    before: list[str] = []
    found = set()
    for step in steps_in(plain):
        if step.get("after") == before:
            found.add(step["code"])
        before = [step["code"]]
    return frozenset(found)


def _relinked(
    plain: dict[str, Any],
    change: Callable[[dict[str, Any]], str],
    new: frozenset[str] = frozenset(),
) -> Edited:
    """Return the document changed, the order of its steps kept in the sense of this module."""
    followers = followers_of(plain) | new
    waits = {one["code"]: one.get("after") or [] for one in steps_in(plain)}
    whole = deepcopy(plain)
    pointer = change(whole)
    gone = waits.keys() - {one["code"] for one in steps_in(whole)}
    before: list[str] = []
    for step in steps_in(whole):
        if step["code"] in followers:
            step["after"] = before
        elif gone & set(step.get("after") or ()):
            step["after"] = list(_without(step["after"], gone, waits))
        before = [step["code"]]
    return Edited(plain=whole, pointer=pointer)


def _without(
    after: Sequence[str], gone: set[str], waits: dict[str, list[str]], depth: int = 0
) -> dict[str, None]:
    """Return ``after`` with each step that is gone replaced by what it waited for."""
    found: dict[str, None] = {}
    for code in after:
        if code not in gone:
            found[code] = None
        elif depth < len(waits):
            found |= _without(waits[code], gone, waits, depth + 1)
    return found
