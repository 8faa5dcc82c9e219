"""Labels: what is printed on them for one batch, how many there are, and which are void."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from batches.models import Batch, LabelReplacement, Step
from batches.queries.statements import current_values, step_statement, values_of
from batches.queries.work import document_of_batch
from batches.rules.labels import counts_after, serials_of
from kernel.errors import Conflict
from recipes.rules.labels import Label, LabelFacts, printed_lines
from supply.queries import collections_of


def lines_for(step: Step, label: Label, *, at: datetime) -> tuple[str, ...]:
    """Return the lines of a label as they are printed in a step.

    Args:
        at: when the first labels of the step were printed; a reprint lives no longer than they.

    Raises:
        Conflict: with code ``no_reference``, the step that its expiry counts from is not complete.
    """
    batch = step.batch
    header = document_of_batch(batch).header
    collections = collections_of(batch.order.chain)
    zone = ZoneInfo(batch.site.time_zone)
    expires_at = _expiry(batch, label, at=at)
    facts = LabelFacts(
        product=header.product.name,
        storage=header.storage,
        patient=batch.order.patient.code,
        donations=tuple(one.donation_number for one in collections),
        collected_at=", ".join(_shown(one.collected_at, zone) for one in collections),
        expires_at=_shown(expires_at, zone) if expires_at else "",
        is_autologous=header.autologous,
    )
    return printed_lines(label, facts)


def _expiry(batch: Batch, label: Label, *, at: datetime) -> datetime | None:
    if label.expires_hours is None:
        return None
    begin: datetime | None = at
    if label.expires_from:
        named = batch.steps.filter(code=label.expires_from).order_by("-execution").first()
        begin = named.completed_at if named else None
    if begin is None:
        raise Conflict(
            f"The label expires counted from step {label.expires_from}, which is not complete.",
            code="no_reference",
        )
    return begin + timedelta(hours=label.expires_hours)


def _shown(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as it stands on a label: the month in letters, the zone behind it."""
    return f"{at.astimezone(zone):%d %b %Y %H:%M %Z}"


def issued_labels(step: Step) -> int:
    """Return how many labels an execution of a step has printed, replacements included."""
    return sum(step.attachments.filter(sort="label").values_list("copies", flat=True))


def issued_serials(step: Step) -> list[str]:
    """Return the serial of every label that an execution of a step has printed."""
    return serials_of(
        step.batch.number, step.code, step.execution, first=1, copies=issued_labels(step)
    )


def label_step_of(batch: Batch, serial: str) -> Step | None:
    """Return the execution of a step that printed a label; None when no step of the batch did."""
    for step in batch.steps.filter(kind="label").order_by("pk"):
        step.batch = batch
        if serial in issued_serials(step):
            return step
    return None


def why_not_valid(batch: Batch, serial: str) -> str:
    """Return why a label is none of this batch that is in use; nothing when it is one."""
    void = batch.label_replacements.filter(void_serial=serial).first()
    if void is not None:
        return f"Label {serial} is VOID: {void.new_serial} took its place ({void.reason})."
    if label_step_of(batch, serial) is None:
        return f"Label {serial} was not printed for batch {batch.number}."
    return ""


def replacements_of(batch: Batch) -> list[LabelReplacement]:
    """Return the labels of a batch that were replaced, oldest first."""
    found = batch.label_replacements.select_related("step", "made_by", "witnessed_by")
    return list(found.order_by("pk"))


def label_counts(step: Step) -> dict[str, int]:
    """Return how the labels of a step add up today; nothing before they are accounted for."""
    standing = current_values(values_of(step))
    if not standing or "issued" not in standing[-1].details:
        return {}
    fates = step.label_replacements.order_by("pk").values_list("fate", flat=True)
    return counts_after(standing[-1].details, fates)


def plain_replacement(one: LabelReplacement) -> dict[str, Any]:
    """Return a replacement as the record shows it."""
    return {
        "step": one.step.code,
        "execution": one.step.execution,
        "void": one.void_serial,
        "new": one.new_serial,
        "fate": one.fate,
        "reason": one.reason,
        "by": one.made_by.full_name,
        "witnessed_by": one.witnessed_by.full_name,
        "at": one.made_at,
    }


def replacement_statement(
    step: Step, *, void_serial: str, fate: str, reason: str
) -> Mapping[str, Any]:
    """Return what two people sign when a label is replaced: the step, which label, and why."""
    return {
        **step_statement(step),
        "replacement": {"void": void_serial, "fate": fate, "reason": reason.strip()},
    }
