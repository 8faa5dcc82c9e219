"""The ledger: its chain recomputed in Python, its checkpoints, and the proof that nothing changed.

Source of the chain: requirements 20.11; h_n = SHA-256(hex(h_(n-1)) || canonical(link n)).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from audit.acts import Act
from audit.keys import seal
from audit.models import Checkpoint
from kernel.canonical import EMPTY_HASH, canonical, digest, plain

# One checkpoint at a time, over all workers.
CHECKPOINT_LOCK = 7_316_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was recorded: where, and what is wrong."""

    kind: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.detail}"


def link_text(*, stream: str, seq: int, recorded_at: Any, entry: str) -> str:
    """Return the canonical text that is chained for one entry, as the trigger writes it."""
    return (
        f'{{"entry":{entry},"recorded_at":"{plain(recorded_at)}","seq":{seq},"stream":"{stream}"}}'
    )


def heads() -> dict[str, tuple[int, str]]:
    """Return the last link of every stream: {stream: (seq, hash)}."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (stream) stream, seq, hash FROM audit_ledgerentry"
            " ORDER BY stream, seq DESC"
        )
        return {stream: (seq, link) for stream, seq, link in cursor.fetchall()}


def root_of(known: Mapping[str, tuple[int, str]]) -> str:
    """Return one digest over all stream heads."""
    return digest({stream: [seq, link] for stream, (seq, link) in known.items()})


def read_checkpoints(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a checkpoint file.

    Raises:
        ValueError: a line is not a JSON object.
    """
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise TypeError("a checkpoint is an object")
            yield line


def witnessed(path: Path) -> tuple[dict[str, tuple[int, str]], str, int]:
    """Return what the file says of the heads, the digest of its last line, and its last number."""
    known: dict[str, tuple[int, str]] = {}
    previous, number = EMPTY_HASH, 0
    for line in read_checkpoints(path):
        known.update({stream: (seq, link) for stream, (seq, link) in line["changed"].items()})
        previous, number = digest(line), line["n"]
    return known, previous, number


def write_checkpoint(*, act: Act) -> dict[str, Any] | None:
    """Append a signed statement of all stream heads to the checkpoint file; None if nothing moved.

    The file is written before the row: a crash in between leaves a line without a row, which is
    harmless, while a row without a line would look like a lost witness.
    """
    path = Path(settings.CHECKPOINT_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known, previous, number = witnessed(path)
        now = heads()
        changed = {
            stream: [seq, link]
            for stream, (seq, link) in now.items()
            if known.get(stream) != (seq, link)
        }
        if not changed:
            return None
        body = {
            "n": number + 1,
            "at": plain(act.at),
            "changed": changed,
            "root": root_of(now),
            "previous": previous,
        }
        key_id, signature = seal(canonical(body))
        line = {**body, "key": key_id, "seal": signature}
        file.write(canonical(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    Checkpoint.objects.create(at=act.at, root=body["root"], line=canonical(line))
    return line
