"""From a plain document, as YAML or JSON gives it, to a ``Document``; its form is judged here.

A draft may be incomplete, so only what would make it unreadable is refused: wrong types, unknown
fields and words, unknown units, numbers that are none, ranges that nothing can meet, and codes
that are used twice. What is still missing is the business of ``recipes.rules.completeness``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from kernel.errors import FieldError, Invalid
from recipes.rules.designspace import read_region
from recipes.rules.document import (
    PARAMETER_KINDS,
    Document,
    EquipmentClass,
    Formula,
    Header,
    Material,
    Operation,
    Origin,
    OtherInformation,
    Parameter,
    Procedure,
    Product,
    Stage,
    UnitProcedure,
    Watch,
    Yield,
)
from recipes.rules.labels import LABEL_FIELDS, MOST_EXPIRY_HOURS, Label
from recipes.rules.ordering import in_order
from recipes.rules.reader import Reader
from recipes.rules.step_parsing import UNSTATED, read_step
from recipes.rules.steps import (
    PLACES,
    QUANTITIES,
    Step,
)
from recipes.rules.structure import read_condition, read_repeat

_MOST_FAULTS = 100
_LIBRARY_VERSION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*/[1-9][0-9]{0,5}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def document_from(plain: Any) -> Document:
    """Return the document that ``plain`` describes.

    A step without ``after`` follows the one before it in the procedure.

    Raises:
        Invalid: with every fault found in ``errors`` (a hundred at most), each with its pointer.
    """
    faults: list[FieldError] = []
    reader = Reader(plain, "", faults)
    document = _document(reader)
    reader.done()
    _refuse(faults or _repeated(document))
    return document


def step_from(plain: Any) -> Step:
    """Return the step that ``plain`` describes, as a batch keeps it.

    Raises:
        Invalid: with every fault found in ``errors``.
    """
    faults: list[FieldError] = []
    reader = Reader(plain, "", faults)
    step = read_step(reader)
    reader.done()
    _refuse(faults)
    return replace(step, after=()) if step.after is UNSTATED else step


def _refuse(faults: Sequence[FieldError]) -> None:
    if not faults:
        return
    first = faults[0]
    more = f" ({len(faults)} faults in all)" if len(faults) > 1 else ""
    raise Invalid(
        f"The recipe cannot be read: {first.pointer or '/'}: {first.detail}{more}",
        code="recipe_unreadable",
        errors=faults[:_MOST_FAULTS],
    )


def _document(reader: Reader) -> Document:
    return Document(
        header=reader.part("header", _header),
        formula=reader.part("formula", _formula),
        equipment_requirements=reader.parts("equipment_requirements", _equipment),
        procedure=reader.part("procedure", _procedure),
        other_information=reader.part("other_information", _other, is_required=False),
        environment=reader.parts("environment", _watch),
        design_space=reader.parts("design_space", read_region),
    )


def _header(reader: Reader) -> Header:
    return Header(
        code=reader.code("code"),
        title=reader.text("title", longest=200, is_required=True),
        therapy=reader.code("therapy", longest=24, is_required=False),
        autologous=reader.flag("autologous"),
        product=reader.part("product", _product, is_required=False),
        batch_size=reader.text("batch_size", longest=400),
        theoretical_yield=reader.optional("theoretical_yield", _yield),
        container_closure=reader.text("container_closure", longest=1000),
        labels=reader.parts("labels", _label),
        storage=reader.text("storage", longest=400),
        retention_years=reader.whole("retention_years", low=1, high=200),
        training_since=reader.whole("training_since", low=1, high=9999),
        cells=reader.flag("cells"),
    )


def _product(reader: Reader) -> Product:
    return Product(
        name=reader.text("name", longest=200),
        strength=reader.text("strength", longest=200),
        dosage_form=reader.text("dosage_form", longest=200),
        active_ingredient=reader.text("active_ingredient", longest=200),
        active_quantity=reader.text("active_quantity", longest=400),
    )


def _yield(reader: Reader) -> Yield:
    read = Yield(
        quantity=reader.number("quantity", is_required=True),
        unit=reader.unit(),
        min_percent=reader.number("min_percent", is_required=True),
        max_percent=reader.number("max_percent", is_required=True),
    )
    if read.min_percent > read.max_percent:
        reader.fault("min_percent", "impossible_range", "The lowest yield is above the highest.")
    return read


def _label(reader: Reader) -> Label:
    return Label(
        code=reader.code("code"),
        name=reader.text("name", longest=120, is_required=True),
        lines=reader.texts("lines", longest=200),
        fields=reader.words("fields", LABEL_FIELDS, default=()),
        volume=reader.text("volume", longest=40),
        expires_hours=reader.whole("expires_hours", low=1, high=MOST_EXPIRY_HOURS),
        expires_from=reader.code("expires_from", longest=24, is_required=False),
    )


def _formula(reader: Reader) -> Formula:
    return Formula(
        parameters=reader.parts("parameters", _parameter),
        materials=reader.parts("materials", _material),
        excess=reader.text("excess", longest=1000),
        stages=reader.parts("stages", _stage),
    )


def _parameter(reader: Reader) -> Parameter:
    read = Parameter(
        code=reader.code("code"),
        label=reader.text("label", longest=120, is_required=True),
        unit=reader.unit(),
        kind=reader.word("kind", PARAMETER_KINDS),
        default=reader.number("default"),
        min=reader.number("min"),
        max=reader.number("max"),
        formula=reader.text("formula", longest=500),
        critical=reader.flag("critical"),
    )
    if read.min is not None and read.max is not None and read.min > read.max:
        reader.fault("min", "impossible_range", "The lowest value is above the highest.")
    if read.formula and read.default is not None:
        reader.fault("default", "contradiction", "A parameter has a default or a formula.")
    return read


def _material(reader: Reader) -> Material:
    return Material(
        code=reader.code("code"),
        name=reader.text("name", longest=120, is_required=True),
        quantity=reader.number("quantity", is_required=True),
        unit=reader.unit(),
        grade=reader.text("grade", longest=200),
        active=reader.flag("active"),
        autologous=reader.flag("autologous"),
    )


def _stage(reader: Reader) -> Stage:
    read = Stage(
        step=reader.code("step", longest=24),
        label=reader.text("label", longest=200, is_required=True),
        quantity=reader.number("quantity", is_required=True),
        unit=reader.unit(),
        min_percent=reader.number("min_percent"),
        max_percent=reader.number("max_percent"),
    )
    low, high = read.min_percent, read.max_percent
    if low is not None and high is not None and low > high:
        reader.fault("min_percent", "impossible_range", "The lowest yield is above the highest.")
    return read


def _equipment(reader: Reader) -> EquipmentClass:
    return EquipmentClass(
        code=reader.code("code"),
        name=reader.text("name", longest=120, is_required=True),
        room_class=reader.text("room_class", longest=40),
    )


def _procedure(reader: Reader) -> Procedure:
    procedure = Procedure(unit_procedures=reader.parts("unit_procedures", _unit_procedure))
    return in_order(procedure)


def _unit_procedure(reader: Reader) -> UnitProcedure:
    return UnitProcedure(
        code=reader.code("code", longest=24),
        title=reader.text("title", longest=120, is_required=True),
        operations=reader.parts("operations", _operation, is_required=True),
        after=_stated_after(reader),
        when=reader.optional("when", read_condition),
    )


def _operation(reader: Reader) -> Operation:
    return Operation(
        code=reader.code("code", longest=24),
        title=reader.text("title", longest=120, is_required=True),
        steps=reader.parts("steps", read_step, is_required=True),
        after=_stated_after(reader),
        when=reader.optional("when", read_condition),
        repeat=reader.optional("repeat", read_repeat),
        library=reader.optional("library", _origin),
    )


def _origin(reader: Reader) -> Origin:
    read = Origin(
        version=reader.text("version", longest=50, is_required=True),
        digest=reader.text("digest", longest=64, is_required=True),
    )
    if read.version and not _LIBRARY_VERSION.fullmatch(read.version):
        reader.fault("version", "not_a_version", "A version of the library reads CODE/3.")
    if read.digest and not _DIGEST.fullmatch(read.digest):
        reader.fault("digest", "not_a_digest", "A digest is 64 hexadecimal digits.")
    return read


def _stated_after(reader: Reader) -> tuple[str, ...] | None:
    return reader.codes("after", longest=24) if reader.has("after") else None


def _other(reader: Reader) -> OtherInformation:
    return OtherInformation(
        precautions=reader.texts("precautions", longest=1000),
        references=reader.texts("references", longest=1000),
    )


def _watch(reader: Reader) -> Watch:
    read = Watch(
        quantity=reader.word("quantity", tuple(QUANTITIES)),
        place=reader.word("place", PLACES),
        unit=reader.unit(),
        critical_low=reader.number("critical_low"),
        warn_low=reader.number("warn_low"),
        warn_high=reader.number("warn_high"),
        critical_high=reader.number("critical_high"),
        delay_seconds=reader.whole("delay_seconds", low=0, high=86_400) or 0,
    )
    limits = (read.critical_low, read.warn_low, read.warn_high, read.critical_high)
    given = [limit for limit in limits if limit is not None]
    if not given:
        reader.fault("", "required", "At least one limit is needed to watch something.")
    if given != sorted(given):
        reader.fault(
            "",
            "impossible_range",
            "The limits rise from critical low over warn low and warn high to critical high.",
        )
    return read


def _repeated(document: Document) -> list[FieldError]:
    """Return a fault for every code that is used twice where it must name one thing."""
    units = document.procedure.unit_procedures
    operations = [
        (f"/procedure/unit_procedures/{u}/operations/{o}", operation.code)
        for u, unit in enumerate(units)
        for o, operation in enumerate(unit.operations)
    ]
    steps = [(placed.pointer, placed.step.code) for placed in document.placed_steps()]
    formula = document.formula
    return [
        *_twice(steps),
        *_twice(operations),
        *_twice((f"/procedure/unit_procedures/{i}", unit.code) for i, unit in enumerate(units)),
        *_twice((f"/formula/parameters/{i}", p.code) for i, p in enumerate(formula.parameters)),
        *_twice((f"/formula/materials/{i}", m.code) for i, m in enumerate(formula.materials)),
        *_twice((f"/header/labels/{i}", m.code) for i, m in enumerate(document.header.labels)),
        *_twice(
            (f"/equipment_requirements/{i}", one.code)
            for i, one in enumerate(document.equipment_requirements)
        ),
        *_twice((f"/design_space/{i}", one.code) for i, one in enumerate(document.design_space)),
        *_twice(
            ((f"/environment/{i}", f"{w.quantity} of the {w.place}"))
            for i, w in enumerate(document.environment)
        ),
    ]


def _twice(codes: Iterable[tuple[str, str]]) -> list[FieldError]:
    seen: set[str] = set()
    faults = []
    for pointer, code in codes:
        if code in seen:
            faults.append(
                FieldError(pointer=pointer, code="duplicate", detail=f"{code} is there twice.")
            )
        seen.add(code)
    return faults
