"""Statements: exactly what a review, a disposition or the closing of a deviation signs.

Note [Head of the ledger]: each statement holds the number and the hash of the last entry in the
ledger of its record. That one hash covers the whole record as it stood, so whatever is written
between showing and signing makes the signature impossible, and what is written later shows.
"""

from __future__ import annotations

from typing import Any

from audit.models import LedgerEntry
from audit.queries import critical_entries, entries_in
from kernel.canonical import EMPTY_HASH
from quality.models import Deviation
from quality.queries.deviations import batch_of, deviations_of
from quality.queries.exceptions import exceptions_of

CONSEQUENCES = {
    "released": (
        "Releases batch {batch} for patient {patient}, order {order}. The batch may leave the"
        " plant and be given to this patient. This cannot be undone."
    ),
    "rejected": (
        "Rejects batch {batch} for patient {patient}, order {order}. The batch may not be given"
        " to anybody, and the order fails. This cannot be undone."
    ),
}
LABELS = {
    "batch": "Batch",
    "order": "Order",
    "patient": "Patient",
    "chain_of_identity": "Chain of identity",
    "therapy": "Therapy",
    "steps": "Steps",
    "exceptions": "Exceptions",
    "deviations": "Deviations",
    "deviation": "Deviation",
    "title": "Title",
    "classification": "Class",
    "cause": "Cause",
    "impact_on_other_batches": "Impact on other batches",
    "decision": "Decision",
    "ledger_entries": "Ledger entries covered",
    "chain_entries": "Entries of the chain of identity covered",
    "critical_entries": "Critical among them",
}


def ledger_head(stream: str) -> tuple[int, str]:
    """Return (number, hash) of the last ledger entry of a stream."""
    last = entries_in(stream).last()
    return (0, EMPTY_HASH) if last is None else (last.seq, last.hash)


def _batch_part(batch: Any) -> dict[str, Any]:
    order = batch.order
    seq, head = ledger_head(batch.stream())
    deviations = deviations_of(batch).order_by("id")
    return {
        "record": "batch",
        "batch": batch.number,
        "order": order.number,
        "patient": order.patient.code,
        "chain_of_identity": order.chain.value,
        "therapy": order.therapy.code,
        "steps": batch.steps.count(),
        "exceptions": exceptions_of(batch).count(),
        "deviations": [f"{one.number} {one.state}" for one in deviations],
        "ledger_entries": seq,
        "ledger_head": head,
    }


def review_statement(batch: Any, kind: str) -> dict[str, Any]:
    """Return what is signed when production or quality has reviewed a batch."""
    return {**_batch_part(batch), "review": kind}


def trail_statement(batch: Any) -> dict[str, Any]:
    """Return what is signed when the audit trail of a batch has been reviewed: how far, and of what."""
    order = batch.order
    seq, head = ledger_head(batch.stream())
    chain_seq, chain_head = ledger_head(order.chain.stream())
    streams = (batch.stream(), order.chain.stream())
    critical = LedgerEntry.objects.filter(critical_entries(), stream__in=streams)
    return {
        "record": "trail",
        "batch": batch.number,
        "order": order.number,
        "patient": order.patient.code,
        "chain_of_identity": order.chain.value,
        "ledger_entries": seq,
        "ledger_head": head,
        "chain_entries": chain_seq,
        "chain_head": chain_head,
        "critical_entries": critical.count(),
    }


def disposition_statement(batch: Any, decision: str) -> dict[str, Any]:
    """Return what a Qualified Person signs when a batch is released or rejected."""
    return {
        **_batch_part(batch),
        "decision": decision,
        "consequence": consequence(batch, decision),
    }


def consequence(batch: Any, decision: str) -> str:
    """Return in words what a disposition does."""
    return CONSEQUENCES[decision].format(
        batch=batch.number, patient=batch.order.patient.code, order=batch.order.number
    )


def closing_statement(deviation: Deviation) -> dict[str, Any]:
    """Return what is signed when a deviation is closed."""
    batch = batch_of(deviation)
    return {
        "record": "deviation",
        "deviation": deviation.number,
        "batch": None if batch is None else batch.number,
        "title": deviation.title,
        "description": deviation.description,
        "classification": deviation.classification,
        "cause": deviation.cause,
        "impact_on_other_batches": deviation.impact_on_other_batches,
        "decision": deviation.decision,
        "version": deviation.version,
        "reported_by": deviation.reported_by.full_name,
        "reported_at": deviation.reported_at,
    }


def shown_lines(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a statement that a signer reads in the dialog."""
    lines = []
    for name, label in LABELS.items():
        value = statement.get(name)
        if isinstance(value, list):
            value = ", ".join(value) or "none"
        if value not in (None, ""):
            lines.append({"label": label, "value": value})
    return lines
