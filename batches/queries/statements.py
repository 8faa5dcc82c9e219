"""Statements: exactly what a signature covers, in the words in which it was shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from audit.models import Signature
from audit.queries import signatures_of
from batches.models import Batch, Step, StepValue
from batches.rules.verdicts import ONLY_TRIED
from kernel.canonical import digest
from kernel.prepared import prepared
from recipes.queries import version_title


def issue_statement(batch: Batch) -> dict[str, Any]:
    """Return what quality signs when a batch is issued: which master, for which order, where."""
    order = batch.order
    return {
        "record": "batch",
        "batch": batch.number,
        "order": order.number,
        "chain_of_identity": order.chain.value,
        "patient": order.patient.code,
        "therapy": order.therapy.code,
        "recipe": version_title(batch.recipe_version),
        "document_digest": batch.recipe_version.document_digest,
        "room": batch.room.code if batch.room else None,
        "site": batch.site.code,
    }


def values_of(step: Step) -> list[StepValue]:
    """Return all values of a step, corrected ones and failed tries included, in order."""
    return _values(step.pk)


@prepared
def _values(step_id: int) -> QuerySet[StepValue]:
    rows = StepValue.objects.filter(step_id=step_id).order_by("seq")
    return rows.select_related("entered_by", "corrects")


def current_values(values: Iterable[StepValue]) -> list[StepValue]:
    """Return the values that stand: not corrected by a later one, and not only tried."""
    kept = [value for value in values if value.verdict not in ONLY_TRIED]
    corrected = {value.corrects_id for value in kept if value.corrects_id}
    return [value for value in kept if value.pk not in corrected]


def plain_value(value: StepValue) -> dict[str, Any]:
    """Return a value as it is signed, shown and exported."""
    return {
        "seq": value.seq,
        "name": value.name,
        "entered": value.entered,
        "value": value.value,
        "unit": value.unit,
        "source": value.source,
        "verdict": value.verdict,
        "verdict_reason": value.verdict_reason,
        "reason": value.reason,
        "details": value.details,
        "corrects": value.corrects.seq if value.corrects else None,
        "entered_by": value.entered_by.full_name,
        "entered_at": value.entered_at,
        # Only where somebody said so: what was signed before there was such a time reads as then.
        **({"happened_at": value.happened_at} if value.happened_at else {}),
    }


def step_statement(step: Step, values: list[StepValue] | None = None) -> dict[str, Any]:
    """Return what is signed when a step is performed, and again when it is verified.

    Args:
        values: the values of the step, where they were read already.
    """
    batch = step.batch
    performed = step_signature(step, "performed") if step.performed_by_id else None
    return {
        "record": "step",
        "batch": batch.number,
        "patient": batch.order.patient.code,
        "control_recipe_digest": batch.control_recipe_digest,
        "step": step.code,
        "ordinal": step.ordinal,
        "title": step.title,
        "definition_digest": digest(step.definition),
        "started_at": step.started_at,
        "values": [plain_value(value) for value in (values_of(step) if values is None else values)],
        "performed": None
        if performed is None
        else {
            "by": performed.signer_name,
            "username": performed.signer_username,
            "at": performed.signed_at,
            "digest": performed.statement_digest,
        },
        **execution_of(step),
    }


def execution_of(step: Step) -> dict[str, Any]:
    """Return which execution of a step this is, where it is not the first.

    What was signed and sealed of first executions stays as it was, to the letter. A step that an
    amendment added says behind which number it stands.
    """
    added: dict[str, Any] = {"inserted": step.inserted} if step.inserted else {}
    # What began as its instrument asks says nothing; what people took over does.
    added |= {"mode": step.mode} if step.mode == "manual" else {}
    if step.execution == 1:
        return added
    return {"execution": step.execution, "round": step.round, **added}


def correction_statement(
    step: Step, *, entered: str, reason: str, values: list[StepValue] | None = None
) -> dict[str, Any]:
    """Return what is signed when the value of a signed step is corrected: the step, old and new."""
    return {
        **step_statement(step, values),
        "correction": {"entered": entered.strip(), "reason": reason.strip()},
    }


def step_signature(step: Step, meaning: str) -> Signature | None:
    """Return the last signature of that meaning on a step."""
    return signatures_of(step).filter(meaning=meaning).order_by("-pk").first()
