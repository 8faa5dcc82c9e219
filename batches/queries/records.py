"""Records: everything that is known of a batch on this floor, as plain values (ISA-88 Part 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from audit.models import Signature
from audit.queries import judged, plain_signature, signatures_in
from batches.models import Amendment, Batch, Branch, Changeover, Hold, StageYield, Step, StepValue
from batches.queries.amendments import amendments_of, plain_amendment
from batches.queries.clearing import plain_changeover
from batches.queries.files import files_of
from batches.queries.labels import plain_replacement, replacements_of
from batches.queries.statements import current_values, execution_of, plain_value
from batches.queries.weighing import plain_container, weighings_in
from batches.rules.verdicts import ONLY_TRIED
from recipes.queries import version_title


def record_of(batch: Batch) -> dict[str, Any]:
    """Return the record of a batch: order, recipe, steps, values, signatures, holds, what was used.

    All values are canonical (Decimals, UTC times); nothing in it names the patient.
    """
    steps = steps_with_values(batch)
    signatures = signatures_by_subject(batch)
    return {
        "batch": _batch(batch, signatures[Batch._meta.label, batch.pk]),
        "order": _order(batch),
        "recipe": {
            "title": version_title(batch.recipe_version),
            "code": batch.recipe_version.recipe.code,
            "number": batch.recipe_version.number,
            "document_digest": batch.recipe_version.document_digest,
            "control_recipe_digest": batch.control_recipe_digest,
            "control_recipe": batch.control_recipe,
            **({"effective_digest": batch.effective_digest} if batch.effective_digest else {}),
        },
        "steps": [
            _step(step, values, signatures[Step._meta.label, step.pk]) for step, values in steps
        ],
        "holds": [_hold(hold) for hold in holds_of(batch)],
        "materials": _used(steps, "scan_material"),
        "equipment": _used(steps, "scan_equipment"),
        "identity_checks": _used(steps, "scan_identity"),
        **_branches(batch),
        **_controls(steps),
        **_weighings(batch),
        **_yields(batch),
        **_changeover(batch),
        **_files(batch),
        **_replacements(batch),
        **_amendments(batch, signatures),
    }


def _weighings(batch: Batch) -> dict[str, Any]:
    """Return every container that was weighed, whatever became of it; nothing where there are none."""
    found = [{"step": one.step.code, **plain_container(one)} for one in weighings_in(batch)]
    return {"weighings": found} if found else {}


def _changeover(batch: Batch) -> dict[str, Any]:
    """Return how the room was cleared before this batch; nothing where no plan asked for it."""
    found = Changeover.objects.filter(used_by=batch)
    rows = found.select_related("room", "plan", "after", "performed_by", "checked_by")
    return {"changeover": [plain_changeover(one) for one in rows]} if rows else {}


def _yields(batch: Batch) -> dict[str, Any]:
    """Return what was found at the stages, oldest first; nothing where there are none."""
    found = [
        {
            "step": one.step.code,
            "execution": one.step.execution,
            "label": one.label,
            "expected": one.expected,
            "actual": one.actual,
            "unit": one.unit,
            "percent": one.percent,
            "low": one.low,
            "high": one.high,
            "is_within": one.is_within,
            "at": one.at,
            "by": one.by.full_name,
        }
        for one in yields_of(batch)
    ]
    return {"yields": found} if found else {}


def yields_of(batch: Batch) -> list[StageYield]:
    """Return what was found at the stages of a batch, oldest first."""
    return list(batch.yields.select_related("step", "by").order_by("pk"))


def _files(batch: Batch) -> dict[str, Any]:
    """Return the files and the labels of a batch, by digest; nothing where there are none."""
    found = [
        {
            "step": one.step.code,
            "execution": one.step.execution,
            "number": one.number,
            "sort": one.sort,
            "name": one.name,
            "size": one.size,
            "digest": one.digest,
            "copies": one.copies,
            "reason": one.reason,
            "by": one.made_by.full_name,
            "at": one.made_at,
        }
        for one in files_of(batch)
    ]
    return {"files": found} if found else {}


def _replacements(batch: Batch) -> dict[str, Any]:
    """Return the labels that were replaced; nothing where there are none."""
    found = [plain_replacement(one) for one in replacements_of(batch)]
    return {"label_replacements": found} if found else {}


def _controls(steps: list[tuple[Step, list[StepValue]]]) -> dict[str, Any]:
    """Return the samples and the results of tests; nothing where there are none, as of branches."""
    found = {"samples": _used(steps, "sample"), "results": _used(steps, "in_process_control")}
    return {name: rows for name, rows in found.items() if rows}


def _branches(batch: Batch) -> dict[str, Any]:
    """Return what was decided of alternatives and loops; nothing where there are none.

    A record that was sealed before there were any keeps its digest.
    """
    found = [_branch(one) for one in branches_of(batch)]
    return {"branches": found} if found else {}


def _amendments(
    batch: Batch, signatures: Mapping[tuple[str, int], list[Signature]]
) -> dict[str, Any]:
    """Return every amendment, whatever became of it; nothing where nobody wrote one."""
    found = [
        {
            **plain_amendment(one),
            "signatures": [
                plain_signature(each)
                for each in signatures.get((Amendment._meta.label, one.pk), ())
            ],
        }
        for one in amendments_of(batch)
    ]
    return {"amendments": found} if found else {}


def branches_of(batch: Batch) -> list[Branch]:
    """Return the alternatives and loops that were decided, oldest first."""
    return list(batch.branches.order_by("pk"))


def _branch(one: Branch) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "level": one.level,
        "code": one.code,
        "title": one.title,
        "round": one.round,
        "outcome": one.outcome,
        "formula": one.formula,
        "used": one.used,
        "decided_at": one.decided_at,
    }


def steps_with_values(batch: Batch) -> list[tuple[Step, list[StepValue]]]:
    """Return every execution of the steps of a batch, each with all its values, in two queries.

    They are in the order of the procedure, the rounds of an operation one after the other.
    """
    by_step: dict[int, list[StepValue]] = defaultdict(list)
    values = StepValue.objects.filter(batch=batch).select_related("entered_by", "corrects")
    for value in values.order_by("step_id", "seq"):
        by_step[value.step_id].append(value)
    steps = batch.steps.select_related("performed_by", "verified_by", "amended_by")
    return [
        (step, by_step[step.pk])
        for step in in_rounds(steps.order_by("ordinal", "inserted", "execution"))
    ]


def in_rounds(steps: Iterable[Step]) -> list[Step]:
    """Return steps with the rounds of each operation one after the other."""
    listed = list(steps)
    begins: dict[str, int] = {}
    for step in listed:
        begins.setdefault(step.operation_code or f"#{step.ordinal}", step.ordinal)
    return sorted(
        listed,
        key=lambda step: (
            begins[step.operation_code or f"#{step.ordinal}"],
            step.round,
            step.ordinal,
            step.inserted,
            step.execution,
        ),
    )


def signatures_by_subject(batch: Batch) -> defaultdict[tuple[str, int], list[Signature]]:
    """Return the signatures of a batch's stream by what they are on, oldest first, in one query."""
    found: defaultdict[tuple[str, int], list[Signature]] = defaultdict(list)
    for signature in judged(signatures_in(batch.stream()).order_by("pk")):
        found[signature.subject_type, signature.subject_id].append(signature)
    return found


def holds_of(batch: Batch) -> list[Hold]:
    """Return the holds of a batch and of its phases, oldest first."""
    return list(batch.holds.select_related("placed_by", "lifted_by", "step").order_by("pk"))


def open_holds(batch: Batch) -> list[Hold]:
    """Return the holds of a whole batch that nobody lifted yet."""
    return [one for one in holds_of(batch) if one.lifted_at is None and one.step_id is None]


def _batch(batch: Batch, signatures: Iterable[Signature]) -> dict[str, Any]:
    return {
        "number": batch.number,
        "site": batch.site.code,
        "room": batch.room.code if batch.room else None,
        "state": batch.state,
        "version": batch.version,
        "planned_at": batch.planned_at,
        "issued_at": batch.issued_at,
        "started_at": batch.started_at,
        "completed_at": batch.completed_at,
        "decided_at": batch.decided_at,
        "signatures": [plain_signature(one) for one in signatures],
    }


def _order(batch: Batch) -> dict[str, Any]:
    order = batch.order
    return {
        "number": order.number,
        "external_id": order.external_id,
        "state": order.state,
        "site": order.site.code,
        "therapy": order.therapy.code,
        "therapy_name": order.therapy.name,
        "patient": order.patient.code,
        "chain_of_identity": order.chain.value,
        "issuer": order.chain.issuer,
        "weight_kg": order.weight_kg,
        "height_cm": order.height_cm,
        "ordered_at": order.ordered_at,
        "administer_from": order.administer_from,
        "administer_to": order.administer_to,
    }


def _step(step: Step, values: list[StepValue], signatures: list[Signature]) -> dict[str, Any]:
    standing = {value.pk for value in current_values(values)}
    return {
        "ordinal": step.ordinal,
        "code": step.code,
        "kind": step.kind,
        "title": step.title,
        "unit_procedure": step.unit_procedure,
        "operation": step.operation,
        "definition": step.definition,
        "state": step.state,
        "started_at": step.started_at,
        "completed_at": step.completed_at,
        "performed_by": step.performed_by.full_name if step.performed_by else None,
        "verified_by": step.verified_by.full_name if step.verified_by else None,
        "values": [{**plain_value(value), "stands": value.pk in standing} for value in values],
        "signatures": [plain_signature(one) for one in signatures],
        **execution_of(step),
        **({"amended_by": step.amended_by.code} if step.amended_by else {}),
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "cause": hold.cause,
        "reason": hold.reason,
        "placed_at": hold.placed_at,
        "placed_by": hold.placed_by.full_name,
        "lifted_at": hold.lifted_at,
        "lifted_by": hold.lifted_by.full_name if hold.lifted_by else None,
        "lift_reason": hold.lift_reason,
        # A hold of the whole batch keeps the form in which it was sealed.
        **({"step": hold.step.code, "execution": hold.step.execution} if hold.step else {}),
    }


def _used(steps: list[tuple[Step, list[StepValue]]], kind: str) -> list[dict[str, Any]]:
    """Return what was scanned in the steps of a kind: every lot, unit or identity, tries included."""
    return [
        {
            **value.details,
            "step": step.code,
            "scanned": value.entered,
            "quantity": value.value,
            "unit": value.unit,
            "source": value.source,
            "is_match": value.verdict not in ONLY_TRIED,
            "at": value.entered_at,
            "by": value.entered_by.full_name,
        }
        for step, values in steps
        if step.kind == kind
        for value in values
    ]
