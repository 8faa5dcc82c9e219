"""The library: one operation that many recipes use, inserted as a copy that knows its origin.

An entry is a document like any other, for no therapy: its one operation, and the parameters,
materials and equipment classes that the operation names. What is inserted is a copy, so a recipe
stays what it was when the library moves on. ``reading_of`` tells whether a copy is still what was
inserted, whatever its codes are there; ``recipes.rules.insertion`` makes the copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import FieldError, Invalid
from recipes.rules.editing import value_at
from recipes.rules.starts import NEEDED

ONLY_OPERATION = "/procedure/unit_procedures/0/operations/0"
UNITS = "/procedure/unit_procedures"
# Fields that hold words, or codes of their own: a text in them never names a step.
PROSE = {"code", "title", "kind", "instruction", "label", "name", "unit", "value", "formula",
          "pattern", "checks", "accepted"}  # fmt: skip
# What an entry may say besides its one operation.
_PARTS = {"header", "formula", "equipment_requirements", "procedure", "other_information"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of the library: ``name`` is CODE/3, ``digest`` that of its document."""

    name: str
    digest: str
    plain: Mapping[str, Any]

    @property
    def operation(self) -> dict[str, Any]:
        """The operation that is inserted."""
        found: dict[str, Any] = value_at(self.plain, ONLY_OPERATION)
        return found


def refuse_no_entry(plain: Mapping[str, Any]) -> None:
    """Refuse a document that is no entry of the library.

    Raises:
        Invalid: it holds more or less than one operation, or one that was inserted itself.
    """
    units = plain["procedure"]["unit_procedures"]
    if [len(one["operations"]) for one in units] != [1]:
        raise Invalid(
            "An entry of the library is one operation; a recipe names its therapy.",
            pointer="/procedure",
            code="not_one_operation",
        )
    if value_at(plain, ONLY_OPERATION).get("library"):
        raise Invalid(
            "An entry of the library is written here, not inserted from another entry.",
            pointer=f"{ONLY_OPERATION}/library",
            code="nested",
        )
    more = sorted(key for key, value in plain.items() if value and key not in _PARTS)
    if more:
        raise Invalid(
            "The environment and the design space belong to the recipe, not to the library.",
            pointer=f"/{more[0]}",
            code="not_of_an_operation",
        )


@dataclass(slots=True)
class _Reading:
    """An operation read apart from its codes; ``names`` are what it names, in order."""

    places: Mapping[str, str]
    names: dict[str, str] = field(default_factory=dict)

    def token(self, name: str) -> str:
        return self.names.setdefault(name, f"outside {len(self.names)}")

    def read(self, part: Any, key: str = "") -> Any:
        """Return a part with every code in it replaced by what it stands for; empty ones left out.

        Parts are read in the order of their names, for a database keeps no other.
        """
        match part:
            case dict():
                inner = {one: self.read(part[one], one) for one in sorted(part) if part[one]}
                return {one: value for one, value in inner.items() if value not in ("", [], {})}
            case list():
                return [self.read(one, key) for one in part]
            case str() if key in NEEDED:
                return self.token(f"{key}.{part}")
            case str() if key == "from" and part not in self.places:
                return part if part.startswith("order.") else self.token(part)
            case str() if key not in PROSE:
                return self.places.get(part, part)
            case _:
                return part


def read(operation: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Return what an operation says, and the names of what it names, in the order of its steps."""
    steps = operation["steps"]
    reading = _Reading({one["code"]: f"step {at}" for at, one in enumerate(steps)})
    read = []
    for step in steps:
        after = step.get("after") or []
        inner = [one for one in after if one in reading.places]
        # What the first steps wait for is outside: it is where the operation stands.
        waits = [reading.places.get(one, "outside") for one in after] if inner else []
        read.append({**reading.read({**step, "code": "", "after": []}), "after": waits})
    whole = {
        "title": operation["title"],
        "when": reading.read(operation.get("when") or {}),
        "repeat": reading.read(operation.get("repeat") or {}),
        "steps": read,
    }
    return whole, list(reading.names)


def reading_of(operation: Mapping[str, Any]) -> Any:
    """Return what an operation says, apart from its codes and from where it stands."""
    return read(operation)[0]


def origins_in(plain: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation that comes from the library, with its pointer."""
    for u, unit in enumerate(plain.get("procedure", {}).get("unit_procedures", ())):
        for o, operation in enumerate(unit.get("operations", ())):
            if operation.get("library"):
                yield f"{UNITS}/{u}/operations/{o}", operation


def wrong_origins(
    plain: Mapping[str, Any], known: Mapping[str, Entry]
) -> tuple[list[FieldError], list[FieldError]]:
    """Return what keeps a recipe from approval, and what is only worth a question.

    Args:
        known: the approved versions of the library that it names.

    Returns:
        First every origin that is not so; then every operation that was changed after it was
        inserted.
    """
    wrong, changed = [], []
    for pointer, operation in origins_in(plain):
        origin, code = operation["library"], operation["code"]
        entry = known.get(origin["version"])
        if entry is None or entry.digest != origin["digest"]:
            detail = f"Operation {code} says that it comes from {origin['version']}, which the"
            wrong.append(
                FieldError(
                    pointer=f"{pointer}/library",
                    code="unknown_origin",
                    detail=f"{detail} library has not, or not as it was.",
                )
            )
        elif reading_of(operation) != reading_of(entry.operation):
            changed.append(
                FieldError(
                    pointer=pointer,
                    code="changed_after_insertion",
                    detail=f"Operation {code} was changed after it was inserted from"
                    f" {origin['version']}.",
                )
            )
    return wrong, changed
