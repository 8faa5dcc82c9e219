"""What an entry means where the making is controlled: a document, a sample, the result of a test."""

from __future__ import annotations

from dataclasses import replace

from batches.commands.laboratory import read_test
from batches.commands.readings import Entry, Reading, Source, read_confirm, read_number
from batches.models import Step, StepValue
from batches.queries.statements import current_values, values_of
from batches.rules.controls import document_from, judged_result, judged_sample, sample_code
from batches.rules.entries import reason_from, text_from
from batches.rules.files import judged_labels, reconciled
from kernel.errors import Conflict, Invalid
from kernel.quantities import decimal_from, unit_from, unit_label
from recipes.rules.control_steps import (
    ControlStep,
    LineClearanceStep,
    SampleStep,
    ScanDocumentStep,
)
from recipes.rules.file_steps import FileStep, LabelStep
from supply import commands as supply


def read_document(phase: ScanDocumentStep, entry: Entry) -> Reading:
    """Return the document that was scanned, if it is the one that the recipe follows."""
    scanned = text_from(entry.entered, pointer="/value", longest=80)
    document, version = document_from(scanned)
    if document != phase.document:
        raise Conflict(
            f"This is {document[:40]}; the step follows {phase.document}.",
            pointer="/value",
            code="wrong_document",
        )
    if version != phase.version:
        raise Conflict(
            f"This is version {version or '(none)'} of {document}; the recipe follows version"
            f" {phase.version}.",
            pointer="/value",
            code="wrong_version",
        )
    return Reading(
        entered=scanned,
        source=entry.source,
        details={"document": document, "version": version},
    )


def read_clearance(phase: LineClearanceStep, entry: Entry) -> Reading:
    """Return that the area was found clear, point by point (21 CFR 211.188(b)(6))."""
    read = read_confirm(phase, entry)
    return replace(read, details={**read.details, "area": phase.area, "stage": phase.stage})


def read_no_file(phase: FileStep, entry: Entry) -> Reading:
    """Refuse words in the place of a file: it is handed in as one."""
    raise Invalid("A file is handed in, not typed.", pointer="/value", code="no_file")


def read_labels(phase: LabelStep, entry: Entry) -> Reading:
    """Return what became of every label that was printed in this step (21 CFR 211.125)."""
    runs = list(entry.step.attachments.filter(sort="label").order_by("number"))
    if not runs:
        raise Conflict("The labels were not printed yet.", code="not_printed")
    found = reconciled(entry.entered, issued=sum(one.copies for one in runs))
    judged = judged_labels(found)
    if judged.exception_kind:
        reason_from(entry.reason, what=f"{judged.reason}: this")
    return Reading(
        entered=found.words(),
        source=Source.KEYED,
        judged=judged,
        details={
            "label_of": phase.label,
            "issued": found.issued,
            "used": found.used,
            "destroyed": found.destroyed,
            "returned": found.returned,
            "missing": found.missing,
            "prints": [{"copies": one.copies, "digest": one.digest} for one in runs],
        },
    )


def read_sample(phase: SampleStep, entry: Entry) -> Reading:
    """Return the sample that was taken, with the identifier the system gives it (211.188(b)(10))."""
    step = entry.step
    details = {
        "sample": sample_code(step.batch.number, step.code, step.execution),
        "point": phase.point,
        "container": phase.container,
    }
    if phase.material:
        scanned = text_from(entry.entered, pointer="/value")
        lot = supply.use_lot(
            material_code=phase.material,
            scanned=scanned,
            quantity=phase.quantity,
            unit=phase.unit,
            site=step.batch.site,
            on=entry.act.at.date(),
            act=entry.act,
        )
        return Reading(
            entered=scanned,
            value=phase.quantity,
            unit=phase.unit,
            source=entry.source,
            details={**details, "material": phase.material, "from_lot": lot.number},
        )
    value = decimal_from(entry.entered, pointer="/value")
    if value <= 0:
        raise Invalid("A sample is more than nothing.", pointer="/value", code="range")
    _require_unit(phase, entry)
    judged = judged_sample(phase, value)
    if judged.exception_kind:
        reason_from(entry.reason, what=f"{judged.reason}: this")
    return Reading(
        entered=entry.entered.strip(),
        value=value,
        unit=phase.unit,
        source=Source.KEYED,
        judged=judged,
        details=details,
    )


def _require_unit(phase: SampleStep, entry: Entry) -> None:
    unit = unit_from(entry.unit, pointer="/unit") if entry.unit else phase.unit
    if unit != phase.unit:
        raise Invalid(
            f"The sample is measured in {unit_label(phase.unit)}, not in {unit_label(unit)}.",
            pointer="/unit",
            code="unit_mismatch",
        )


def read_result(phase: ControlStep, entry: Entry) -> Reading:
    """Return the result of a test against its specification; one that fails is never refused.

    Raises:
        Conflict: with code ``no_sample``, the step that takes its sample is not complete.
        Invalid: a repeat has no reason, or the number cannot be (the hard limits).
    """
    if entry.corrects:
        number = int(entry.corrects.details.get("result", 1))
    else:
        number = len(current_values(values_of(entry.step))) + 1
    if number > 1 and not entry.corrects:
        reason_from(entry.reason, what="A repeat of a test")
    taken = _sample_of(phase, entry.step) if phase.sample else None
    if phase.laboratory is not None and taken is not None:
        return read_test(phase, phase.laboratory, entry, number=number, taken=taken)
    # The specification judges; it does not ask for a reason before anybody can know one.
    read = read_number(replace(phase, soft=None), entry)
    assert read.value is not None, "a number has a value"
    return Reading(
        entered=read.entered,
        value=read.value,
        unit=read.unit,
        source=Source.KEYED,
        judged=judged_result(phase, read.value),
        details={
            "test": phase.test,
            "method": phase.method,
            "result": number,
            **({"sample": str(taken.details["sample"])} if taken else {}),
        },
    )


def _sample_of(phase: ControlStep, step: Step) -> StepValue:
    taken = step.batch.steps.filter(code=phase.sample).order_by("-execution").first()
    values = current_values(values_of(taken)) if taken and taken.state == "complete" else []
    if not values or "sample" not in values[-1].details:
        raise Conflict(f"Step {phase.sample} has taken no sample yet.", code="no_sample")
    return values[-1]
