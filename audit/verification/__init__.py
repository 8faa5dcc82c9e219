"""Verification: walk witness, chains, rows, signatures and guards, and name what is not as recorded.

Independent questions: does every link follow from the one before, and did this application write
it; are the heads those that the signed checkpoints outside the database saw; do the rows hold what
the ledger says they hold; does every signature still cover what was signed; are the guards of the
database in place; and whatever the floors above can prove of their own records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, transaction

from audit.ledger import Finding
from audit.verification.chains import Chains, Progress
from audit.verification.guards import check_guards
from audit.verification.naming import UNREADABLE, finding
from audit.verification.rows import Rows, recorded_models
from audit.verification.signatures import Signatures
from audit.verification.witness import Witness

# A proof of a floor above: asked with the streams being walked (None: all), yields what is wrong.
Check = Callable[[Sequence[str] | None], Iterator[Finding]]
_checks: list[Check] = []


def set_checks(*checks: Check) -> None:
    """Replace the proofs of the floors above; the roof hands them down."""
    _checks[:] = checks


class Verifier:
    """One walk over everything, or over some streams.

    Memory does not grow with the ledger: records are compared stream by stream.

    Args:
        streams: the streams to walk; None is all of them.
        progress: told (entries walked, entries in all) from time to time.
    """

    def __init__(
        self, streams: Sequence[str] | None = None, progress: Progress | None = None
    ) -> None:
        self.streams = None if streams is None else tuple(streams)
        self.witness = Witness(self.streams)
        self._rows = Rows(self.streams)
        self._chains = Chains(self.streams, self.witness, self._rows, progress)
        self._signatures = Signatures(self.streams)

    @property
    def entries(self) -> int:
        """Return how many entries were walked."""
        return self._chains.entries

    @property
    def rows(self) -> int:
        """Return how many records were compared."""
        return self._rows.compared

    @property
    def signatures(self) -> int:
        """Return how many signatures were checked."""
        return self._signatures.checked

    @property
    def checkpoints(self) -> int:
        """Return the number of the last checkpoint."""
        return self.witness.last

    @property
    def last_checkpoint_at(self) -> str | None:
        """Return the time of the last checkpoint, as the file has it."""
        return self.witness.last_at

    def findings(self) -> Iterator[Finding]:
        """Yield everything that is not as it was recorded; nothing when all is well.

        The file is read before the database, so that it never knows more than the database does.
        """
        yield from self.witness.read()
        with one_moment():
            yield from self._chains.walk()
            yield from self._rows.compare()
            yield from self._rows.unrecorded()
            yield from self._signatures.check()
            yield from check_guards()
            for check in _checks:
                yield from self._asked(check)

    def _asked(self, check: Check) -> Iterator[Finding]:
        """Ask a floor above; what it cannot read is a finding, not the end."""
        try:
            with transaction.atomic():
                yield from check(self.streams)
        except (DatabaseError, *UNREADABLE) as error:
            words = f"cannot be read ({type(error).__name__})"
            yield finding("unreadable", getattr(check, "__name__", "records"), words)


@contextmanager
def one_moment() -> Iterator[None]:
    """Let everything in this block see the database as it was at one moment.

    Inside a transaction that is already open the moment is that transaction's business.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            # Whoever owns the database may have put functions of their own before PostgreSQL's.
            cursor.execute("SET LOCAL search_path = pg_catalog, public, pg_temp")
        yield


def plain_report(verifier: Verifier, found: Sequence[Finding]) -> dict[str, Any]:
    """Return a report for a screen or a program."""
    return {
        "intact": not found,
        "entries": verifier.entries,
        "rows": verifier.rows,
        "signatures": verifier.signatures,
        "checkpoints": verifier.checkpoints,
        "last_checkpoint_at": verifier.last_checkpoint_at,
        "findings": [{"kind": one.kind, "where": one.where, "detail": one.detail} for one in found],
    }


__all__ = [
    "Check",
    "Finding",
    "Progress",
    "Verifier",
    "one_moment",
    "plain_report",
    "recorded_models",
    "set_checks",
]
