"""Verifying on request: one batch while somebody waits, the whole ledger as a job."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from audit.commands import Progress
from audit.verification import Finding, Verifier, plain_report
from batches.models import Batch

VERIFY_LEDGER = "verify_ledger"
# What a report keeps; whoever finds more than this knows enough.
KEPT = 200


def streams_of(batch: Batch) -> list[str]:
    """Return the streams in which the record of a batch is chained."""
    return [batch.stream(), batch.order.chain.stream()]


def report_of(verifier: Verifier, *, most: int = KEPT) -> dict[str, Any]:
    """Walk, and return what was found, the first ``most`` of it by name."""
    found = verifier.findings()
    kept: list[Finding] = list(islice(found, most))
    more = sum(1 for _ in found)
    return {**plain_report(verifier, kept), "more": more}


def verify_batch(batch: Batch) -> dict[str, Any]:
    """Return the report on one batch: its ledger, rows, signatures, readings and seal."""
    return report_of(Verifier(streams=streams_of(batch)))


def verify_ledger(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Verify everything (a job)."""
    return report_of(Verifier(progress=progress.tell))
