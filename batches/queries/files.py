"""Files: the photos, files and printed labels of a batch, and whether they are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from batches.models import Attachment, Batch, StepValue
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


def strayed_raw_data(batch: Batch) -> Iterator[tuple[str, str]]:
    """Yield the raw data, (name, step), that are not those whose digest the test's record holds."""
    digests = dict(batch.attachments.values_list("pk", "digest"))
    results = StepValue.objects.filter(batch=batch, step__kind="in_process_control")
    for code, details in results.order_by("pk").values_list("step__code", "details"):
        raw = (details.get("laboratory") or {}).get("raw")
        if raw and digests.get(raw["attachment"]) != raw["digest"]:
            yield raw["name"], code


def changed_files(batch: Batch) -> Iterator[Attachment]:
    """Yield the files of a batch whose bytes are not those of their digest, one at a time."""
    for one in batch.attachments.order_by("pk").iterator(chunk_size=1):
        if hashlib.sha256(bytes(one.content)).hexdigest() != one.digest:
            yield one
