"""The procedure of a B2MML recipe: its elements as unit procedures, operations and steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kernel.errors import Invalid
from kernel.quantities import unit_label
from recipes.rules.b2mml_logic import Logic, in_order, read_logic
from recipes.rules.b2mml_parts import Parts
from recipes.rules.xml_text import Element

ELEMENTS = ("RecipeElement", "RuntimeRecipeElement")


Read = Callable[[Element], dict[str, Any]]


class Procedure:
    """Reads the procedure of the recipe of ``parts``."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def unit_procedures(self) -> list[dict[str, Any]]:
        """Return the procedure; a level that the file leaves out is put in."""
        top = _elements(self.parts.recipe)
        chart = self.parts.recipe
        procedures = [one for one in top if _type(one) == "Procedure"]
        if procedures:
            chart = procedures[0]
            self._element(chart)
            for one in procedures[1:]:
                self.parts.leave(one, "a recipe has one procedure")
            top = _elements(chart)
        if {_type(one) for one in top} & {"Operation", "Phase"}:
            made = self._put_in("UP1", "Procedure")
            made["operations"] = self._operations(chart, top)
            units = [made]
        else:
            units = self._row(chart, top, ("UnitProcedure", "UnitRecipe"), self._unit_procedure)
        if not any(one["steps"] for unit in units for one in unit["operations"]):
            raise Invalid(
                f"{self.parts.recipe.path} has no phase: there is no procedure to take.",
                pointer="/file",
                code="no_recipe",
            )
        return [
            {**unit, "operations": [one for one in unit["operations"] if one["steps"]]}
            for unit in units
            if any(one["steps"] for one in unit["operations"])
        ]

    def _put_in(self, code: str, title: str) -> dict[str, Any]:
        return {"code": self.parts.code(code, "U"), "title": title, "after": []}

    def _unit_procedure(self, element: Element) -> dict[str, Any]:
        made = self._element(element)
        return {**made, "operations": self._operations(element, _elements(element))}

    def _operations(self, holder: Element, inner: list[Element]) -> list[dict[str, Any]]:
        if any(_type(one) == "Phase" for one in inner):
            made = self._put_in("OP1", "Operation")
            return [{**made, "steps": self._steps(holder, inner)}]
        return self._row(holder, inner, ("Operation",), self._operation)

    def _operation(self, element: Element) -> dict[str, Any]:
        made = self._element(element)
        return {**made, "steps": self._steps(element, _elements(element))}

    def _element(self, element: Element) -> dict[str, Any]:
        """Take an element itself: its code, its title, and its equipment and parameters."""
        self.parts.take(element)
        self.parts.text(element, "RecipeElementType")
        said = self.parts.text(element, "ID").rpartition("|")[2]
        title = self.parts.text(element, "Description") or said
        self.parts.equipment_of(element)
        for one in element.all("Parameter"):
            self.parts.parameter(one, f"{title}: ")
        return {"code": self.parts.code(said, "E"), "title": title[:120] or "Imported"}

    def _row(
        self, holder: Element, inner: list[Element], types: tuple[str, ...], read: Read
    ) -> list[dict[str, Any]]:
        """Return the elements of a level in their order, each with what it comes after."""
        found = {_id(one): one for one in self._unrepeated(inner, types)}
        chart = holder.first("ProcedureLogic")
        logic = (
            read_logic(chart, set(found), self.parts.take, self.parts.leave) if chart else Logic()
        )
        made = {said: read(found[said]) for said in in_order(list(found), logic)}
        before: list[str] = []
        for said, one in made.items():
            ahead = logic.after.get(said) if chart else None
            one["after"] = before if ahead is None else [str(made[name]["code"]) for name in ahead]
            if condition := self._condition(said, logic):
                one["when"] = condition
            before = [str(one["code"])]
        return list(made.values())

    def _unrepeated(self, inner: list[Element], types: tuple[str, ...]) -> Iterator[Element]:
        """Yield elements of these types; another run of one, a begin or an end is none."""
        seen: set[str] = set()
        for one in inner:
            # Only in what was carried out is A[2] the second run of A.
            is_run = one.name == "RuntimeRecipeElement"
            said = re.sub(r"\[\d+\]$", "", _id(one)) if is_run else _id(one)
            if _type(one) in ("Begin", "End"):
                for each in one.walk():
                    self.parts.take(each)
            elif _type(one) not in types:
                self.parts.leave(one, f"a {_type(one) or 'nameless element'} does not stand there")
            elif not said or said in seen:
                self.parts.leave(one, f"it is another run of {said}" if said else "it has no ID")
            else:
                seen.add(said)
                yield one

    def _steps(self, holder: Element, inner: list[Element]) -> list[dict[str, Any]]:
        """Return the steps of an operation: each phase, and a number for each of its outputs."""
        rows = self._row(holder, inner, ("Phase",), self._phase)
        last = {one["code"]: one["numbers"][-1]["code"] for one in rows if one["numbers"]}
        steps: list[dict[str, Any]] = []
        for row in rows:
            numbers = row.pop("numbers")
            row["after"] = [last.get(one, one) for one in row["after"]]
            before = row["code"]
            steps.append(row)
            for one in numbers:
                steps.append({**one, "after": [before], **_only_where(row)})
                before = one["code"]
        return steps

    def _phase(self, element: Element) -> dict[str, Any]:
        """Take a phase: something to confirm, with its set points, and what it gives."""
        self.parts.take(element)
        self.parts.text(element, "RecipeElementType")
        said = self.parts.text(element, "ID").rpartition("|")[2]
        words = self.parts.text(element, "Description")
        title = (words or said or "Imported")[:120]
        code = self.parts.code(said, "S")
        self.parts.equipment_of(element)
        points, numbers = [], []
        for one in element.all("Parameter"):
            made = self.parts.parameter(one, f"{title}: ")
            if made is None:
                continue
            if made.get("kind") != "output":
                amount = made.get("quantity") or made.get("default")
                point = f"{_own_words(made, title)}: {amount} {unit_label(made['unit'])}"
                points.append(point.strip())
                continue
            number = self._number_step(made, title)
            numbers.append(number)
            self.parts.sources[_id(one)] = (number["code"], made["unit"])
        instruction = " ".join(f"{one.rstrip('.')}." for one in (words or title, *points))[:2000]
        return {"code": code, "kind": "confirm", "title": title, "instruction": instruction,
                "numbers": numbers}  # fmt: skip

    def _number_step(self, parameter: Mapping[str, Any], title: str) -> dict[str, Any]:
        label = _own_words(parameter, title)
        return {
            "code": self.parts.code(f"{parameter['code']}-value", "S"),
            "kind": "number",
            "title": label[:120],
            "instruction": f"Enter {label}.",
            "parameter": parameter["code"],
            "unit": parameter["unit"],
            "decimals": 1,
        }

    def _condition(self, said: str, logic: Logic) -> dict[str, Any] | None:
        """Return the condition of a branch, where its parameter is a number of the draft."""
        if said not in logic.when:
            return None
        element, found = logic.when[said]
        if found.name not in self.parts.sources:
            self.parts.leave(element, f"{found.name} is no number of this recipe")
            return None
        self.parts.take(element)
        source, unit = self.parts.sources[found.name]
        return {
            "formula": f"x {found.operator} {found.number}",
            "inputs": {"x": {"from": source, "unit": unit}},
        }


def _only_where(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"when": row["when"]} if row.get("when") else {}


def _own_words(made: Mapping[str, Any], title: str) -> str:
    return str(made.get("label") or made.get("name")).removeprefix(f"{title}: ")


def _elements(holder: Element) -> list[Element]:
    return [one for one in holder.children if one.name in ELEMENTS]


def _type(element: Element) -> str:
    found = element.first("RecipeElementType")
    return found.text if found is not None else ""


def _id(element: Element) -> str:
    found = element.first("ID")
    return found.text if found is not None else ""
