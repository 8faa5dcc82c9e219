"""Chains: every link recomputed, in the order of its stream, and compared with the witness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from django.db import connection

from audit.keys import warrants_in
from audit.ledger import Finding
from audit.verification.naming import UNREADABLE, finding
from audit.verification.rows import Rows
from audit.verification.witness import Witness
from kernel.canonical import EMPTY_HASH

CHUNK = 2000
Progress = Callable[[int, int], None]

# Times as the trigger writes them; read as text, no value of a column can stop the walk.
COLUMNS = (
    "stream, seq, coalesce(to_char(recorded_at AT TIME ZONE 'UTC',"
    ' \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'), recorded_at::text),'
    " entry, prev_hash, hash, act::text, actor_id, verb, subject_type, subject_id"
)
# {"…","warrant":"<64 hexadecimal digits>"}
WARRANT = ',"warrant":"'
TAIL = len(WARRANT) + 64 + 2


class Chains:
    """The walk over the ledger; what each entry says is handed on to the comparison of the rows."""

    def __init__(
        self,
        streams: Sequence[str] | None,
        witness: Witness,
        rows: Rows,
        progress: Progress | None,
    ) -> None:
        self.streams = streams
        self.witness = witness
        self.rows = rows
        self.progress = progress
        self.entries = 0
        self.stream = ""
        self.seq = 0
        self.link = EMPTY_HASH
        self.recorded_at = ""
        self.warrant = warrants_in("")
        # The heads that the witness saw and the walk has not met yet.
        self.wanted: dict[str, tuple[int, str, int]] = {}

    def walk(self) -> Iterator[Finding]:
        """Walk all entries of the streams, and name every link that does not hold."""
        self.wanted = dict(self.witness.heads)
        clause, given = self._scope()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM audit_ledgerentry {clause}", given)  # noqa: S608 - our own words
            total = cursor.fetchone()[0]
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM audit_ledgerentry {clause} ORDER BY stream, seq",  # noqa: S608 - our own words
                given,
            )
            while chunk := cursor.fetchmany(CHUNK):
                for row in chunk:
                    if row[0] != self.stream:
                        self._begin(row[0])
                        if self.rows.is_full():
                            yield from self.rows.compare()
                    try:
                        found = self._check(*row)
                    except UNREADABLE:
                        # A column without a value, where there always is one.
                        found = [finding("entry", f"ledger {row[0]} #{row[1]}", "cannot be read")]
                    if found:
                        yield from found
                self.entries += len(chunk)
                if self.progress is not None:
                    self.progress(self.entries, total)
        yield from self._missing()

    def _scope(self) -> tuple[str, list[Any]]:
        if self.streams is None:
            return "", []
        return "WHERE stream = ANY (%s)", [list(self.streams)]

    def _begin(self, stream: str) -> None:
        self.stream, self.seq, self.link, self.recorded_at = stream, 0, EMPTY_HASH, ""
        self.warrant = warrants_in(stream)

    def _check(
        self,
        stream: str,
        seq: int,
        recorded_at: str,
        entry: str,
        previous: str,
        link: str,
        *columns: Any,
    ) -> Sequence[Finding]:
        """Check one link against the one before, its own hash, its warrant and the witness."""
        text = (
            f'{previous}{{"entry":{entry},"recorded_at":"{recorded_at}","seq":{seq}'
            f',"stream":"{stream}"}}'
        )
        is_same = sha256(text.encode()).hexdigest() == link
        is_next = seq == self.seq + 1 and previous == self.link
        is_warranted = entry[-TAIL : 12 - TAIL] == WARRANT and entry[-66:-2] == self.warrant(
            entry[:-TAIL] + "}"
        )
        is_later = recorded_at >= self.recorded_at
        found: list[Finding] | tuple[()] = ()
        if not (is_same and is_next and is_warranted and is_later):
            found = list(self._broken(seq, previous, is_same, is_warranted, is_later))
        self.seq, self.link, self.recorded_at = seq, link, recorded_at
        wanted = self.wanted.get(stream)
        if wanted is not None and wanted[0] == seq:
            del self.wanted[stream]
            if wanted[1] != link:
                found = [*found, self._rewritten(stream, wanted)]
        try:
            wrong = self.rows.fold(stream, entry, columns, is_warranted)
        except UNREADABLE:
            wrong = ["cannot be read"]
        if wrong:
            where = f"ledger {stream} #{seq}"
            found = [*found, *(finding("entry", where, detail) for detail in wrong)]
        return found

    def _broken(
        self, seq: int, previous: str, is_same: bool, is_warranted: bool, is_later: bool
    ) -> Iterator[Finding]:
        where = f"ledger {self.stream} #{seq}"
        if seq != self.seq + 1:
            missing = f"#{self.seq + 1}"
            if seq != self.seq + 2:
                missing += f" to #{seq - 1}"
            yield finding("gap", f"ledger {self.stream} {missing}", "is missing")
        elif previous != self.link:
            yield finding("chain", where, "does not follow the entry before it")
        if not is_same:
            yield finding("hash", where, "was changed after it was recorded")
        if not is_warranted:
            yield finding("forged", where, "was not written by this application")
        if not is_later:
            yield finding("clock", where, "is older than the entry before it")

    def _rewritten(self, stream: str, wanted: tuple[int, str, int]) -> Finding:
        """Name the first entry of a stream that is not what a checkpoint saw."""
        for seq, link, number in self.witness.seen(stream):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT hash FROM audit_ledgerentry WHERE stream = %s AND seq = %s",
                    [stream, seq],
                )
                found = cursor.fetchone()
            if found is None or found[0] != link:
                wanted = (seq, link, number)
                break
        return finding(
            "rewritten",
            f"ledger {stream} #{wanted[0]}",
            f"is not what checkpoint {wanted[2]} saw",
        )

    def _missing(self) -> Iterator[Finding]:
        """Name what the checkpoints saw and the ledger no longer has."""
        for stream, (seq, _, number) in sorted(self.wanted.items()):
            if self.streams is None or stream in self.streams:
                yield finding(
                    "truncated",
                    f"ledger {stream} #{seq}",
                    f"is missing; checkpoint {number} saw it",
                )
