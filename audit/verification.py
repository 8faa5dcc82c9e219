"""Verification: walk ledger, witness, rows and signatures, and name what is not as recorded.

Four independent questions: does every link follow from the one before; are the heads those that
the signed checkpoints outside the database saw; do the rows hold what the ledger says they hold;
and does every signature still cover what was signed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from audit.keys import is_sealed
from audit.ledger import Finding, link_text, read_checkpoints, root_of
from audit.models import Checkpoint, LedgerEntry, Recorded, Signature
from kernel.canonical import EMPTY_HASH, canonical, chained, digest, plain

CHUNK = 2000
Progress = Callable[[int, int], None]


def recorded_models() -> list[type[Recorded]]:
    """Return every model under the ledger."""
    return [model for model in apps.get_models() if issubclass(model, Recorded)]


class Verifier:
    """One walk over everything, or over some streams.

    Args:
        streams: the streams to walk; None is all of them.
        progress: told (entries walked, entries in all) from time to time.
    """

    def __init__(self, streams: list[str] | None = None, progress: Progress | None = None) -> None:
        self.streams = streams
        self.progress = progress or (lambda done, total: None)
        self.entries = 0
        self.rows = 0
        self.signatures = 0
        self.checkpoints = 0
        self.last_checkpoint_at: str | None = None
        self.heads: dict[str, tuple[int, str]] = {}
        self.wanted: dict[tuple[str, int], tuple[str, int]] = {}
        self.state: dict[tuple[str, str], dict[str, Any]] = {}
        self.home: dict[tuple[str, str], str] = {}

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is not as it was recorded; nothing when all is well."""
        yield from self.read_witness()
        yield from self.walk_chains()
        yield from self.compare_heads()
        yield from self.compare_rows()
        yield from self.check_signatures()
        yield from self.check_guards()

    def read_witness(self) -> Iterator[Finding]:
        """Check the checkpoint file itself, and keep what it says of the streams."""
        previous, number = EMPTY_HASH, 0
        known: dict[str, tuple[int, str]] = {}
        try:
            for line in read_checkpoints(Path(settings.CHECKPOINT_FILE)):
                where = f"checkpoint {number + 1}"
                body = {name: line[name] for name in ("n", "at", "changed", "root", "previous")}
                if line["n"] != number + 1 or line["previous"] != previous:
                    yield Finding(kind="witness", where=where, detail="a line is missing before it")
                text = canonical(body)
                if not is_sealed(text, key_id=line["key"], signature=line["seal"]):
                    yield Finding(kind="witness", where=where, detail="its seal is not ours")
                for stream, (seq, link) in line["changed"].items():
                    known[stream] = (seq, link)
                    self.wanted[stream, seq] = (link, line["n"])
                if root_of(known) != line["root"]:
                    yield Finding(kind="witness", where=where, detail="root and heads disagree")
                previous, number = digest(line), line["n"]
                self.last_checkpoint_at = line["at"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield Finding(
                kind="witness",
                where=f"checkpoint {number + 1}",
                detail=f"cannot be read ({type(error).__name__})",
            )
        self.checkpoints = number
        last = Checkpoint.objects.order_by("-id").first()
        if last is not None and self.checkpoints == 0:
            yield Finding(
                kind="witness", where="checkpoint file", detail="is gone, but the database knows it"
            )

    def walk_chains(self) -> Iterator[Finding]:
        """Recompute every link, and fold the entries into what the rows must hold."""
        rows = LedgerEntry.objects.order_by("stream", "seq")
        if self.streams is not None:
            rows = rows.filter(stream__in=self.streams)
        total = rows.count()
        for row in rows.iterator(chunk_size=CHUNK):
            yield from self.check_link(row)
            self.entries += 1
            if self.entries % CHUNK == 0:
                self.progress(self.entries, total)
        self.progress(self.entries, total)

    def check_link(self, row: LedgerEntry) -> Iterator[Finding]:
        """Check one link against the one before, its own hash, its columns and the witness."""
        where = f"ledger {row.stream} #{row.seq}"
        seq, link = self.heads.get(row.stream, (0, EMPTY_HASH))
        if row.seq != seq + 1:
            missing = f"#{seq + 1}" if row.seq == seq + 2 else f"#{seq + 1} to #{row.seq - 1}"
            yield Finding(kind="gap", where=f"ledger {row.stream} {missing}", detail="is missing")
        elif row.prev_hash != link:
            yield Finding(kind="chain", where=where, detail="does not follow the entry before it")
        text = link_text(
            stream=row.stream, seq=row.seq, recorded_at=row.recorded_at, entry=row.entry
        )
        if chained(row.prev_hash, text) != row.hash:
            yield Finding(kind="hash", where=where, detail="was changed after it was recorded")
        self.heads[row.stream] = (row.seq, row.hash)
        seen = self.wanted.pop((row.stream, row.seq), None)
        if seen is not None and seen[0] != row.hash:
            yield Finding(
                kind="rewritten", where=where, detail=f"is not what checkpoint {seen[1]} saw"
            )
        try:
            yield from self.fold(where, row)
        except (ValueError, KeyError, TypeError, AttributeError):
            yield Finding(kind="entry", where=where, detail="cannot be read")

    def fold(self, where: str, row: LedgerEntry) -> Iterator[Finding]:
        """Add one entry to what its subject must hold now."""
        entry = json.loads(row.entry)
        subject = (entry["subject"]["type"], entry["subject"]["id"])
        columns = (str(row.act), row.actor_id, row.verb, row.subject_type, row.subject_id)
        told = (entry["act"], entry["by"]["id"], entry["verb"], *subject)
        if columns != told:
            yield Finding(kind="columns", where=where, detail="columns and entry disagree")
        held = self.state.setdefault(subject, {})
        for name, value in entry["before"].items():
            if held.get(name) != value:
                yield Finding(
                    kind="history", where=where, detail=f"{name} was not what the entry says"
                )
        held.update(entry["after"])
        self.home[subject] = row.stream

    def compare_heads(self) -> Iterator[Finding]:
        """Name what the checkpoints saw and the ledger no longer has."""
        for (stream, seq), (_, number) in sorted(self.wanted.items()):
            if self.streams is None or stream in self.streams:
                yield Finding(
                    kind="truncated",
                    where=f"ledger {stream} #{seq}",
                    detail=f"is missing; checkpoint {number} saw it",
                )

    def compare_rows(self) -> Iterator[Finding]:
        """Compare every row with what the ledger says it holds."""
        for model in recorded_models():
            label = model._meta.label
            expected = {key[1] for key in self.state if key[0] == label}
            for row in self.rows_of(model):
                self.rows += 1
                expected.discard(str(row.pk))
                yield from self.compare_row(label, row)
            for pk in sorted(expected):
                yield Finding(kind="deleted", where=f"{label} {pk}", detail="the row is gone")

    def rows_of(self, model: type[Recorded]) -> Iterator[Recorded]:
        """Yield the rows of a model that belong to the streams being walked."""
        rows = model._default_manager.order_by("pk")
        if self.streams is None:
            yield from rows.iterator(chunk_size=CHUNK)
            return
        kind, field = model.chained_in
        for stream in self.streams:
            if field is None:
                found = rows if stream == kind else rows.none()
            elif not kind:
                found = rows.filter(**{field: stream})
            else:
                prefix, _, value = stream.partition(":")
                found = rows.filter(**{field: value}) if prefix == kind else rows.none()
            yield from found.iterator(chunk_size=CHUNK)

    def compare_row(self, label: str, row: Recorded) -> Iterator[Finding]:
        """Compare one row, field by field."""
        where = f"{label} {row.pk}"
        held = self.state.get((label, str(row.pk)))
        if held is None:
            yield Finding(
                kind="unrecorded", where=where, detail="the ledger does not know this row"
            )
            return
        for name, value in row.snapshot().items():
            if held.get(name) != value:
                yield Finding(
                    kind="changed", where=f"{where}.{name}", detail="is not what was recorded"
                )

    def check_signatures(self) -> Iterator[Finding]:
        """Check the seal of every signature, and that its statement is the one it was made for."""
        rows = Signature.objects.order_by("pk")
        if self.streams is not None:
            rows = rows.filter(in_stream__in=self.streams)
        for row in rows.iterator(chunk_size=CHUNK):
            self.signatures += 1
            where = f"signature {row.pk}"
            if digest(row.statement) != row.statement_digest:
                yield Finding(kind="signature", where=where, detail="its statement was changed")
            text = canonical(row.sealed_part())
            if not is_sealed(text, key_id=row.key_id, signature=row.seal):
                yield Finding(kind="signature", where=where, detail="its seal is broken")

    def check_guards(self) -> Iterator[Finding]:
        """Check that the triggers that guard the tables are there and switched on."""
        if self.streams is not None:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, tgname, tgenabled FROM pg_trigger t"
                " JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal"
            )
            found = {(table, name): enabled for table, name, enabled in cursor.fetchall()}
        for table, name in expected_triggers():
            enabled = found.get((table, name))
            if enabled is None:
                yield Finding(kind="guard", where=f"trigger {name} on {table}", detail="is gone")
            elif enabled != "O":
                yield Finding(
                    kind="guard", where=f"trigger {name} on {table}", detail="is switched off"
                )


def expected_triggers() -> Iterator[tuple[str, str]]:
    """Yield (table, trigger) for every guard the database must have."""
    from audit.guards import is_append_only

    yield LedgerEntry._meta.db_table, "chain_entry"
    for model in apps.get_models():
        table = model._meta.db_table
        if is_append_only(model):
            yield table, "append_only"
            yield table, "never_emptied"
        if issubclass(model, Recorded):
            for field in model.moves:
                yield table, f"legal_{field}"


def plain_report(verifier: Verifier, found: list[Finding]) -> dict[str, Any]:
    """Return a report for a screen or a program."""
    return {
        "intact": not found,
        "entries": verifier.entries,
        "rows": verifier.rows,
        "signatures": verifier.signatures,
        "checkpoints": verifier.checkpoints,
        "last_checkpoint_at": plain(verifier.last_checkpoint_at),
        "findings": [{"kind": one.kind, "where": one.where, "detail": one.detail} for one in found],
    }
