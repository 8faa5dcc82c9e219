"""An entry of the library goes into a recipe: a copy, fitted to the codes and names that are there.

Codes are made unique in the recipe, and each thing the operation names (a parameter, a material,
a class of equipment) is bound to one that the recipe has, or is added to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid
from recipes.rules.editing import (
    Edited,
    add,
    followers_of,
    free_code,
    parent_of,
    replace_item,
    steps_in,
    value_at,
)
from recipes.rules.library import PROSE, UNITS, Entry, read, reading_of
from recipes.rules.outline import title_of
from recipes.rules.starts import NEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Something the operation names: what it may be in the recipe, and what it is unless told.

    ``chosen`` empty means that it is added to the recipe.
    """

    name: str
    kind: str
    title: str
    choices: tuple[tuple[str, str], ...]
    chosen: str


def wanted_by(entry: Entry, plain: Mapping[str, Any]) -> list[Wanted]:
    """Return what an operation needs named in the recipe ``plain``, in the order of the entry."""
    found = []
    for kind, (listed, _) in NEEDED.items():
        for item in value_at(entry.plain, listed):
            name = f"{kind}.{item['code']}"
            unit = item.get("unit")
            fitting = [one for one in value_at(plain, listed) if one.get("unit") == unit]
            choices = [(f"{kind}.{one['code']}", _words(one)) for one in fitting]
            if kind == "parameter" and not _is_measured(entry, item["code"]):
                choices += [
                    (one["code"], f"what step {_words(one)} gives")
                    for one in steps_in(plain)
                    if one.get("unit") == unit and one.get("parameter")
                ]
            found.append(
                Wanted(
                    name=name,
                    kind=kind,
                    title=_words(item),
                    choices=tuple(choices),
                    chosen=name if any(one == name for one, _ in choices) else "",
                )
            )
    return found


def _words(item: Mapping[str, Any]) -> str:
    return f"{item['code']} · {title_of(item)}"


def _is_measured(entry: Entry, parameter: str) -> bool:
    """Say whether a step gives this parameter, or a formula is made of it."""
    in_formulas = (
        one.get("formula") or "" for one in value_at(entry.plain, NEEDED["parameter"][0])
    )
    return any(one.get("parameter") == parameter for one in steps_in(entry.plain)) or any(
        re.search(rf"\b{re.escape(parameter)}\b", one) for one in in_formulas
    )


def inserted(
    plain: dict[str, Any],
    entry: Entry,
    pointer: str,
    place: int | None = None,
    names: Mapping[str, str] | None = None,
) -> Edited:
    """Return the recipe with a copy of an entry in the list of operations at ``pointer``.

    Args:
        names: what each thing that the operation names is in the recipe, as ``wanted_by`` offers
            it; empty: it is added.

    Raises:
        Invalid: there is no such place, or a name is none that fits.
    """
    listed = value_at(plain, pointer)
    if not isinstance(listed, list) or not pointer.endswith("/operations"):
        raise Invalid("No operation stands there.", pointer=pointer[:200], code="no_such_place")
    at = len(listed) if place is None else max(0, min(place, len(listed)))
    whole, bound = _bound(plain, entry, names or {})
    taken = _codes_of(whole)
    codes = _fresh(entry.operation, taken, {})
    copy = _copied(entry, codes, bound)
    copy["code"] = _unlike(entry.operation["code"], taken | set(codes.values()))
    if _is_structured(whole):
        copy["after"] = [listed[at - 1]["code"]] if at else []
    edited = add(whole, pointer, copy, at, followers=_followers(entry, codes))
    _order_siblings(edited)
    return _joined(edited)


def taken(
    plain: dict[str, Any],
    pointer: str,
    former: Entry | None,
    entry: Entry,
    names: Mapping[str, str] | None = None,
) -> Edited:
    """Return the recipe with another version of the library in place of an inserted operation.

    Steps that both versions have keep the codes they have in the recipe, so that what names them
    goes on naming them; the operation keeps its code and its place.

    Args:
        former: the version it was inserted from; None where the library has it not.
        names: as of ``inserted``; what is left out is what it was.

    Raises:
        Invalid: there is no such operation, or a name is none that fits.
    """
    operation = value_at(plain, pointer)
    if not isinstance(operation, dict) or not operation.get("library"):
        raise Invalid(
            "This operation is not from the library.", pointer=pointer[:200], code="no_such_place"
        )
    same = _codes_now(former, operation)
    whole, bound = _bound(
        plain, entry, {**_names_kept(plain, entry, former, operation), **(names or {})}
    )
    steps = operation["steps"]
    own = {one["code"] for one in steps}
    codes = _fresh(entry.operation, _codes_of(whole) - own, same)
    copy = _copied(entry, codes, bound)
    copy["code"], copy["after"] = operation["code"], operation.get("after")
    followers = _followers(entry, codes)
    if copy["steps"] and steps and steps[0]["code"] not in followers_of(plain):
        first = copy["steps"][0]
        first["after"] = [one for one in steps[0]["after"] or [] if one not in own]
        followers -= {first["code"]}
    return _joined(replace_item(whole, pointer, copy, followers))


def names_now(former: Entry | None, operation: Mapping[str, Any]) -> dict[str, str]:
    """Return what each thing an entry names is in the recipe, where the copy is unchanged."""
    if former is None:
        return {}
    (was, told), (now, named) = read(former.operation), read(operation)
    return dict(zip(told, named, strict=True)) if was == now else {}


def _names_kept(
    plain: Mapping[str, Any], entry: Entry, former: Entry | None, operation: Mapping[str, Any]
) -> dict[str, str]:
    """Return the names that another version goes on having: those that still fit."""
    now = names_now(former, operation)
    return {
        one.name: now[one.name]
        for one in wanted_by(entry, plain)
        if now.get(one.name) in dict(one.choices)
    }


def _codes_now(former: Entry | None, operation: Mapping[str, Any]) -> dict[str, str]:
    """Return the code that each step of an entry has in the recipe."""
    own = [one["code"] for one in operation["steps"]]
    if former is not None and reading_of(former.operation) == reading_of(operation):
        steps = former.operation["steps"]
        return dict(zip((one["code"] for one in steps), own, strict=True))
    return {one: one for one in own}


def _bound(
    plain: dict[str, Any], entry: Entry, names: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the recipe with what was missing, and what each name stands for in it."""
    whole = plain
    bound: dict[str, str] = {}
    # What is said goes before what is only the first choice.
    for one in sorted(wanted_by(entry, plain), key=lambda one: one.name not in names):
        chosen = names.get(one.name, one.chosen)
        if not chosen or (one.name not in names and chosen in bound.values()):
            continue
        if chosen not in dict(one.choices) or chosen in bound.values():
            raise Invalid(
                f"{one.title} cannot be that: it is not in the recipe, has another unit, or is"
                " named twice.",
                pointer=f"/{one.name}",
                code="unknown_name",
            )
        bound[one.name] = chosen
    for kind, (listed, _) in NEEDED.items():
        new = [one for one in value_at(entry.plain, listed) if f"{kind}.{one['code']}" not in bound]
        for item in new:
            code = _unlike(item["code"], {one["code"] for one in value_at(whole, listed)}, kind)
            bound[f"{kind}.{item['code']}"] = f"{kind}.{code}"
            whole = add(whole, listed, {**item, "code": code}, followers=frozenset()).plain
        for item in value_at(whole, listed)[len(value_at(plain, listed)) :]:
            if item.get("formula"):
                item["formula"] = _renamed(item["formula"], bound)
    return whole, bound


def _renamed(formula: str, bound: Mapping[str, str]) -> str:
    """Return the formula of a parameter with the names that the recipe has for the others."""
    return re.sub(
        r"[A-Za-z][A-Za-z0-9_]*",
        lambda found: bound.get(f"parameter.{found[0]}", found[0]).removeprefix("parameter."),
        formula,
    )


def _copied(entry: Entry, codes: Mapping[str, str], bound: Mapping[str, str]) -> dict[str, Any]:
    """Return the operation with the codes and the names of the recipe, and where it comes from."""
    copy: dict[str, Any] = _written(entry.operation, "", codes, bound)
    copy["library"] = {"version": entry.name, "digest": entry.digest}
    copy["after"] = None
    for step in copy["steps"]:
        step["code"] = codes[step["code"]]
    return copy


def _written(part: Any, key: str, codes: Mapping[str, str], bound: Mapping[str, str]) -> Any:
    match part:
        case dict():
            return {one: _written(value, one, codes, bound) for one, value in part.items()}
        case list():
            return [_written(one, key, codes, bound) for one in part]
        case str() if key in NEEDED:
            return bound.get(f"{key}.{part}", f"{key}.{part}").partition(".")[2]
        case str() if key == "from":
            return bound.get(part, codes.get(part, part))
        case str() if key not in PROSE:
            return codes.get(part, part)
        case _:
            return deepcopy(part)


def _fresh(
    operation: Mapping[str, Any], taken_codes: set[str], same: Mapping[str, str]
) -> dict[str, str]:
    """Return the code of each step in the recipe: the one it has there, its own, or a free one."""
    used = taken_codes | set(same.values())
    found = {}
    for step in operation["steps"]:
        own = step["code"]
        found[own] = same[own] if own in same else _unlike(own, used)
        used.add(found[own])
    return found


def _unlike(code: str, used: set[str], kind: str = "") -> str:
    """Return a code that is not used; that of a parameter has no hyphen, which formulas take off."""
    if code not in used:
        return code
    return free_code(f"{code}_1" if kind == "parameter" else code, used)


def _codes_of(plain: Mapping[str, Any]) -> set[str]:
    """Return the codes of all unit procedures, operations and steps."""
    units: Sequence[Mapping[str, Any]] = value_at(plain, UNITS)
    operations = [one for unit in units for one in unit["operations"]]
    return {one["code"] for one in (*units, *operations, *steps_in(plain))}


def _followers(entry: Entry, codes: Mapping[str, str]) -> frozenset[str]:
    return frozenset(codes[one] for one in followers_of(entry.plain) if one in codes)


def _is_structured(plain: Mapping[str, Any]) -> bool:
    """Say whether operations are ordered as wholes (``recipes.rules.ordering``)."""
    return any(
        unit.get("after") is not None
        or any(one.get("after") is not None for one in unit["operations"])
        for unit in value_at(plain, UNITS)
    )


def _joined(edited: Edited) -> Edited:
    """Join an operation with several beginnings or ends to what stands before and behind it.

    A beginning waits for what the first step waits for; the step behind, where it only followed
    the last one, waits for every end.
    """
    operation = value_at(edited.plain, edited.pointer)
    own = {one["code"] for one in operation["steps"]}
    if not operation["steps"]:
        return edited
    outside = [one for one in operation["steps"][0]["after"] if one not in own]
    ends = own - {one for step in operation["steps"] for one in step["after"]}
    for step in operation["steps"][1:]:
        if not step["after"]:
            step["after"] = outside
    last = operation["steps"][-1]["code"]
    in_order = [one["code"] for one in operation["steps"] if one["code"] in ends]
    before = ""
    for step in steps_in(edited.plain):
        if before == last and step["after"] == [last]:
            step["after"] = in_order
        before = step["code"]
    return edited


def _order_siblings(edited: Edited) -> None:
    """Where operations are ordered as wholes, let the next one wait for this new one."""
    operation = value_at(edited.plain, edited.pointer)
    if operation.get("after") is None or not operation["steps"]:
        return
    beside = value_at(edited.plain, parent_of(edited.pointer))
    at = beside.index(operation)
    own = {one["code"] for one in operation["steps"]}
    first = operation["steps"][0]
    first["after"] = [one for one in first["after"] if one in own]
    for one in beside[at + 1 : at + 2]:
        if one.get("after") == operation["after"]:
            one["after"] = [operation["code"]]
