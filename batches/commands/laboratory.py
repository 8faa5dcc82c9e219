"""What an entry means where a test keeps a laboratory record: all of it, in one value.

Source: 21 CFR 211.194(a). The analyst signs the step and a second person reviews it; both cover
every line of the record and the digest of the raw data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from batches.commands.file_contents import content_from
from batches.commands.keeping import kept
from batches.commands.readings import Entry, Reading, Source, read_number
from batches.models import Attachment, StepValue
from batches.queries.work import number_of
from batches.rules.controls import judged_result
from batches.rules.laboratory import TestData, amounts_from, result_of
from kernel.canonical import plain
from kernel.errors import Conflict
from kernel.quantities import text_of
from recipes.rules.control_steps import ControlStep
from recipes.rules.laboratory import Laboratory


def read_test(
    phase: ControlStep, laboratory: Laboratory, entry: Entry, *, number: int, taken: StepValue
) -> Reading:
    """Return the result of a test with its laboratory record.

    Args:
        number: which result of the step it is, counted from one.
        taken: the sample, as it was taken.

    Raises:
        Conflict: with code ``no_raw_data``, only a number was entered; with code
            ``wrong_sample``, another sample was scanned.
        Invalid: an amount is no number, or the raw data cannot be taken.
    """
    data = entry.test
    if data is None:
        raise Conflict(
            "A laboratory record has the sample, the amounts and the raw data beside the result.",
            code="no_raw_data",
        )
    _require_sample(data, str(taken.details["sample"]))
    amounts = amounts_from(laboratory, data.amounts)
    typed = result_of(laboratory, amounts, typed=entry.entered, decimals=phase.decimals)
    # The specification judges; it does not ask for a reason before anybody can know one.
    read = read_number(replace(phase, soft=None), replace(entry, entered=typed))
    assert read.value is not None, "a number has a value"
    content = content_from(data.content, name=data.file_name, accept=laboratory.raw_data)
    raw = kept(entry.step, content, copies=1, reason=entry.reason, act=entry.act)
    return Reading(
        entered=read.entered,
        value=read.value,
        unit=read.unit,
        source=Source.COMPUTED if laboratory.formula else Source.KEYED,
        judged=judged_result(phase, read.value),
        details={
            "test": phase.test,
            "method": phase.method,
            "result": number,
            "sample": taken.details["sample"],
            "laboratory": {
                "method_version": laboratory.method_version,
                "of": _taken(taken),
                "received_at": plain(entry.step.started_at),
                "amounts": _amounts(laboratory, data, amounts),
                "formula": laboratory.formula,
                "raw": _raw(raw),
            },
        },
    )


def _amounts(
    laboratory: Laboratory, data: TestData, amounts: Mapping[str, Decimal]
) -> list[dict[str, str]]:
    """Return each amount as it was entered, and as it was understood."""
    return [
        {
            "name": one.name,
            "label": one.label,
            "entered": data.amounts[one.name].strip(),
            "value": text_of(amounts[one.name]),
            "unit": one.unit,
        }
        for one in laboratory.amounts
    ]


def _raw(raw: Attachment) -> dict[str, Any]:
    """Return which file the raw data are, by its digest."""
    return {
        "attachment": raw.pk,
        "name": raw.name,
        "sort": raw.sort,
        "size": raw.size,
        "digest": raw.digest,
    }


def _require_sample(data: TestData, expected: str) -> None:
    scanned = data.sample.strip()[:64]
    if scanned.upper() != expected.upper():
        raise Conflict(
            f"This test is of sample {expected}; {scanned or 'nothing'} was scanned.",
            pointer="/sample",
            code="wrong_sample",
        )


def _taken(taken: StepValue) -> dict[str, Any]:
    """Return what the sample is: where, how much, of which lot, when and by whom it was taken."""
    details = taken.details
    lot = {"lot": details["from_lot"]} if "from_lot" in details else {}
    quantity = number_of(taken)
    return {
        "point": details["point"],
        "quantity": text_of(quantity) if quantity is not None else "",
        "unit": taken.unit,
        "taken_at": plain(taken.entered_at),
        "taken_by": taken.entered_by.full_name,
        **lot,
    }
