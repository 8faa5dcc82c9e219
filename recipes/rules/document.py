"""The document of a master batch record: the five parts of an ISA-88 recipe, and what to watch.

The names of the fields are the names in the document, so that whoever writes a recipe, reads its
JSON or reads this file meets one vocabulary. ``recipes.rules.parsing`` makes these objects and is
the only place that judges their form; ``recipes.rules.completeness`` judges their content. The
steps of the procedure are in ``recipes.rules.steps``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, Literal

from kernel.quantities import text_of
from recipes.rules.designspace import Region
from recipes.rules.labels import Label
from recipes.rules.steps import CalculationStep, Place, Step
from recipes.rules.structure import Condition, Input, Repeat

ParameterKind = Literal["process", "input", "output"]

PARAMETER_KINDS: tuple[ParameterKind, ...] = ("process", "input", "output")
# What a calculation may take from the patient's order, and the unit it comes in.
ORDER_VALUES = {"weight_kg": "kg", "height_cm": "cm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is made (21 CFR 211.186(b)(1) and (2))."""

    name: str = ""
    strength: str = ""
    dosage_form: str = ""
    active_ingredient: str = ""
    active_quantity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """The theoretical yield and the percentages beyond which it is investigated (…(b)(7))."""

    quantity: Decimal
    unit: str
    min_percent: Decimal
    max_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Part one: what the recipe is, and what it makes; without a therapy, it is a library entry."""

    code: str
    title: str
    therapy: str = ""
    autologous: bool
    product: Product
    batch_size: str = ""
    theoretical_yield: Yield | None = None
    container_closure: str = ""
    labels: tuple[Label, ...] = ()
    storage: str = ""
    retention_years: int | None = None
    # The oldest version whose training is good for this one; the version itself when left out.
    training_since: int | None = None
    # It holds living human cells: its labels say more.
    cells: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number of the formula: given, or computed from the others and the patient's order."""

    code: str
    label: str
    unit: str
    kind: ParameterKind
    default: Decimal | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    formula: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A line of the bill of materials (…(b)(3) and (4))."""

    code: str
    name: str
    quantity: Decimal
    unit: str
    grade: str = ""
    active: bool = False
    autologous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The quantity expected, without loss, at one step (…(b)(6)).

    What is found there is its yield, in percent of this quantity; beyond its own percentages it is
    investigated, and beyond those of the header where it is the theoretical yield itself.
    """

    step: str
    label: str
    quantity: Decimal
    unit: str
    min_percent: Decimal | None = None
    max_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Part two: parameters, bill of materials, excess, and what is expected at each stage."""

    parameters: tuple[Parameter, ...] = ()
    materials: tuple[Material, ...] = ()
    excess: str = ""
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentClass:
    """Part three, one line: a class of equipment, and the room class it stands in."""

    code: str
    name: str
    room_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The version of the library that an operation was inserted from, and its document's digest."""

    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation: steps that belong together.

    ``after`` names the operations of the same unit procedure that must be over before; None says
    that its steps alone say what they wait for. ``when`` is the condition on which it is carried
    out at all, ``repeat`` what it is carried out again for, ``library`` where it comes from.
    """

    code: str
    title: str
    steps: tuple[Step, ...]
    after: tuple[str, ...] | None = None
    when: Condition | None = None
    repeat: Repeat | None = None
    library: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitProcedure:
    """A unit procedure: operations on one unit; ``after`` and ``when`` as of an operation."""

    code: str
    title: str
    operations: tuple[Operation, ...]
    after: tuple[str, ...] | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """Part four: procedure > unit procedure > operation > phase."""

    unit_procedures: tuple[UnitProcedure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInformation:
    """Part five: precautions, and the sources behind the recipe."""

    precautions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A quantity of the environment, and the limits within which it must stay."""

    quantity: str
    place: Place
    unit: str
    critical_low: Decimal | None = None
    warn_low: Decimal | None = None
    warn_high: Decimal | None = None
    critical_high: Decimal | None = None
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A step and where it stands in the procedure; ``ordinal`` counts from one."""

    ordinal: int
    unit_procedure: UnitProcedure
    operation: Operation
    step: Step
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole master batch record."""

    header: Header
    formula: Formula
    equipment_requirements: tuple[EquipmentClass, ...]
    procedure: Procedure
    other_information: OtherInformation
    environment: tuple[Watch, ...] = ()
    design_space: tuple[Region, ...] = ()

    def placed_steps(self) -> Iterator[Placed]:
        """Yield every step in the order of the procedure, with its place and JSON pointer."""
        ordinal = 0
        for u, unit_procedure in enumerate(self.procedure.unit_procedures):
            for o, operation in enumerate(unit_procedure.operations):
                for s, step in enumerate(operation.steps):
                    ordinal += 1
                    yield Placed(
                        ordinal=ordinal,
                        unit_procedure=unit_procedure,
                        operation=operation,
                        step=step,
                        pointer=f"/procedure/unit_procedures/{u}/operations/{o}/steps/{s}",
                    )

    @property
    def is_library(self) -> bool:
        """Say whether this is an entry of the library: one operation, for no therapy."""
        return not self.header.therapy

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the procedure."""
        return tuple(placed.step for placed in self.placed_steps())

    def parameter(self, code: str) -> Parameter | None:
        """Return the parameter called ``code``, or None."""
        return next((one for one in self.formula.parameters if one.code == code), None)

    def material(self, code: str) -> Material | None:
        """Return the material of the bill called ``code``, or None."""
        return next((one for one in self.formula.materials if one.code == code), None)


def to_plain(part: Any) -> Any:
    """Return a document, or a part of one, in JSON terms: numbers as text, nothing left out.

    ``document_from(to_plain(document)) == document``; the result does not depend on how the
    recipe was written, so it is what is stored, shown and hashed.
    """
    match part:
        case None | bool() | int() | str():
            return part
        case Decimal():
            return text_of(part)
        case CalculationStep():
            return {**_fields_of(part), "kind": part.kind, "inputs": _plain_inputs(part.inputs)}
        case Condition():
            return {"formula": part.formula, "inputs": _plain_inputs(part.inputs)}
        case Step():
            return {**_fields_of(part), "kind": part.kind}
        case tuple() | list():
            return [to_plain(item) for item in part]
        case _ if is_dataclass(part):
            return _fields_of(part)
        case _:
            raise TypeError(f"{type(part).__name__} is no part of a document")


def _plain_inputs(inputs: tuple[Input, ...]) -> dict[str, Any]:
    return {one.name: {"from": one.source, "unit": one.unit} for one in inputs}


def _fields_of(part: Any) -> dict[str, Any]:
    return {field.name: to_plain(getattr(part, field.name)) for field in fields(part)}
