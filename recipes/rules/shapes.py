"""The shape of a document as its dataclasses tell it: what stands where, and how it is entered.

The forms of the designer are made from here, so that a field which is added to a dataclass, or a
new kind of step, is on the screen without a line of screen code. What cannot be entered in a form
(a union of several classes) is kept as it is.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, Literal, Protocol, Union, get_args, get_origin, get_type_hints

from kernel.errors import Invalid
from recipes.rules.document import Document, Operation, Origin, UnitProcedure
from recipes.rules.editing import tokens_of
from recipes.rules.steps import Step

Entry = Literal[
    "text", "flag", "whole", "number", "word", "words", "texts", "part", "parts", "kept"
]
# Lists that a document keeps as a mapping, by the field that gives the name of each part.
NAMED: Mapping[str, str] = {"inputs": "name"}
# Fields whose name in the document is a word that Python keeps for itself.
PLAIN_NAMES: Mapping[str, str] = {"source": "from"}
MOST_ROWS = 200
# What is ticked where a list is meant to be empty, and not left out.
NOTHING = "-"


def _kinds(cls: type[Step]) -> Iterator[tuple[str, type[Step]]]:
    for inner in cls.__subclasses__():
        if inner.kind:
            yield inner.kind, inner
        yield from _kinds(inner)


STEP_CLASSES: Mapping[str, type[Step]] = dict(_kinds(Step))


class Posted(Protocol):
    """What a form sends: one text, or several, by name."""

    def get(self, name: str, default: str, /) -> Any:
        """Return the last text of that name."""

    def getlist(self, name: str) -> Sequence[Any]:
        """Return every text of that name."""

    def __contains__(self, name: object, /) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One field: its name in the document, how it is entered, and what it is made of."""

    name: str
    entry: Entry
    is_required: bool
    words: tuple[str, ...] = ()
    part: type[Any] | None = None
    # A list that may be none at all, which is something else than an empty one.
    is_open: bool = False


_TYPES: dict[type[Any], dict[str, Any]] = {}
_SHAPES: dict[type[Any], tuple[Shape, ...]] = {}


def types_of(cls: type[Any]) -> dict[str, Any]:
    """Return the types of the fields of a dataclass; read once."""
    if cls not in _TYPES:
        _TYPES[cls] = get_type_hints(cls)
    return _TYPES[cls]


def without_none(kind: Any) -> Any:
    """Return ``X`` for ``X | None``."""
    if get_origin(kind) in (Union, types.UnionType):
        left = [one for one in get_args(kind) if one is not type(None)]
        return left[0] if len(left) == 1 else kind
    return kind


def shapes_of(cls: type[Any]) -> tuple[Shape, ...]:
    """Return the shape of every field of a dataclass, in its order; read once."""
    if cls not in _SHAPES:
        hints = types_of(cls)
        _SHAPES[cls] = tuple(
            _shape(
                PLAIN_NAMES.get(field.name, field.name),
                hints[field.name],
                field.default is MISSING and field.default_factory is MISSING,
            )
            for field in fields(cls)
        )
    return _SHAPES[cls]


def _shape(name: str, kind: Any, is_required: bool) -> Shape:
    inner = without_none(kind)
    plain: dict[Any, Entry] = {str: "text", bool: "flag", int: "whole", Decimal: "number"}
    if isinstance(inner, type) and inner in plain:
        return Shape(name=name, entry=plain[inner], is_required=is_required)
    if get_origin(inner) is Literal:
        words = tuple(str(one) for one in get_args(inner))
        return Shape(name=name, entry="word", is_required=is_required, words=words)
    if inner is Origin:  # where a part comes from is not typed in
        return Shape(name=name, entry="kept", is_required=is_required)
    if isinstance(inner, type) and is_dataclass(inner):
        return Shape(name=name, entry="part", is_required=is_required, part=inner)
    if get_origin(inner) is tuple and len(get_args(inner)) == 2:
        return replace(
            _list_shape(name, get_args(inner)[0], is_required), is_open=inner is not kind
        )
    return Shape(name=name, entry="kept", is_required=is_required)


def _list_shape(name: str, item: Any, is_required: bool) -> Shape:
    if item is str:
        return Shape(name=name, entry="texts", is_required=is_required)
    if get_origin(item) is Literal:
        words = tuple(str(one) for one in get_args(item))
        return Shape(name=name, entry="words", is_required=is_required, words=words)
    if isinstance(item, type) and is_dataclass(item):
        return Shape(name=name, entry="parts", is_required=is_required, part=item)
    return Shape(name=name, entry="kept", is_required=is_required)


def is_branch(shape: Shape) -> bool:
    """Say whether a field is a list of the outline, rather than rows of a form."""
    if shape.entry != "parts" or shape.part is None:
        return False
    return shape.part is Step or "code" in types_of(shape.part) or shape.name == "stages"


def holds_parts(cls: type[Any]) -> bool:
    """Say whether the parts of such a thing stand in the outline, not in its form."""
    return cls is Document or (
        any(is_branch(one) for one in shapes_of(cls)) and not issubclass(cls, Step)
    )


def stands_apart(cls: type[Any], shape: Shape) -> bool:
    """Say whether a field of ``cls`` has a place of its own in the outline."""
    if cls is Document:
        return True
    if not holds_parts(cls):
        return False
    is_nested = shape.entry == "part" and cls not in (UnitProcedure, Operation)
    return is_branch(shape) or is_nested


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What stands at a pointer: a thing of a class, or a list of such things."""

    pointer: str
    cls: type[Any]
    is_list: bool
    plain: Any
    is_optional: bool = False


def place_at(document: Any, pointer: str) -> Place:
    """Return what stands at ``pointer``, of the places that the outline can show.

    Raises:
        Invalid: with code ``no_such_place``.
    """
    place = Place(pointer="", cls=Document, is_list=False, plain=document)
    for token in tokens_of(pointer):
        place = _below(place, token)
    return place


def _below(place: Place, token: str) -> Place:
    at = f"{place.pointer}/{token}"
    if place.is_list:
        if not (token.isascii() and token.isdigit() and int(token) < len(place.plain)):
            raise _nowhere(at)
        item = place.plain[int(token)]
        cls = STEP_CLASSES.get(item.get("kind"), Step) if place.cls is Step else place.cls
        return Place(pointer=at, cls=cls, is_list=False, plain=item)
    shape = next((one for one in shapes_of(place.cls) if one.name == token), None)
    if shape is None or shape.part is None or not stands_apart(place.cls, shape):
        raise _nowhere(at)
    is_list = shape.entry == "parts"
    value = place.plain.get(token)
    empty: Any = [] if is_list else None
    return Place(
        pointer=at, cls=shape.part, is_list=is_list, plain=empty if value is None else value,
        is_optional=shape.entry == "part" and not shape.is_required,
    )  # fmt: skip


def _nowhere(pointer: str) -> Invalid:
    return Invalid(
        "There is no such place in the recipe any more.",
        pointer=pointer[:200],
        code="no_such_place",
    )


def nearest_place(document: Any, pointer: str) -> Place:
    """Return the place that holds ``pointer``, or the nearest there is above it."""
    while pointer:
        try:
            return place_at(document, pointer)
        except Invalid:
            pointer = pointer.rpartition("/")[0]
    return place_at(document, "/header")


def plain_from(cls: type[Any], posted: Posted, before: Any, at: str = "") -> Any:
    """Return the plain thing that a form describes; what the form does not hold stays as it was.

    Args:
        at: the pointer, within the form, of the thing.
    """
    known: dict[str, Any] = dict(before) if isinstance(before, dict) else {}
    for shape in shapes_of(cls):
        if stands_apart(cls, shape) or shape.entry == "kept":
            continue
        known[shape.name] = _entered(shape, posted, known.get(shape.name), f"{at}/{shape.name}")
    return known


def _entered(shape: Shape, posted: Posted, before: Any, at: str) -> Any:
    text = str(posted.get(at, "")).replace("\r\n", "\n").strip()
    match shape.entry:
        case "flag":
            return at in posted
        case "whole":
            return (
                int(text) if text.isascii() and text.isdigit() and len(text) < 15 else text or None
            )
        case "number":
            return text or None
        case "words":
            return [str(one) for one in posted.getlist(at)]
        case "texts":
            if f"{at}/ticks" in posted:
                ticked = [str(one) for one in posted.getlist(at)]
                if NOTHING in ticked:
                    return []
                return None if shape.is_open and not ticked else ticked
            return [one.strip() for one in text.split("\n") if one.strip()]
        case "part" if shape.part is not None:
            made = plain_from(shape.part, posted, before, at)
            return None if is_blank(shape.part, made) and not shape.is_required else made
        case "parts" if shape.part is not None:
            return _rows(shape, posted, before, at)
        case _:
            return text or None if text == "" and before is None else text


def is_blank(cls: type[Any], plain: Any) -> bool:
    """Say whether nothing is entered in any field of a part, ticks aside."""
    return not any(
        plain.get(one.name) for one in shapes_of(cls) if one.entry not in ("flag", "kept")
    )


def _rows(shape: Shape, posted: Posted, before: Any, at: str) -> Any:
    count = str(posted.get(f"{at}/rows", "0"))
    number = min(int(count), MOST_ROWS) if count.isascii() and count.isdigit() else 0
    old = rows_of(shape, before)
    made = [
        plain_from(shape.part, posted, old[one] if one < len(old) else {}, f"{at}/{one}")
        for one in range(number)
        if shape.part is not None
    ]
    name = NAMED.get(shape.name)
    if name is None:
        return made
    return {
        str(one[name] or ""): {key: value for key, value in one.items() if key != name}
        for one in made
    }


def rows_of(shape: Shape, plain: Any) -> list[dict[str, Any]]:
    """Return the parts of a list, each with its name where the document keeps it as a key."""
    name = NAMED.get(shape.name)
    if name is not None and isinstance(plain, dict):
        return [{name: key, **value} for key, value in sorted(plain.items())]
    return list(plain or ())
