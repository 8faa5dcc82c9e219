"""The parts of a B2MML recipe apart from its procedure: what is taken, and what is left and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import Invalid
from kernel.quantities import decimal_from, text_of, unit_from
from recipes.rules.editing import free_code
from recipes.rules.xml_text import Element

RECIPES = ("MasterRecipe", "ControlRecipe", "ExecutedControlRecipe")
_BULK = {"kg", "g", "mg", "ug", "ng", "L", "mL", "uL"}
# Spellings of units in such files, in capitals, beside those that the house knows.
_UNITS: Mapping[str, str] = {
    "KG": "kg", "G": "g", "MG": "mg", "L": "L", "ML": "mL", "DEGC": "Cel", "C": "Cel", "CEL": "Cel",
    "RPM": "{rpm}", "MIN": "min", "S": "s", "SEC": "s", "H": "h", "HR": "h", "PERCENT": "%",
    "PCT": "%", "KPA": "kPa", "PA": "Pa", "MBAR": "mbar", "PH": "[pH]",
}  # fmt: skip
# Why an element is left, by its name; anything else has no place in a recipe here.
_WHY: Mapping[str, str] = {
    "ApprovalHistory": "a recipe is signed here, by people of this house",
    "Status": "a draft begins its own life",
    "EffectiveDate": "quality decides when a version comes into force",
    "ExpirationDate": "a version is in force until it is superseded or retired",
    "ModificationLog": "what changes is in the ledger from here on",
    "Constraint": "a class of equipment has no conditions of its own here",
    "ScaleReference": "a quantity is scaled by a formula here",
    "Scaled": "a quantity is scaled by a formula here",
    "ActualEquipmentID": "a unit is scanned when the batch is made",
    "EquipmentElement": "equipment is kept apart from recipes",
    "EnumerationSet": "answers stand at the step that asks for them",
    "RecipeBuildingBlock": "it belongs into the library, not into a recipe",
    "OtherInformation": "what people have to know of a phase is its instruction",
    "ObjectType": "the element says by its name what it is",
    "BuildingBlockElementID": "it names an entry of another library",
    "BuildingBlockElementVersion": "it names an entry of another library",
    "CompletionTime": "it was recorded when a batch was made",
    "TimeStamp": "it was recorded when a batch was made",
    "Performer": "it was recorded when a batch was made",
    "InstanceCount": "it was recorded when a batch was made",
    "Events": "it was recorded when a batch was made",
    "Comments": "it was recorded when a batch was made",
    "PersonnelIdentifications": "it was recorded when a batch was made",
}
# The same for what stands in an executed recipe.
_WHY_OF_RUN: Mapping[str, str] = {
    "OtherInformation": "it was recorded when a batch was made",
    "BatchID": "it was recorded when a batch was made",
    "Parameter": "it was recorded when a batch was made",
}
_DEFAULT_WHY = "it has no place in a recipe here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An element that was not taken: its path in the file, its line, and why."""

    path: str
    line: int
    why: str


@dataclass(slots=True)
class Parts:
    """One reading of a file: what is taken, what is left and why, and the codes that are used."""

    recipe: Element
    seen: set[int] = field(default_factory=set)
    why: dict[int, str] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Where a number comes from and its unit, by the id of its parameter in the file.
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    materials: list[dict[str, Any]] = field(default_factory=list)
    equipment: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, element: Element) -> str:
        """Mark an element as taken, and return its text."""
        self.seen.add(id(element))
        return element.text

    def leave(self, element: Element, why: str) -> None:
        """Say why an element is left."""
        self.why[id(element)] = why

    def text(self, element: Element, name: str) -> str:
        """Take the first element of that name that says anything, and return its text."""
        found = next((one for one in element.all(name) if one.text), None)
        return self.take(found) if found is not None else ""

    def code(self, text: str, prefix: str, longest: int = 24, glue: str = "-") -> str:
        """Return a code like ``text`` that no other has; codes begin with a letter."""
        made = re.sub(r"[^A-Za-z0-9]+", glue, text).strip("-_")
        made = made if made[:1].isalpha() else f"{prefix}{made}"
        made = made[:longest].rstrip("-_")
        if made in self.codes:
            made = free_code(f"{made[: longest - 5]}{glue}1", self.codes)
        self.codes.add(made)
        return made

    def equipment_of(self, holder: Element) -> None:
        """Take the classes of equipment that a recipe or an element asks for."""
        for one in holder.all("EquipmentRequirement"):
            said = self.text(one, "ID")
            if not said:
                self.leave(one, "it has no ID")
                continue
            self.take(one)
            name = self.text(one, "Description")
            if said not in self.equipment:
                code = self.code(said, "E", 40)
                made = {"code": code, "name": (name or said)[:120], "room_class": ""}
                self.equipment[said] = made

    def parameter(self, one: Element, label: str = "") -> dict[str, Any] | None:
        """Take a parameter of the formula or of an element; None where it is left."""
        said, kind = (_text(one, name) for name in ("ID", "ParameterType"))
        value = one.first("Value")
        read = self._number(one, value, is_needed=kind != "ProcessOutput")
        if not said or read is None:
            return None
        number, unit = read
        for inner in (one, *one.all("ID")[:1], *one.all("ParameterType")[:1]):
            self.take(inner)
        for name in ("ValueString", "DataInterpretation", "DataType", "UnitOfMeasure"):
            found = value.first(name) if value is not None else None
            if found is not None:
                self.take(found)
        if value is not None:
            self.take(value)
        words = (label + (self.text(one, "Description") or said))[:120]
        if kind == "ProcessInput" and unit in _BULK and number is not None:
            code = self.code(said, "M", 40)
            self.materials.append({"code": code, "name": words, "quantity": number, "unit": unit})
            return self.materials[-1]
        kinds = {"ProcessInput": "input", "ProcessOutput": "output"}
        made: dict[str, Any] = {
            "code": self.code(said, "P", 40, "_"),
            "label": words,
            "unit": unit,
            "kind": kinds.get(kind, "process"),
            "default": number,
        }
        self.parameters[made["code"]] = made
        if number is not None:
            self.sources.setdefault(said, (f"parameter.{made['code']}", unit))
        return made

    def _number(
        self, one: Element, value: Element | None, *, is_needed: bool
    ) -> tuple[str | None, str] | None:
        """Return the number of a parameter and its unit, or leave it with the reason."""
        if value is None:
            self.leave(one, "it has no value and no unit")
            return None
        told = {name: found.text for name in ("ValueString", "DataInterpretation", "UnitOfMeasure")
                if (found := value.first(name)) is not None}  # fmt: skip
        if told.get("DataInterpretation", "Constant") not in ("Constant", ""):
            self.leave(one, "its value is no constant: a formula is written in the designer")
            return None
        try:
            unit = _unit(told.get("UnitOfMeasure", ""))
            said = told.get("ValueString", "")
            number = text_of(decimal_from(said)) if said or is_needed else None
        except Invalid as refusal:
            self.leave(one, f"{refusal.detail.rstrip('.')}: only numbers in known units are kept")
            return None
        return number, unit

    def what_is_left(self, element: Element) -> Iterator[Left]:
        """Yield every element that was not taken, each with the topmost of its kind."""
        is_taken = id(element) in self.seen
        below = any(id(one) in self.seen for one in element.walk())
        if not is_taken and (not below or id(element) in self.why):
            runs = _WHY_OF_RUN if "/Executed" in element.path else {}
            known = {**_WHY, **runs}.get(element.name, _DEFAULT_WHY)
            why = self.why.get(id(element), known)
            yield Left(path=element.path, line=element.line, why=why)
            return
        for one in element.children:
            yield from self.what_is_left(one)


def _text(element: Element, name: str) -> str:
    found = element.first(name)
    return found.text if found is not None else ""


def _unit(text: str) -> str:
    known = _UNITS.get(text.strip().upper())
    return known or (unit_from(text) if text.strip() else "1")
