"""The witness: what the checkpoint file says of the streams, and whether the file itself is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from audit.keys import is_sealed
from audit.ledger import (
    Finding,
    Heads,
    last_checkpoint,
    line_from,
    read_checkpoints,
    sealed_text,
    tree_of,
)
from audit.models import Checkpoint
from audit.verification.naming import UNREADABLE, finding
from kernel.canonical import EMPTY_HASH, digest

CHUNK = 2000


class Witness:
    """The heads that signed checkpoints saw: {stream: (seq, hash, number of the checkpoint)}.

    Only the last head of a stream is kept: the chain from it back to the beginning vouches for
    all before. A verification of some streams reads only the lines that name them.
    """

    def __init__(self, streams: Sequence[str] | None) -> None:
        self.streams = streams
        self.path = Path(settings.CHECKPOINT_FILE)
        self.heads: dict[str, tuple[int, str, int]] = {}
        self.last = 0
        self.last_at: str | None = None

    def read(self) -> Iterator[Finding]:
        """Read the file, check it, and keep what it says of the streams."""
        if self.streams is None:
            yield from self._read_all()
        else:
            yield from self._read_some(self.streams)

    def _read_some(self, streams: Sequence[str]) -> Iterator[Finding]:
        wanted = set(streams)
        newest = Checkpoint.objects.order_by("-pk").values_list("line", flat=True).first()
        remembered = None if newest is None else line_from(newest)
        for line in read_checkpoints(self.path, naming=tuple(streams)):
            if not _is_ours(line):
                yield finding("witness", f"checkpoint {line['n']}", "its seal is not ours")
            self._keep({name: head for name, head in line["heads"].items() if name in wanted}, line)
        last = last_checkpoint(self.path)
        if last is not None:
            self.last, self.last_at = last["n"], str(last["at"])
        if remembered is not None and self.last == 0:
            yield _gone()
        elif remembered is not None and remembered["n"] > self.last:
            yield _cut(self.last + 1)

    def _read_all(self) -> Iterator[Finding]:
        newest = Checkpoint.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        rows = _known_rows(newest)
        row = next(rows, None)
        previous, tree = EMPTY_HASH, None
        for line in read_checkpoints(self.path):
            where = f"checkpoint {line['n']}"
            if line["n"] != self.last + 1 or line["previous"] != previous:
                yield finding("witness", where, "a line before it is missing or was changed")
            if not _is_ours(line):
                yield finding("witness", where, "its seal is not ours")
            while row is not None and row[0] < line["n"]:
                yield finding("witness", f"checkpoint {row[0]}", "its line is gone from the file")
                row = next(rows, None)
            previous = _digest(line)
            if row is not None and row[0] == line["n"]:
                if row[1] != previous:
                    yield finding("witness", where, "file and database disagree")
                row = next(rows, None)
            self._keep(line["heads"], line)
            self.last, self.last_at, tree = line["n"], str(line["at"]), line.get("tree")
            if line["is_full"] and "tree" in line:
                # A full line names every stream: its tree can be made again from it alone.
                yield from _same_tree(
                    line["n"], tree, {s: tuple(h) for s, h in line["heads"].items()}
                )
        if tree is not None:
            known = {stream: head[:2] for stream, head in self.heads.items()}
            yield from _same_tree(self.last, tree, known)
        if row is not None and self.last == 0:
            yield _gone()
        elif row is not None:
            yield _cut(row[0])

    def _keep(self, heads: dict[str, Any], line: dict[str, Any]) -> None:
        for stream, (seq, link) in heads.items():
            known = self.heads.get(stream)
            if known is None or known[:2] != (seq, link):
                self.heads[stream] = (seq, link, line["n"])

    def seen(self, stream: str) -> Iterator[tuple[int, str, int]]:
        """Yield every head of a stream that any checkpoint saw: (seq, hash, number), in order."""
        for line in read_checkpoints(self.path, naming=(stream,)):
            head = line["heads"].get(stream)
            if head is not None:
                yield head[0], head[1], line["n"]


def _same_tree(number: int, tree: Any, heads: Heads) -> Iterator[Finding]:
    if tree != tree_of(heads):
        yield finding("witness", f"checkpoint {number}", "its tree is not that of its heads")


def _is_ours(line: dict[str, Any]) -> bool:
    try:
        return is_sealed(sealed_text(line), key_id=line["key"], signature=line["seal"])
    except UNREADABLE:
        return False


def _digest(line: dict[str, Any]) -> str:
    try:
        return digest(line)
    except UNREADABLE:
        return ""


def _gone() -> Finding:
    return finding("witness", "checkpoint file", "is gone, but the database knows it")


def _cut(number: int) -> Finding:
    where = f"checkpoint {number}"
    return finding("witness", where, "its line, and all after it, are gone from the file")


def _known_rows(newest: int) -> Iterator[tuple[int, str]]:
    """Yield (number, digest) of the lines that the database remembers, oldest first."""
    at = 0
    while True:
        rows = Checkpoint.objects.filter(pk__gt=at, pk__lte=newest).order_by("pk")
        chunk = list(rows.values_list("pk", "root", "line")[:CHUNK])
        for _, root, text in chunk:
            line = line_from(text)
            if line is not None:
                yield line["n"], root
        if len(chunk) < CHUNK:
            return
        at = chunk[-1][0]
