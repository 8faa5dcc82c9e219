"""Files: the photos, files and printed labels of a batch, and whether they are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from batches.models import Attachment, Batch
from kernel.errors import NotFound


def files_of(batch: Batch) -> list[Attachment]:
    """Return what a batch has on file, oldest first, without the bytes; one query."""
    found = batch.attachments.select_related("made_by", "step").defer("content")
    return list(found.order_by("pk"))


def file_found(batch: Batch, file_id: int) -> Attachment:
    """Return one file of a batch, with its bytes.

    Raises:
        NotFound: the batch has no such file.
    """
    found = batch.attachments.filter(pk=file_id).first()
    if found is None:
        raise NotFound(f"Batch {batch.number} has no such file.")
    return found


def changed_files(batch: Batch) -> Iterator[Attachment]:
    """Yield the files of a batch whose bytes are not those of their digest, one at a time."""
    for one in batch.attachments.order_by("pk").iterator(chunk_size=1):
        if hashlib.sha256(bytes(one.content)).hexdigest() != one.digest:
            yield one
