"""The forms of the designer: the fields of one part of a recipe, as inputs with their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import FieldError
from kernel.quantities import UNITS, unit_label
from recipes.rules import form_words
from recipes.rules.document import ORDER_VALUES, Header
from recipes.rules.editing import steps_in
from recipes.rules.outline import title_of
from recipes.rules.shapes import (
    NOTHING,
    Place,
    Shape,
    place_at,
    rows_of,
    shapes_of,
    stands_apart,
    types_of,
)
from recipes.rules.steps import QUANTITIES, Step

# What the recipe itself fixes: shown, and sent back as it is.
FIXED = {"code", "therapy", "autologous"}
_MOST_TICKS = 80

Choices = tuple[tuple[str, str], ...]


@dataclass(slots=True, kw_only=True)
class Input:
    """One input of the form; ``pointer`` is absolute, ``name`` stands within the form."""

    pointer: str
    name: str
    kind: str
    label: str
    help: str = ""
    value: Any = ""
    choices: Choices = ()
    parts: list[Input] = field(default_factory=list)
    rows: list[list[Input]] = field(default_factory=list)
    error: str = ""
    is_required: bool = False
    size: str = ""

    @property
    def id(self) -> str:
        """The id of the input on the page."""
        return "f" + self.name.replace("/", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the document offers to a field: codes to name, and what is wrong where."""

    plain: Mapping[str, Any]
    faults: Mapping[str, str]

    def choices(self, name: str, shape: Shape) -> Choices:
        """Return what a field may name; nothing when it takes any text."""
        formula = self.plain["formula"]
        match name:
            case "parameter":
                return _coded(formula["parameters"])
            case "material":
                return _coded(formula["materials"])
            case "equipment":
                return _coded(self.plain["equipment_requirements"])
            case "step" | "expires_from":
                return _coded(steps_in(self.plain))
            case "unit":
                return tuple((code, unit_label(code) or "a plain number") for code in UNITS)
            case "quantity" if shape.entry == "text":
                return tuple((one, one.replace("_", " ")) for one in QUANTITIES)
            case "from":
                return self.sources()
            case _:
                return ()

    def sources(self) -> Choices:
        """Return what an input of a calculation may be taken from."""
        orders = ((f"order.{one}", f"the order: {one}") for one in ORDER_VALUES)
        numbers = [one for one in steps_in(self.plain) if one.get("unit")]
        named = (
            (f"parameter.{one['code']}", f"{one['label']} (parameter)")
            for one in self.plain["formula"]["parameters"]
            if one.get("default") is not None or one.get("formula")
        )
        return (*orders, *_coded(numbers), *named)


def _coded(items: Any) -> Choices:
    return tuple((str(one["code"]), f"{one['code']} · {title_of(one)}") for one in items)


def faults_by_pointer(faults: Sequence[FieldError]) -> dict[str, str]:
    """Return the sentences of refusals by the pointer they speak of."""
    found: dict[str, str] = {}
    for one in faults:
        found[one.pointer] = " ".join(filter(None, (found.get(one.pointer), one.detail)))
    return found


def inputs_of(place: Place, around: Surroundings, shown: Any = None) -> list[Input]:
    """Return the inputs of one part of a recipe, in the order people read them.

    Args:
        shown: the plain part to show instead of the stored one: what was typed and refused.
    """
    plain = place.plain if shown is None else shown
    made = [
        _input(place.cls, one, (plain or {}).get(one.name), place.pointer, "", around)
        for one in shapes_of(place.cls)
        if not stands_apart(place.cls, one) and one.entry != "kept"
    ]
    return sorted(made, key=_reading_order) if issubclass(place.cls, Step) else made


def _reading_order(one: Input) -> int:
    name = one.name.strip("/")
    if name in form_words.FIRST:
        return -1
    if name == "instruction":
        return 0
    return 2 + form_words.LAST.index(name) if name in form_words.LAST else 1


def _input(
    cls: type[Any], shape: Shape, value: Any, at: str, inside: str, around: Surroundings
) -> Input:
    owner, name = cls.__name__, f"{inside}/{shape.name}"
    made = Input(
        pointer=f"{at}/{shape.name}",
        name=name,
        kind=shape.entry,
        label=form_words.label_of(owner, shape.name),
        help=form_words.help_of(owner, shape.name),
        value=_shown(shape, value),
        is_required=shape.is_required and shape.entry not in ("flag", "parts", "texts"),
        size=_size(cls, shape),
        error=around.faults.get(f"{at}/{shape.name}", ""),
    )
    if cls is Header and shape.name in FIXED:
        made.kind, made.value = "fixed", value
    elif shape.entry == "text":
        _as_text(made, shape, value, around)
    elif shape.entry in ("word", "words"):
        made.choices = tuple((one, one.replace("_", " ")) for one in shape.words)
    elif shape.entry == "texts":
        _as_texts(made, shape, value, around)
    elif shape.entry == "part" and shape.part:
        part = shape.part
        made.parts = [
            _input(part, one, (value or {}).get(one.name), made.pointer, name, around)
            for one in shapes_of(part)
            if one.entry != "kept"
        ]
    elif shape.entry == "parts" and shape.part:
        _as_rows(made, shape, value, around)
    return made


def _size(cls: type[Any], shape: Shape) -> str:
    """Return the class that says how wide the input is."""
    if shape.name in ("code", "title") and "title" in types_of(cls):
        return f"field-{shape.name}"
    if shape.name in form_words.HALF:
        return "field-half"
    is_short = shape.name in form_words.SHORT and shape.entry in ("text", "whole", "number", "word")
    return "field-short" if is_short else ""


def _shown(shape: Shape, value: Any) -> Any:
    if shape.entry in ("flag", "words", "texts", "part", "parts"):
        return value
    return "" if value is None else value


def _as_text(made: Input, shape: Shape, value: Any, around: Surroundings) -> None:
    made.choices = around.choices(shape.name, shape)
    if made.choices:
        made.kind = "word"
        known = {one for one, _ in made.choices}
        if not shape.is_required:
            made.choices = (("", "—"), *made.choices)
        if value and value not in known:
            made.choices = (*made.choices, (value, f"{value} (not in the recipe)"))
    elif shape.name in form_words.LONG:
        made.kind = "formula" if shape.name == "formula" else "long"


def _as_texts(made: Input, shape: Shape, value: Any, around: Surroundings) -> None:
    steps = list(steps_in(around.plain))
    if shape.name != "after" or len(steps) > _MOST_TICKS:
        made.value = "\n".join(value or ())
        return
    own = made.pointer.removesuffix("/after")
    if shape.is_open:
        _as_siblings(made, value, own, around)
        return
    made.kind, made.value = "ticks", value or []
    offered = [one for place, one in _placed(around.plain) if place != own]
    known = {one["code"] for one in offered}
    lost = tuple((one, f"{one} (not in the recipe)") for one in made.value if one not in known)
    made.choices = (*_coded(offered), *lost)


def _as_siblings(made: Input, value: Any, own: str, around: Surroundings) -> None:
    """Offer what stands beside a unit procedure or operation, and that it begins at once."""
    holder, _, _ = own.rpartition("/")
    beside = place_at(around.plain, holder).plain
    code = place_at(around.plain, own).plain["code"]
    made.kind, made.value = "ticks", [NOTHING] if value == [] else value or []
    made.choices = (
        (NOTHING, "nothing: it begins at once"),
        *_coded([one for one in beside if one["code"] != code]),
    )


def _placed(plain: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (f"/procedure/unit_procedures/{u}/operations/{o}/steps/{s}", step)
        for u, unit in enumerate(plain["procedure"]["unit_procedures"])
        for o, operation in enumerate(unit["operations"])
        for s, step in enumerate(operation["steps"])
    ]


def _as_rows(made: Input, shape: Shape, value: Any, around: Surroundings) -> None:
    assert shape.part is not None, "rows are made of parts"
    for place, row in enumerate(rows_of(shape, value)):
        # Where the document keeps a mapping, a fault names the key, not the place.
        at = f"{made.pointer}/{row.get('name', place) if isinstance(value, dict) else place}"
        made.rows.append(
            [
                _input(shape.part, one, row.get(one.name), at, f"{made.name}/{place}", around)
                for one in shapes_of(shape.part)
                if one.entry not in ("kept", "parts")
            ]
        )


def every_input(inputs: Sequence[Input]) -> list[Input]:
    """Return the inputs with those inside them."""
    found = []
    for one in inputs:
        found += [one, *every_input(one.parts)]
        for row in one.rows:
            found += every_input(row)
    return found
