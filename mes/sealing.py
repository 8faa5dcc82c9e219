"""Sealing: the digest of a decided batch's record, written into the ledger with the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.acts import Act, command, record
from audit.commands import enqueue, witnessing
from batches.models import Batch
from batches.queries import batches_seen
from kernel.canonical import digest
from mes.record import SEAL, content_of, parts_of
from monitoring.commands import seal_window
from monitoring.queries import watches_of

CHECKPOINT = "audit.write_checkpoint"


def seal_decided(event: Any) -> None:
    """Seal the record of a batch in the transaction that decides it (reader of both decisions).

    Whatever changes in it later differs from what was sealed. A checkpoint follows at once.
    """
    seal_record(batch_id=event.batch_id, act=event.act)
    enqueue(kind=CHECKPOINT, payload={}, act=event.act)


@command
def seal_record(*, batch_id: int, act: Act) -> str:
    """Write the digest of a batch's record, and of each of its parts, into the ledger.

    What the sensors showed is sealed first, if the courier has not come to it yet.
    """
    batch: Batch = batches_seen(None).get(pk=batch_id)
    for watch in watches_of(batch_id):
        if watch.closed_at is not None and watch.summary is None:
            seal_window(watch_id=watch.pk, act=act)
    content = content_of(batch)
    sealed = digest(content)
    record(act, SEAL, batch, content_digest=sealed, parts=parts_of(content))
    return sealed


def checkpoint_now(payload: Mapping[str, Any], act: Act) -> None:
    """Let the decision stand outside the database without waiting for the minute to end."""
    witnessing.checkpoint(act=act)
