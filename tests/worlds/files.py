"""Files on record, for tests that ask who may open them."""

from __future__ import annotations

from audit.acts import Act, command
from batches.commands.file_contents import Content
from batches.commands.keeping import kept
from batches.models import Attachment, Batch
from tests.worlds.audit import act_by


def file_on_record(batch: Batch) -> Attachment:
    """A small table in the first step of a batch."""
    return _on_record(batch=batch, act=act_by())


@command
def _on_record(*, batch: Batch, act: Act) -> Attachment:
    step = batch.steps.order_by("ordinal")[0]
    content = Content("csv", "table.csv", "text/csv", b"a,b\n1,2\n")
    return kept(step, content, copies=1, reason="", act=act)
