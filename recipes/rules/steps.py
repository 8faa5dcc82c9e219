"""The steps of a procedure: one class per kind, named as in the document."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from recipes.rules.limits import Range
from recipes.rules.structure import Condition, Input

Place = Literal["room", "incubator"]
PerformingRole = Literal["operator", "qa"]
IdentityTarget = Literal["bag", "label"]

PLACES: tuple[Place, ...] = ("room", "incubator")
PERFORMING_ROLES: tuple[PerformingRole, ...] = ("operator", "qa")
IDENTITY_TARGETS: tuple[IdentityTarget, ...] = ("bag", "label")

# What the limits of a moment count from, where no step is named.
NOW = "now"

# What a recipe may measure, and the unit each is given in.
QUANTITIES = {
    "temperature": "Cel",
    "humidity": "%",
    "differential_pressure": "Pa",
    "incubator_temperature": "Cel",
    "co2": "%",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A phase: the smallest piece of work, done by one person on one screen.

    ``after`` names the steps that must be complete before; ``verify`` asks for a second person;
    ``watch`` says that the limits of the environment hold while it runs; ``when`` that it is
    carried out only where a condition is met; ``late_after_minutes`` how long after the event its
    record is late, where the house's own time is not meant; ``may_skip`` that whoever performs it
    may say with a reason that it does not apply.
    """

    kind: ClassVar[str] = ""
    code: str
    title: str
    instruction: str
    roles: tuple[PerformingRole, ...] = ("operator",)
    when: Condition | None = None
    verify: bool = False
    critical: bool = False
    watch: bool = False
    after: tuple[str, ...] = ()
    late_after_minutes: int | None = None
    may_skip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmStep(Step):
    """Something is looked at and confirmed, point by point where there are ``checks``."""

    kind: ClassVar[str] = "confirm"
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberStep(Step):
    """A number is entered."""

    kind: ClassVar[str] = "number"
    parameter: str
    unit: str
    decimals: int
    hard: Range | None = None
    soft: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanIdentityStep(Step):
    """A bag or a label is scanned against the chain of identity of the batch."""

    kind: ClassVar[str] = "scan_identity"
    target: IdentityTarget = "bag"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanMaterialStep(Step):
    """A lot of a material is scanned and used; without a quantity, that of the bill."""

    kind: ClassVar[str] = "scan_material"
    material: str
    quantity: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanEquipmentStep(Step):
    """A piece of equipment of a class is scanned."""

    kind: ClassVar[str] = "scan_equipment"
    equipment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerStep(Step):
    """Time passes: at least, and at most (the hold time of 21 CFR 211.111)."""

    kind: ClassVar[str] = "timer"
    min_seconds: int
    max_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorStep(Step):
    """The value that a sensor shows now is taken into the record."""

    kind: ClassVar[str] = "sensor"
    quantity: str
    place: Place
    unit: str
    decimals: int
    hard: Range | None = None
    soft: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculationStep(Step):
    """A number is computed from others by a formula."""

    kind: ClassVar[str] = "calculation"
    parameter: str
    formula: str
    inputs: tuple[Input, ...]
    unit: str
    decimals: int
    hard: Range | None = None
    soft: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer; ``number`` is what a calculation takes for it, in the unit of the step."""

    value: str
    label: str
    number: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceStep(Step):
    """One of several answers is chosen; one that is not ``accepted`` is an exception."""

    kind: ClassVar[str] = "choice"
    options: tuple[Option, ...]
    accepted: tuple[str, ...]
    unit: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStep(Step):
    """Words are entered.

    ``pattern`` is what they look like: A for a capital letter, 9 for a digit, anything else itself.
    """

    kind: ClassVar[str] = "text"
    longest: int = 400
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTimeStep(Step):
    """A moment is entered, with its zone; the limits count from now, or from the end of a step."""

    kind: ClassVar[str] = "date_time"
    relative_to: str = NOW
    earliest_seconds: int | None = None
    latest_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionStep(Step):
    """An instruction is read, and that it was read is a value of its own, before the signature."""

    kind: ClassVar[str] = "instruction"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTimeStep(Step):
    """The time that passed from the end of one step to the start of another (21 CFR 211.111)."""

    kind: ClassVar[str] = "hold_time"
    since: str
    until: str
    min_seconds: int = 0
    max_seconds: int | None = None
