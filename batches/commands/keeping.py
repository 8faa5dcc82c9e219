"""Keeping: a file of a step that is locked, inside the command that caused it."""

from __future__ import annotations

import hashlib

from audit.acts import Act, record
from audit.queries import next_id
from batches.commands.file_contents import Content
from batches.models import Attachment, Step


def kept(
    step: Step, content: Content, *, copies: int, reason: str, act: Act, sort: str = ""
) -> Attachment:
    """Keep a file of a step that is locked, inside the command that caused it."""
    made = Attachment(
        id=next_id(Attachment),
        batch_id=step.batch_id,
        step=step,
        number=step.attachments.count() + 1,
        sort=sort or content.sort,
        name=content.name[:80],
        content_type=content.content_type,
        size=len(content.content),
        digest=hashlib.sha256(content.content).hexdigest(),
        content=content.content,
        copies=copies,
        reason=reason,
        made_by=act.by,
        made_at=act.at,
    )
    made.save(force_insert=True)
    record(act, "attach", made)
    return made
