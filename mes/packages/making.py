"""Making a package: everything that is known of a batch, and what proves it, as it is at one moment.

Nothing in it names the patient: it holds what the record and its ledger hold.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from audit.keys import known_keys, paper_key, seal, sealing_key
from audit.ledger import Heads, last_witness, proofs_of, read_checkpoints
from audit.models import Signature
from audit.queries import entries_in, signatures_in
from audit.verification import one_moment
from batches.models import Batch
from batches.queries import batches_seen
from batches.reports.batch_record import pdf_of
from batches.reports.signed import signed
from kernel.canonical import canonical, plain
from mes.build import product_version
from mes.packages import verify
from mes.packages.container import Container
from mes.production_record import production_record
from mes.record import record_document
from mes.verifying import streams_of
from monitoring.models import Watch
from monitoring.queries import raw_readings, watches_of

README = Path(__file__).with_name("README.txt")
CHUNK = 2000


def write_package(batch: Batch, file: BinaryIO, *, at: datetime) -> None:
    """Write the package of a batch.

    The checkpoints are read before the database, so that they never know more than it does.
    """
    streams = streams_of(batch)
    known, last = last_witness(Path(settings.CHECKPOINT_FILE))
    lines = witnesses(streams, last)
    container = Container(file)
    with one_moment():
        batch = batches_seen(None).get(pk=batch.pk)
        document = record_document(batch)
        container.add("README.txt", [README.read_bytes()])
        container.add("record.pdf", [signed(pdf_of(document))])
        container.add("record.json", [canonical(document).encode()])
        container.add("production-record.json", [_json(production_record(document))])
        container.add("signatures.json", [_json(signatures_of(streams))])
        container.add("ledger.jsonl", ledger_of(streams))
        for one in batch.attachments.order_by("pk").iterator(chunk_size=1):
            container.add(f"files/{one.pk}-{one.name}", [bytes(one.content)])
        watches = list(watches_of(batch.pk))
        container.add("readings.json", [_json([index_of(watch, batch) for watch in watches])])
        for watch in watches:
            container.add(file_of(watch), csv_of(watch, batch))
    container.add("checkpoints.jsonl", (canonical(line).encode() + b"\n" for line in lines))
    container.add("proofs.json", [_json(proofs(known, last, streams))])
    container.add("public-keys.json", [_json(public_keys())])
    container.add("verify.py", [Path(verify.__file__).read_bytes()])
    manifest = _json(
        {
            "format": verify.FORMAT,
            "record_format": document["format"],
            "version": product_version(),
            "batch": batch.number,
            "made_at": plain(at),
            "content_digest": document["content_digest"],
            "digest": document["digest"],
            "streams": streams,
            "files": container.listed,
        }
    )
    container.add(verify.MANIFEST, [manifest])
    container.add(verify.SEAL, [seal_of(manifest)])
    container.finish()


def _json(value: Any) -> bytes:
    """Return JSON that a person can read, too."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode() + b"\n"


def seal_of(manifest: bytes) -> bytes:
    """Return the seal of a manifest, as a file."""
    body = {
        "format": verify.FORMAT,
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "key": sealing_key()[0],
    }
    return canonical({**body, "seal": seal(canonical(body))[1]}).encode() + b"\n"


def public_keys() -> dict[str, Any]:
    """Return the public keys that a seal may carry, and the certificate of the printed record."""
    raw = {
        key_id: key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        for key_id, key in known_keys().items()
    }
    certificate = paper_key()[1]
    return {
        "seals": {key_id: one.hex() for key_id, one in raw.items()},
        "paper": {
            "certificate": certificate.hex(),
            "fingerprint": hashlib.sha256(certificate).hexdigest(),
        },
    }


def witnesses(streams: list[str], last: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the checkpoints that name one of the streams, and the last one there is."""
    lines = list(read_checkpoints(Path(settings.CHECKPOINT_FILE), naming=tuple(streams)))
    if last is None:
        return lines
    # One that was written meanwhile may see what the database is not asked for.
    return [*(line for line in lines if line["n"] < last["n"]), last]


def proofs(known: Heads, last: dict[str, Any] | None, streams: list[str]) -> dict[str, Any]:
    """Return where the streams stand in the tree of the last checkpoint."""
    if last is None or "tree" not in last:
        return {"checkpoint": None, "proofs": []}
    return {"checkpoint": last["n"], "proofs": proofs_of(known, streams)}


def signatures_of(streams: list[str]) -> list[dict[str, Any]]:
    """Return every signature of the streams, with what its seal covers."""
    return [_signature(one) for stream in streams for one in signatures_in(stream).order_by("pk")]


def _signature(one: Signature) -> dict[str, Any]:
    return {
        "id": one.pk,
        "statement": one.statement,
        "sealed": one.sealed_part(),
        "seal": one.seal,
        "key_id": one.key_id,
    }


def ledger_of(streams: list[str]) -> Iterator[bytes]:
    """Yield the ledger of the streams, line by line, every text as it was chained."""
    for stream in streams:
        for one in entries_in(stream).iterator(chunk_size=CHUNK):
            line = {
                "stream": one.stream,
                "seq": one.seq,
                "recorded_at": one.recorded_at,
                "entry": one.entry,
                "prev_hash": one.prev_hash,
                "hash": one.hash,
            }
            yield canonical(line).encode() + b"\n"


def file_of(watch: Watch) -> str:
    """Return the name of the file with the readings of a watch."""
    plain_code = re.sub(r"[^A-Za-z0-9-]", "_", watch.sensor.code)
    return f"readings/{plain_code}-{watch.pk}.csv"


def index_of(watch: Watch, batch: Batch) -> dict[str, Any]:
    """Return what the readings of a watch are."""
    return {
        "file": file_of(watch),
        "watch": watch.pk,
        "sensor": watch.sensor.code,
        "quantity": watch.sensor.quantity,
        "unit": watch.sensor.unit,
        "from": watch.opened_at,
        "to": watch.closed_at or batch.updated_at,
        "digest": (watch.summary or {}).get("readings_digest"),
    }


def csv_of(watch: Watch, batch: Batch) -> Iterator[bytes]:
    """Yield the readings of a watch as CSV: the exact doubles, from which the digest can be made."""
    yield b"at,value,quality\n"
    end = watch.closed_at or batch.updated_at
    rows = raw_readings(watch.sensor_id, watch.opened_at, end)
    yield from _in_chunks(
        f"{plain(at)},{'' if value is None else repr(value)},{quality}\n"
        for at, value, quality in rows
    )


def _in_chunks(lines: Iterable[str]) -> Iterator[bytes]:
    rest = iter(lines)
    while chunk := "".join(islice(rest, CHUNK)):
        yield chunk.encode()
