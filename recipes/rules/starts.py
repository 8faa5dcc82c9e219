"""What a new thing looks like: a new recipe, a new step of each kind, a new parameter.

A start is small and can be saved at once. It is made from the dataclasses of the document, so
that a kind of step which is added to them can be started without a word here; ``STARTS`` holds
only what the types cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from typing import Any, get_args, get_origin

from kernel.errors import Invalid
from recipes.rules.document import to_plain
from recipes.rules.editing import Edited, add, free_code, steps_in
from recipes.rules.labels import AUTOLOGOUS_WORDS
from recipes.rules.parsing import step_from
from recipes.rules.shapes import NAMED, PLAIN_NAMES, STEP_CLASSES, Shape, types_of, without_none
from recipes.rules.steps import QUANTITIES, Step

# What the types do not say of a new thing, by the kind of step or the name of its class.
STARTS: Mapping[str, Mapping[str, Any]] = {
    "choice": {
        "options": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}],
        "accepted": ["yes"],
    },
    "instruction": {"instruction": "Read this, and confirm that you did."},
    "timer": {"min_seconds": 60},
    "number": {"decimals": 1},
    "sensor": {"decimals": 1},
    "scan_document": {"document": "SOP-001", "version": "1"},
    "label": {"label": "L1", "copies": 1},
    "line_clearance": {"area": "New area", "checks": ["Nothing of another batch is there"]},
    "sample": {"point": "New sampling point", "quantity": "1"},
    "in_process_control": {"decimals": 1, "test": "New test", "method": "SOP-001"},
    "calculation": {"decimals": 1},
    "weigh": {"unit": "g", "decimals": 2, "tolerance_percent": "1"},
    "Option": {"value": "new", "label": "New option"},
    "Input": {"name": "x", "from": "order.weight_kg", "unit": "kg"},
    "Amount": {"name": "x", "label": "New amount", "unit": "1"},
    "Label": {
        "lines": [AUTOLOGOUS_WORDS],
        "fields": ["product", "storage"],
        "expires_hours": 24,
    },
    "Watch": {"warn_low": "18", "warn_high": "25"},
    "Yield": {"quantity": "1", "unit": "{bags}", "min_percent": "100", "max_percent": "100"},
}
# The code of the first of its class.
FIRST_CODES = {
    "UnitProcedure": "UP0",
    "Operation": "OP0",
    "Label": "L0",
    "Parameter": "P0",
    "Material": "MATERIAL-0",
    "EquipmentClass": "EQUIPMENT-0",
}
# What a step may name: the list it stands in, and what is added where that list is empty.
NEEDED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "parameter": (
        "/formula/parameters",
        {"code": "P1", "label": "New parameter", "unit": "1", "kind": "process"},
    ),
    "material": (
        "/formula/materials",
        {"code": "MATERIAL-1", "name": "New material", "quantity": "1", "unit": "mL"},
    ),
    "equipment": (
        "/equipment_requirements",
        {"code": "EQUIPMENT-1", "name": "New equipment class", "room_class": ""},
    ),
}


def start_of(cls: type[Any], plain: Any) -> dict[str, Any]:
    """Return a new, plain thing of class ``cls`` for the document ``plain``."""
    kind = getattr(cls, "kind", "") if issubclass(cls, Step) else cls.__name__
    made: dict[str, Any] = {"kind": kind} if issubclass(cls, Step) else {}
    types = types_of(cls)
    for field in fields(cls):
        key = PLAIN_NAMES.get(field.name, field.name)
        made[key] = _value_of(cls, field, types[field.name], plain)
    made |= deepcopy(dict(STARTS.get(kind, {})))
    if cls.__name__ in ("SensorStep", "Watch"):
        made["unit"] = QUANTITIES[made["quantity"]]
    return made


def _value_of(cls: type[Any], field: Field[Any], kind: Any, plain: Any) -> Any:
    name, noun = field.name, noun_of(cls)
    if name == "code":
        first = "S00" if issubclass(cls, Step) else FIRST_CODES.get(cls.__name__, "X0")
        return free_code(first, frozenset(_codes(plain)))
    if name in ("title", "label", "name") and field.default is MISSING:
        return f"New {noun}"
    if field.default is not MISSING:
        return to_plain(field.default)
    if field.default_factory is not MISSING:
        return to_plain(field.default_factory())
    return _required(name, without_none(kind), plain)


def _required(name: str, kind: Any, plain: Any) -> Any:
    if get_origin(kind) is tuple:
        return {} if name in NAMED else []
    if kind is bool:
        return False
    if kind is int:
        return 0
    if kind is Decimal:
        return "0"
    if is_dataclass(kind) and isinstance(kind, type):
        return start_of(kind, plain)
    if words := get_args(kind):
        return words[0]
    return _required_text(name, plain)


def _required_text(name: str, plain: Any) -> str:
    if name in NEEDED:
        listed = _to_name(plain, NEEDED[name][0])
        return str(listed[0]["code"] if listed else NEEDED[name][1]["code"])
    if name == "quantity":
        return next(iter(QUANTITIES))
    if name == "step":
        return next((str(one["code"]) for one in steps_in(plain)), "S01")
    return {"unit": "1", "formula": "1", "instruction": "", "room_class": ""}.get(name, "new")


def noun_of(cls: type[Any]) -> str:
    """Return what people call a thing of that class."""
    if issubclass(cls, Step):
        return "step"
    spaced = "".join(f" {one.lower()}" if one.isupper() else one for one in cls.__name__).strip()
    return {"watch": "limit of the environment"}.get(spaced, spaced)


def _codes(plain: Any) -> list[str]:
    found: list[str] = []
    stack = [plain]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            found += [part["code"]] if isinstance(part.get("code"), str) else []
            stack += part.values()
        elif isinstance(part, list):
            stack += part
    return found


def _listed(plain: Any, pointer: str) -> list[Any]:
    found = plain
    for key in pointer.split("/")[1:]:
        found = found.get(key, {})
    return list(found)


def _to_name(plain: Any, pointer: str) -> list[Any]:
    """Return what a new step may name: the patient's own material is scanned as an identity."""
    return [one for one in _listed(plain, pointer) if not one.get("autologous")]


def kinds_to_start() -> tuple[str, ...]:
    """Return the kinds of step that can be started in a recipe."""
    found = []
    for kind, cls in STEP_CLASSES.items():
        try:
            step_from(start_of(cls, {}))
        except Invalid:
            continue
        found.append(kind)
    return tuple(found)


def add_step(plain: dict[str, Any], pointer: str, kind: str, place: int | None = None) -> Edited:
    """Add a new step; what it has to name is added, too, where the recipe has none of it yet.

    Raises:
        Invalid: with code ``unknown_word``, when there is no such kind.
    """
    if kind not in STEP_CLASSES:
        raise Invalid("There is no such kind of step.", pointer="/kind", code="unknown_word")
    step = start_of(STEP_CLASSES[kind], plain)
    whole = plain
    for name, (listed, item) in NEEDED.items():
        if step.get(name) and not _to_name(whole, listed):
            whole = add(whole, listed, dict(item)).plain
    return add(whole, pointer, step, place)


def start_new_item(plain: dict[str, Any], pointer: str, cls: type[Any]) -> dict[str, Any]:
    """Return a new item for the list at ``pointer`` that differs from those it holds."""
    item = start_of(cls, plain)
    if cls.__name__ == "Watch":
        taken = {(one["quantity"], one["place"]) for one in _listed(plain, pointer)}
        free = [(q, p) for p in ("room", "incubator") for q in QUANTITIES if (q, p) not in taken]
        if free:
            item["quantity"], item["place"] = free[0]
            item["unit"] = QUANTITIES[free[0][0]]
    if cls.__name__ == "UnitProcedure":
        item["operations"] = [_operation(plain)]
    return item


def _operation(plain: Any) -> dict[str, Any]:
    code = free_code("OP0", frozenset(_codes(plain)))
    return {"code": code, "title": "New operation", "steps": []}


def new_row(shape: Shape, rows: Sequence[Mapping[str, Any]], plain: Any) -> dict[str, Any]:
    """Return a new row for a list within a form, called unlike those it holds."""
    made = start_of(shape.part, plain) if shape.part else {}
    for key in ("value", "name", "code"):
        taken = {str(one.get(key)) for one in rows}
        if made.get(key) in taken:
            made[key] = free_code(str(made[key]), taken).replace("-", "")
    return made


def with_kind(step: Mapping[str, Any], kind: str, plain: dict[str, Any]) -> dict[str, Any]:
    """Return a step made into another kind; what both kinds know is kept, where it still fits."""
    if kind not in STEP_CLASSES:
        raise Invalid("There is no such kind of step.", pointer="/kind", code="unknown_word")
    made = start_of(STEP_CLASSES[kind], plain)
    shared = {field.name for field in fields(Step)}
    made |= {key: deepcopy(step[key]) for key in shared if key in step}
    for key in made.keys() & step.keys() - shared - {"kind"}:
        trial = {**made, key: deepcopy(step[key])}
        try:
            step_from(trial)
        except Invalid:
            continue
        made = trial
    return made


def new_document(*, code: str, title: str, therapy: str, autologous: bool) -> dict[str, Any]:
    """Return the document that a new recipe starts with: it can be saved, and is not complete."""
    steps = [_step("S01", "confirm", "Clear the line", checks=["Room is empty", "Labels are gone"])]
    packing = []
    if autologous:
        steps.append(
            _step("S02", "scan_identity", "Identify the bag", critical=True, verify=True,
                  target="bag", after=["S01"])
        )  # fmt: skip
        packing.append(
            _step("S03", "scan_identity", "Identify the label", target="label", after=["S02"])
        )
    operations = [{"code": "OP1", "title": "Preparation", "steps": steps}]
    if packing:
        operations.append({"code": "OP2", "title": "Packaging", "steps": packing})
    materials = [{"code": "CELLS", "name": "The patient's cells", "quantity": "1",
                  "unit": "{bags}", "autologous": True}]  # fmt: skip
    return {
        "header": {
            "code": code, "title": title, "therapy": therapy, "autologous": autologous,
            "product": {}, "labels": [],
        },
        "formula": {"parameters": [], "materials": materials if autologous else []},
        "equipment_requirements": [],
        "procedure": {
            "unit_procedures": [{"code": "UP1", "title": "Manufacture", "operations": operations}]
        },
        "other_information": {"precautions": [], "references": []},
        "environment": [],
    }  # fmt: skip


def new_entry(*, code: str, title: str) -> dict[str, Any]:
    """Return the document that a new entry of the library starts with: one operation."""
    steps = [_step("S01", "confirm", "Clear the line", checks=["Room is empty", "Labels are gone"])]
    operation = {"code": "OP1", "title": title, "steps": steps}
    return {
        "header": {"code": code, "title": title, "autologous": False, "product": {}, "labels": []},
        "formula": {"parameters": [], "materials": []},
        "equipment_requirements": [],
        "procedure": {
            "unit_procedures": [{"code": "UP1", "title": "Library", "operations": [operation]}]
        },
        "other_information": {"precautions": [], "references": []},
        "environment": [],
    }


def _step(code: str, kind: str, title: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "kind": kind, "title": title, "instruction": f"{title}.", **more}
