"""The ledger: its chain recomputed in Python, and its checkpoints in a file outside the database.

Source of the chain: requirements 20.11; h_n = SHA-256(hex(h_(n-1)) || canonical(link n)).

Note [Checkpoints]: a checkpoint is one line that names the heads of the streams that moved since
the line before; every thousandth names all. A line is chained to the one before by its digest and
sealed with a key the database never sees, so the digest of the last line stands for all heads.
``tree`` is the Merkle root over all heads in the order of their names (``kernel.merkle``): with a
line and a path of a few hashes anyone can check one stream and learn nothing of the others.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection

from audit.acts import Act
from audit.keys import seal, sealing_key
from audit.models import Checkpoint
from kernel.canonical import EMPTY_HASH, canonical, digest, plain
from kernel.errors import NotFound
from kernel.merkle import leaf_hash, path_to, root_of

# One checkpoint at a time, over all workers.
CHECKPOINT_LOCK = 7_316_101
# Every so many lines one names the heads of all streams, so that nobody must read further back.
FULL_EVERY = 1000
BLOCK = 1 << 16
NEEDED = ("n", "at", "is_full", "heads", "previous", "key", "seal")

# One look-up per stream, however many entries it has (a loose index scan).
HEADS = """
WITH RECURSIVE streams AS (
    (SELECT stream FROM audit_ledgerentry ORDER BY stream LIMIT 1)
    UNION ALL
    SELECT (SELECT e.stream FROM audit_ledgerentry e WHERE e.stream > s.stream
             ORDER BY e.stream LIMIT 1)
      FROM streams s WHERE s.stream IS NOT NULL
)
SELECT s.stream, last.seq, last.hash
  FROM streams s CROSS JOIN LATERAL (
    SELECT seq, hash FROM audit_ledgerentry e WHERE e.stream = s.stream ORDER BY seq DESC LIMIT 1
  ) last WHERE s.stream IS NOT NULL
"""

Heads = dict[str, tuple[int, str]]


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


def heads() -> Heads:
    """Return the last link of every stream: {stream: (seq, hash)}."""
    with connection.cursor() as cursor:
        cursor.execute(HEADS)
        return {stream: (seq, link) for stream, seq, link in cursor.fetchall()}


def line_from(text: str) -> dict[str, Any] | None:
    """Return a line of the checkpoint file, or None where it was torn by a crash or by a hand."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not all(name in line for name in NEEDED):
        return None
    if not isinstance(line["n"], int) or not isinstance(line["heads"], dict):
        return None
    if not all(_is_head(head) for head in line["heads"].values()):
        return None
    return line


def _is_head(head: Any) -> bool:
    return (
        isinstance(head, list)
        and len(head) == 2
        and isinstance(head[0], int)
        and isinstance(head[1], str)
    )


def sealed_text(line: Mapping[str, Any]) -> str:
    """Return what the seal of a line covers: all of it but the seal."""
    return canonical({name: value for name, value in line.items() if name != "seal"})


def leaves_of(heads: Heads) -> list[bytes]:
    """Return the leaves of the tree over these heads, in the order of the names of their streams."""
    return [
        leaf_hash(canonical([stream, *head]).encode()) for stream, head in sorted(heads.items())
    ]


def tree_of(heads: Heads) -> dict[str, Any]:
    """Return the size and the root of the tree over these heads."""
    leaves = leaves_of(heads)
    return {"size": len(leaves), "root": root_of(leaves).hex()}


def proofs_of(heads: Heads, streams: Iterable[str]) -> list[dict[str, Any]]:
    """Return, for those of ``streams`` that have a head, where it stands in the tree and its path."""
    leaves, places = leaves_of(heads), {stream: at for at, stream in enumerate(sorted(heads))}
    return [
        {
            "stream": stream,
            "seq": heads[stream][0],
            "hash": heads[stream][1],
            "index": places[stream],
            "path": [step.hex() for step in path_to(leaves, places[stream])],
        }
        for stream in streams
        if stream in places
    ]


def read_checkpoints(path: Path, *, naming: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Yield the lines of a checkpoint file that can be read, oldest first.

    Args:
        naming: only lines that name one of these streams.
    """
    wanted = [f'"{stream}":' for stream in naming]
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    with file:
        for text in file:
            if wanted and not any(name in text for name in wanted):
                continue
            line = line_from(text)
            if line is not None:
                yield line


def moved_since(path: Path, number: int) -> list[str]:
    """Return the streams whose head is not the one that checkpoint ``number`` saw, by name.

    Raises:
        NotFound: the file has no such checkpoint.
    """
    known: Heads = {}
    for line in read_checkpoints(path):
        known.update({stream: (seq, link) for stream, (seq, link) in line["heads"].items()})
        if line["n"] == number:
            now = heads()
            return sorted(one for one in {*known, *now} if known.get(one) != now.get(one))
    raise NotFound(f"There is no checkpoint {number}.")


def _backwards(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines of a file from the last to the first."""
    at, rest = file.seek(0, os.SEEK_END), b""
    while at > 0:
        size = min(BLOCK, at)
        at -= size
        file.seek(at)
        first, *lines = (file.read(size) + rest).split(b"\n")
        yield from (one.decode(errors="replace") for one in reversed(lines) if one)
        rest = first
    if rest:
        yield rest.decode(errors="replace")


def witnessed(file: IO[bytes]) -> tuple[Heads, dict[str, Any] | None]:
    """Return the heads that a file knows, and its last line that can be read."""
    later: list[dict[str, Any]] = []
    for text in _backwards(file):
        line = line_from(text)
        if line is None:
            continue
        later.append(line)
        if line["is_full"]:
            break
    known: Heads = {}
    for line in reversed(later):
        known.update({stream: (seq, link) for stream, (seq, link) in line["heads"].items()})
    return known, later[0] if later else None


def last_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return the last line of a checkpoint file that can be read."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        return next((line for text in _backwards(file) if (line := line_from(text))), None)


def last_witness(path: Path) -> tuple[Heads, dict[str, Any] | None]:
    """Return all heads that a checkpoint file knows, and its last line."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return {}, None
    with file:
        return witnessed(file)


def write_checkpoint(*, act: Act) -> dict[str, Any] | None:
    """Append a signed statement of the stream heads to the checkpoint file; None if nothing moved.

    The file is written before the row: a crash in between leaves a line without a row, which is
    harmless, while a row without a line would look like a lost witness.
    """
    path = Path(settings.CHECKPOINT_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known, last = witnessed(file)
        now = heads()
        changed = {stream: head for stream, head in now.items() if known.get(stream) != head}
        if not changed:
            return None
        line = _sealed_line(last, act, now, changed)
        file.write(_ending(file) + canonical(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    Checkpoint.objects.create(at=act.at, root=digest(line), line=canonical(line))
    return line


def _ending(file: IO[bytes]) -> bytes:
    """Return what ends a last line that a crash has torn."""
    if file.seek(0, os.SEEK_END) == 0:
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _sealed_line(
    last: dict[str, Any] | None, act: Act, now: Heads, changed: Heads
) -> dict[str, Any]:
    number = last["n"] + 1 if last else 1
    is_full = number % FULL_EVERY == 1
    body: dict[str, Any] = {
        "n": number,
        "at": plain(act.at),
        "is_full": is_full,
        "heads": {stream: list(head) for stream, head in (now if is_full else changed).items()},
        "tree": tree_of(now),
        "previous": digest(last) if last else EMPTY_HASH,
        "key": sealing_key()[0],
    }
    return {**body, "seal": seal(sealed_text(body))[1]}
