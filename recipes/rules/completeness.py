"""What still stands between a recipe and its approval, in words.

The nine contents are those of 21 CFR 211.186(b)(1) to (9) (requirement CGMP-03); a critical step
needs a second person (A11-01); everything that one part of the recipe says of another must be so.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel.errors import FieldError
from kernel.quantities import text_of, unit_label
from recipes.rules.calculation_checks import wrong_calculations
from recipes.rules.control_steps import ControlStep, LineClearanceStep, SampleStep
from recipes.rules.designspace import wrong_regions
from recipes.rules.document import (
    Document,
    Placed,
)
from recipes.rules.file_steps import LabelStep
from recipes.rules.labels import wrong_labels
from recipes.rules.laboratory import wrong_laboratory
from recipes.rules.limits import Range
from recipes.rules.sequence import sequence_of
from recipes.rules.steps import (
    NOW,
    QUANTITIES,
    CalculationStep,
    ChoiceStep,
    DateTimeStep,
    HoldTimeStep,
    NumberStep,
    ScanEquipmentStep,
    ScanIdentityStep,
    ScanMaterialStep,
    SensorStep,
    Step,
)
from recipes.rules.structure_checks import wrong_structure
from recipes.rules.weigh_checks import wrong_weighings
from recipes.rules.weigh_steps import WeighStep


def missing_before_approval(document: Document) -> tuple[FieldError, ...]:
    """Return every reason why ``document`` cannot be approved; none means that it can."""
    return (
        *(() if document.is_library else _missing_contents(document)),
        *_missing_in_procedure(document),
        *_missing_for_autologous(document),
        *_missing_on_labels(document),
        *_wrong_order(document),
        *_unverified(document),
        *_uncleared(document),
        *_wrong_references(document),
        *_wrong_limits(document),
        *_wrong_environment(document),
        *wrong_calculations(document),
        *wrong_regions(document),
        *wrong_weighings(document),
        *wrong_structure(document),
    )


def _missing(pointer: str, what: str) -> FieldError:
    return FieldError(pointer=pointer, code="missing", detail=f"The recipe does not say {what}.")


def _missing_contents(document: Document) -> Iterator[FieldError]:
    """Yield what is missing of the nine contents of a master record."""
    header, formula, product = document.header, document.formula, document.header.product
    said: tuple[tuple[object, str, str], ...] = (
        (product.name, "/header/product/name", "the name of the product"),
        (product.strength, "/header/product/strength", "the strength of the product"),
        (product.dosage_form, "/header/product/dosage_form", "the dosage form"),
        (product.active_ingredient, "/header/product/active_ingredient", "the active ingredient"),
        (
            product.active_quantity,
            "/header/product/active_quantity",
            "how much of the active ingredient a dosage unit holds",
        ),
        (formula.materials, "/formula/materials", "which components are used"),
        (formula.excess, "/formula/excess", "whether a component is used in excess"),
        (formula.stages, "/formula/stages", "the theoretical quantity at a stage of the process"),
        (header.batch_size, "/header/batch_size", "the batch size"),
        (
            header.theoretical_yield,
            "/header/theoretical_yield",
            "the theoretical yield and its lowest and highest percentage",
        ),
        (header.container_closure, "/header/container_closure", "the container and closure"),
        (header.labels, "/header/labels", "what the labels read"),
        (header.storage, "/header/storage", "how the product is stored"),
        (header.retention_years, "/header/retention_years", "how long the record is kept"),
        (document.equipment_requirements, "/equipment_requirements", "which equipment is needed"),
        (
            document.other_information.precautions,
            "/other_information/precautions",
            "which precautions are to be followed",
        ),
    )
    yield from (_missing(pointer, what) for value, pointer, what in said if not value)
    for place, material in enumerate(formula.materials):
        if material.quantity <= 0:
            yield _missing(f"/formula/materials/{place}/quantity", f"how much {material.name}")
    for place, label in enumerate(header.labels):
        if not label.lines:
            yield _missing(f"/header/labels/{place}/lines", f"what the {label.name} reads")


def _missing_in_procedure(document: Document) -> Iterator[FieldError]:
    """Yield what is missing of the instructions (…(b)(9)), which a library entry has, too."""
    if not document.steps:
        yield _missing("/procedure/unit_procedures", "how the product is made")
    for placed in document.placed_steps():
        if not placed.step.instruction:
            yield _missing(
                f"{placed.pointer}/instruction", f"how step {placed.step.code} is carried out"
            )


def _missing_for_autologous(document: Document) -> Iterator[FieldError]:
    """Yield what a medicine from the patient's own material must have besides."""
    if not document.header.autologous:
        return
    if not any(material.autologous for material in document.formula.materials):
        yield _missing("/formula/materials", "which material is the patient's own")
    scanned = {step.target for step in document.steps if isinstance(step, ScanIdentityStep)}
    if document.steps and "bag" not in scanned:
        yield _missing("/procedure", "where the patient's own material is identified by a scan")
    if document.steps and "label" not in scanned:
        yield _missing("/procedure", "where the label of the product is identified by a scan")


def _missing_on_labels(document: Document) -> Iterator[FieldError]:
    header = document.header
    yield from wrong_labels(
        header.labels,
        product=header.product.name,
        storage=header.storage,
        is_autologous=header.autologous,
        has_cells=header.cells,
        steps=frozenset(step.code for step in document.steps),
    )


def _wrong_order(document: Document) -> Iterator[FieldError]:
    sequence = sequence_of(document)
    lost = {code for code, _ in sequence.unknown}
    for placed in document.placed_steps():
        code = placed.step.code
        for waiting, named in sequence.unknown:
            if waiting == code:
                yield _unknown(f"{placed.pointer}/after", code, f"step {named}")
        if code in sequence.unreachable and code not in lost:
            yield FieldError(
                pointer=f"{placed.pointer}/after",
                code="unreachable",
                detail=f"Step {code} can never start: what it waits for cannot be completed.",
            )


def _unverified(document: Document) -> Iterator[FieldError]:
    for placed in document.placed_steps():
        step = placed.step
        named = (
            document.parameter(step.parameter)
            if isinstance(step, NumberStep | CalculationStep)
            else None
        )
        is_critical = step.critical or (named is not None and named.critical)
        if isinstance(step, LineClearanceStep) and not step.verify:
            yield FieldError(
                pointer=f"{placed.pointer}/verify",
                code="no_verifier",
                detail=f"Step {step.code} clears the line and has no second person to verify it.",
            )
        elif is_critical and not step.verify and not _is_automated(step):
            yield FieldError(
                pointer=f"{placed.pointer}/verify",
                code="no_verifier",
                detail=f"Step {step.code} is critical and has no second person to verify it.",
            )


def _is_automated(step: Step) -> bool:
    """Say whether one person is enough (21 CFR 211.101(c)): the scale itself gives the weight."""
    return isinstance(step, WeighStep) and step.automated


def _uncleared(document: Document) -> Iterator[FieldError]:
    """Yield that what is cleared before is not cleared after, or the other way round."""
    stages = {one.stage for one in document.steps if isinstance(one, LineClearanceStep)}
    if len(stages) == 1:
        other = "after" if "before" in stages else "before"
        yield _missing("/procedure", f"where the line is cleared {other} the making")


def _unknown(pointer: str, code: str, what: str) -> FieldError:
    return FieldError(
        pointer=pointer,
        code="unknown_reference",
        detail=f"Step {code} names {what}, which is not in the recipe.",
    )


def _mismatch(pointer: str, code: str, what: str, unit: str, other: str) -> FieldError:
    given, wanted = unit_label(unit) or "a plain number", unit_label(other) or "a plain number"
    return FieldError(
        pointer=pointer,
        code="unit_mismatch",
        detail=f"Step {code} is in {given}, {what} in {wanted}.",
    )


def _wrong_references(document: Document) -> Iterator[FieldError]:
    equipment = {one.code for one in document.equipment_requirements}
    labels = {one.code for one in document.header.labels}
    codes = {step.code for step in document.steps}
    used: set[str] = set()
    for placed in document.placed_steps():
        match placed.step:
            case NumberStep() | CalculationStep() as step:
                yield from _wrong_parameter(document, placed, step)
                if isinstance(step, ControlStep):
                    yield from _wrong_control(document, placed, step)
            case LabelStep(code=code, label=named) if named not in labels:
                yield _unknown(f"{placed.pointer}/label", code, f"label {named}")
            case SampleStep(material=named) as step if named:
                yield from _wrong_material(document, placed, step)
            case WeighStep(material=named):
                used.add(named)
            case ScanMaterialStep() as step:
                used.add(step.material)
                yield from _wrong_material(document, placed, step)
            case ScanEquipmentStep(code=code, equipment=named) if named not in equipment:
                yield _unknown(f"{placed.pointer}/equipment", code, f"equipment {named}")
            case SensorStep(code=code, quantity=quantity, unit=unit):
                if unit != QUANTITIES[quantity]:
                    yield _mismatch(
                        f"{placed.pointer}/unit", code, "its sensor", unit, QUANTITIES[quantity]
                    )
            case DateTimeStep(code=code, relative_to=named) if named != NOW and (
                named == code or named not in codes
            ):
                yield _unknown(f"{placed.pointer}/relative_to", code, f"step {named}")
            case HoldTimeStep(code=code) as step:
                for key, named in (("since", step.since), ("until", step.until)):
                    if named == code or named not in codes:
                        yield _unknown(f"{placed.pointer}/{key}", code, f"step {named}")
            case _:
                pass
    for place, material in enumerate(document.formula.materials):
        if material.code not in used and not material.autologous:
            yield FieldError(
                pointer=f"/formula/materials/{place}",
                code="unused",
                detail=f"No step scans or weighs a lot of {material.name}.",
            )
    for place, stage in enumerate(document.formula.stages):
        if stage.step not in codes:
            yield FieldError(
                pointer=f"/formula/stages/{place}/step",
                code="unknown_reference",
                detail=f"The stage “{stage.label}” names step {stage.step}, which is not there.",
            )


def _wrong_parameter(
    document: Document, placed: Placed, step: NumberStep | CalculationStep
) -> Iterator[FieldError]:
    parameter = document.parameter(step.parameter)
    if parameter is None:
        yield _unknown(f"{placed.pointer}/parameter", step.code, f"parameter {step.parameter}")
        return
    if step.unit != parameter.unit:
        what = f"its parameter {parameter.code}"
        yield _mismatch(f"{placed.pointer}/unit", step.code, what, step.unit, parameter.unit)
    hard = step.hard or Range()
    for key, limit, allowed in (
        ("min", hard.min, parameter.min),
        ("max", hard.max, parameter.max),
    ):
        if limit is None or allowed is None:
            continue
        if (key == "min" and limit < allowed) or (key == "max" and limit > allowed):
            yield FieldError(
                pointer=f"{placed.pointer}/hard/{key}",
                code="wider_than_parameter",
                detail=f"Step {step.code} allows {text_of(limit)}, its parameter"
                f" {parameter.code} only {text_of(allowed)}.",
            )


def _wrong_control(document: Document, placed: Placed, step: ControlStep) -> Iterator[FieldError]:
    samples = {one.code for one in document.steps if isinstance(one, SampleStep)}
    if step.sample and step.sample not in samples:
        yield _unknown(f"{placed.pointer}/sample", step.code, f"the sample of step {step.sample}")
    if step.soft is None:
        yield _missing(f"{placed.pointer}/soft", f"the specification of the test in {step.code}")
    if step.laboratory is not None:
        yield from wrong_laboratory(
            step.laboratory,
            code=step.code,
            unit=step.unit,
            has_sample=bool(step.sample),
            has_reviewer=step.verify,
            pointer=placed.pointer,
        )


def _wrong_material(
    document: Document, placed: Placed, step: ScanMaterialStep | SampleStep
) -> Iterator[FieldError]:
    material = document.material(step.material or "")
    if material is None:
        yield _unknown(f"{placed.pointer}/material", step.code, f"material {step.material}")
    elif step.unit is not None and step.unit != material.unit:
        yield _mismatch(
            f"{placed.pointer}/unit", step.code, "the bill of materials", step.unit, material.unit
        )


def _wrong_limits(document: Document) -> Iterator[FieldError]:
    for placed in document.placed_steps():
        step, pointer = placed.step, placed.pointer
        if isinstance(step, ChoiceStep) and not step.accepted:
            yield FieldError(
                pointer=f"{pointer}/accepted",
                code="missing",
                detail=f"Step {step.code} does not say which answers are accepted.",
            )
        if not isinstance(step, NumberStep | CalculationStep | SensorStep):
            continue
        if step.critical and step.hard is None and step.soft is None:
            yield FieldError(
                pointer=f"{pointer}/hard",
                code="missing",
                detail=f"Step {step.code} is critical and has no limits.",
            )
        if step.hard and step.soft and not _is_within(step.soft, step.hard):
            yield FieldError(
                pointer=f"{pointer}/soft",
                code="contradiction",
                detail=f"The soft limits of step {step.code} lie outside its hard limits.",
            )


def _is_within(inner: Range, outer: Range) -> bool:
    return not (
        (inner.min is not None and outer.min is not None and inner.min < outer.min)
        or (inner.max is not None and outer.max is not None and inner.max > outer.max)
        or (inner.min is not None and outer.max is not None and inner.min > outer.max)
        or (inner.max is not None and outer.min is not None and inner.max < outer.min)
    )


def _wrong_environment(document: Document) -> Iterator[FieldError]:
    for place, watch in enumerate(document.environment):
        if watch.unit != QUANTITIES[watch.quantity]:
            yield FieldError(
                pointer=f"/environment/{place}/unit",
                code="unit_mismatch",
                detail=f"The {watch.quantity.replace('_', ' ')} of the {watch.place} is measured"
                f" in {unit_label(QUANTITIES[watch.quantity])}.",
            )
    # An entry of the library is watched by the limits of the recipe that it is inserted into.
    is_watched = any(step.watch for step in document.steps) and not document.is_library
    if is_watched and not document.environment:
        yield _missing("/environment", "which limits its watched steps have")
