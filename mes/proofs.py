"""Proofs of whole records, beyond rows and ledger: what verification asks the roof.

A signed value must be the value that the record holds; a sealed record must be the record; what
the sensors showed must be what was sealed; an amended batch must follow what was approved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from audit.ledger import Finding
from audit.models import LedgerEntry
from audit.queries import entries_in
from audit.verification.naming import UNREADABLE, finding
from batches.models import Batch
from batches.queries import (
    batches_seen,
    changed_copies,
    changed_files,
    strayed_raw_data,
    strays_of,
)
from kernel.canonical import digest
from mes.record import SEAL, content_of, parts_of, seal_in
from monitoring.queries import broken_seals

DECIDED = ("released", "rejected")
# Parts of a record that live on after the decision, and the records whose entries may change them.
LIVING = {
    "alarms": "monitoring.Alarm",
    "deviations": "quality.Deviation",
    "exceptions": "quality.BatchException",
}


def check_records(streams: Sequence[str] | None) -> Iterator[Finding]:
    """Name every batch whose record is not what was signed or sealed."""
    for batch in batches_in(streams).order_by("pk").iterator(chunk_size=50):
        where = f"record of {batch.number}"
        try:
            content = content_of(batch)
            yield from signed_values(content, where)
            yield from sealed_parts(batch, content, where)
            for reason in strays_of(batch):
                yield finding("amendments", where, reason)
        except UNREADABLE as error:
            yield finding("record", where, f"cannot be read ({type(error).__name__})")


def check_readings(streams: Sequence[str] | None) -> Iterator[Finding]:
    """Name every sealed window of a sensor whose readings are others now."""
    wanted = None if streams is None else set(batches_in(streams).values_list("pk", flat=True))
    for watch, reason in broken_seals(wanted):
        where = f"readings of {watch.sensor.code} for {watch.batch.number}"
        yield finding("readings", where, reason)


def check_files(streams: Sequence[str] | None) -> Iterator[Finding]:
    """Name every file of a batch, and every certified copy, that is not what it was."""
    for batch in batches_in(streams).filter(attachments__isnull=False).distinct().order_by("pk"):
        for one in changed_files(batch):
            where = f"file {one.name} of {batch.number}"
            yield finding("file", where, "its bytes are not those that were kept")
        for name, step in strayed_raw_data(batch):
            where = f"raw data {name} of {batch.number}, step {step}"
            reason = "are not those whose digest the laboratory record holds"
            yield finding("file", where, reason)
    copied = batches_in(streams).filter(certified_copies__isnull=False).distinct().order_by("pk")
    for batch in copied:
        for copy, reason in changed_copies(batch):
            yield finding("file", f"certified copy {copy.code} of {batch.number}", reason)


def batches_in(streams: Sequence[str] | None) -> QuerySet[Batch]:
    """Return the batches whose streams are being walked."""
    found = batches_seen(None)
    if streams is None:
        return found
    names = [stream.partition(":") for stream in streams]
    return found.filter(
        pk__in=[name for kind, _, name in names if kind == "batch" and name.isdigit()]
    )


def signed_values(content: dict[str, Any], where: str) -> Iterator[Finding]:
    """Compare each value that a signature covers with the value that the record holds."""
    for step in content["steps"]:
        held = {value["seq"]: value for value in step["values"]}
        for signature in step["signatures"]:
            for signed in signature["statement"].get("values", []):
                value = held.get(signed["seq"])
                if value is None or any(
                    value[name] != said for name, said in signed.items() if name != "entered_by"
                ):
                    yield finding(
                        "signed",
                        f"{where}, step {step['code']}, value {signed['seq']}",
                        f"is not what {signature['signer']} {signature['meaning']}",
                    )


def sealed_parts(batch: Batch, content: dict[str, Any], where: str) -> Iterator[Finding]:
    """Compare a decided record with what was sealed when it was decided."""
    entries = list(entries_in(batch.stream()).filter(verb=SEAL))
    sealed = seal_in(entries)
    if sealed is None:
        if batch.state in DECIDED:
            yield finding("record", where, f"was {batch.state}, and never sealed")
        return
    if digest(content) == sealed["content_digest"]:
        return
    now = parts_of(content)
    for name in sorted(set(now) | set(sealed["parts"])):
        if now.get(name) != sealed["parts"].get(name) and not _lived_on(name, entries[-1]):
            yield finding("record", f"{where}: {name}", "is not what was sealed at the decision")


def _lived_on(part: str, seal: LedgerEntry) -> bool:
    """Say whether a recorded act changed a part after the seal, as some may."""
    kind = LIVING.get(part)
    if kind is None:
        return False
    later = LedgerEntry.objects.filter(subject_type=kind, recorded_at__gt=seal.recorded_at)
    return later.exists()
