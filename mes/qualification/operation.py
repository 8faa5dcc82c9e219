"""OQ: what the installed system does when it is asked for what it must refuse, and must do.

Everything happens in one transaction that is rolled back: the record is left as it was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from audit.acts import Act, entry_of, warranted
from audit.edges import act_of_shell
from audit.keys import seal, sealing_key
from audit.ledger import link_text
from audit.models import LedgerEntry, Signature, Site
from audit.verification import Verifier
from audit.verification.signatures import checked
from kernel.canonical import EMPTY_HASH, canonical, chained, digest, plain
from mes.qualification.lines import Line, line

REFUSALS, LEDGER, SIGNATURES = "Refusals", "Ledger", "Signatures"
STREAM = "qualification"
PERMISSION, INTEGRITY = "42501", "23000"

WRITE = "INSERT INTO audit_site (code, name, kind, time_zone) VALUES ('OQ', 'OQ', 'plant', 'UTC')"
NOW = "SET CONSTRAINTS ALL IMMEDIATE"
# What is tried, in SQL and as the application's role, and the code with which it must be refused.
ATTACKS: dict[str, tuple[tuple[str, ...], str]] = {
    "A record written past the ledger, asked at the commit": ((WRITE, NOW), INTEGRITY),
    "UPDATE of the ledger": (("UPDATE audit_ledgerentry SET entry = entry",), PERMISSION),
    "DELETE from the ledger": (("DELETE FROM audit_ledgerentry",), PERMISSION),
    "TRUNCATE of the ledger": (("TRUNCATE audit_ledgerentry",), PERMISSION),
    "UPDATE of the signatures": (("UPDATE audit_signature SET meaning = 'verified'",), PERMISSION),
    "DELETE of a record": (("DELETE FROM audit_site",), PERMISSION),
    "DROP of a guard": (("DROP TRIGGER append_only ON audit_ledgerentry",), PERMISSION),
    "Guards switched off": (("ALTER TABLE audit_ledgerentry DISABLE TRIGGER ALL",), PERMISSION),
    "Guards switched off for a session": (
        ("SET LOCAL session_replication_role = replica",), PERMISSION,
    ),
    "A table of its own": (("CREATE TABLE public.oq (id int)",), PERMISSION),
}  # fmt: skip


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo whatever the block does."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def operation() -> Iterator[Line]:
    """Yield what happened, question by question."""
    before = counted()
    for what, (tried, code) in ATTACKS.items():
        yield refused(what, tried, code)
    for ask in (kept_chain, forged_entry, signature):
        yield from _answered(ask)
    yield line(LEDGER, "Entries before and after these questions", before, counted())


def _answered(ask: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    """Ask; a fault in the asking is a finding, not the end."""
    try:
        with rolled_back():
            yield from list(ask())
    except (DatabaseError, LookupError, ValueError, RuntimeError) as error:
        yield line(
            LEDGER, f"Question {ask.__name__}", "answered", f"failed ({type(error).__name__})"
        )


def counted() -> int:
    """Return how many entries the ledger has."""
    return LedgerEntry.objects.count()


def refused(what: str, tried: tuple[str, ...], code: str) -> Line:
    """Try what must be refused, and return whether it was, for the right reason."""
    expected = f"refused ({code})"
    try:
        with rolled_back(), connection.cursor() as cursor:
            for sql in tried:
                cursor.execute(sql)
    except DatabaseError as error:
        return line(
            REFUSALS, what, expected, f"refused ({getattr(error.__cause__, 'pgcode', '?')})"
        )
    return line(REFUSALS, what, expected, "done")


def entry_by(act: Act) -> str:
    """Return the text of an entry about nothing, as a command would write it."""
    about = Site(pk=0, code="OQ", name="OQ", kind=Site.Kind.PLANT)
    return canonical(entry_of(act, "qualify", about, {}, {}, reason="", notes={}))


def inserted(text: str) -> LedgerEntry:
    """Put an entry into the ledger and return it as the database made it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_ledgerentry (stream, entry) VALUES (%s, %s) RETURNING id",
            [STREAM, text],
        )
        return LedgerEntry.objects.get(pk=cursor.fetchone()[0])


def kept_chain() -> Iterator[Line]:
    """Write two entries, and compare the chain of the database with one made in Python."""
    act, previous = act_of_shell("operational qualification"), EMPTY_HASH
    for number in (1, 2):
        made = inserted(warranted(STREAM, entry_by(act)))
        link = link_text(
            stream=made.stream, seq=made.seq, recorded_at=made.recorded_at, entry=made.entry
        )
        wanted = (number, previous, chained(previous, link))
        is_same = (made.seq, made.prev_hash, made.hash) == wanted
        found = "the same hash" if is_same else "another number or hash"
        yield line(
            LEDGER, f"Entry {number}, chained by database and Python", "the same hash", found
        )
        previous = made.hash
    changed = made.entry.replace("qualify", "qualifx")
    again = link_text(stream=STREAM, seq=made.seq, recorded_at=made.recorded_at, entry=changed)
    found = "another hash" if chained(made.prev_hash, again) != made.hash else "the same hash"
    yield line(LEDGER, "An entry with one letter changed", "another hash", found)


def forged_entry() -> Iterator[Line]:
    """Add an entry of ours, then one that a forger with the database could add, and verify both."""
    text = entry_by(act_of_shell("operational qualification"))
    forged = f'{text[:-1]},"warrant":"{"0" * 64}"}}'
    for what, one, expected in (
        ("An entry of ours", warranted(STREAM, text), "accepted"),
        ("An entry without our warrant", forged, "named"),
    ):
        inserted(one)
        kinds = {found.kind for found in Verifier(streams=(STREAM,)).findings()}
        yield line(LEDGER, what, expected, "named" if "forged" in kinds else "accepted")


def signature() -> Iterator[Line]:
    """Seal a signature, and look at it as it is, and with one thing changed at a time."""
    act = act_of_shell("operational qualification")
    statement = plain({"record": "none", "value": "1.10"})
    made = Signature(
        id=0, signer=act.by, signer_name="Operational Qualification", signer_username="oq",
        meaning="verified", subject_type="audit.Site", subject_id=0, in_stream=STREAM,
        statement=statement, statement_digest=digest(statement), signed_at=act.at,
        time_zone=settings.TIME_ZONE, act=act.id, key_id=sealing_key()[0],
    )  # fmt: skip
    made.seal = seal(canonical(made.sealed_part()))[1]
    yield line(SIGNATURES, "A signature", "valid", told(made))
    changed: dict[str, dict[str, Any]] = {
        "with another meaning": {"meaning": "approved"},
        "with another printed name": {"signer_name": "Somebody Else"},
        "moved to another record": {"subject_id": 1},
        "with another statement": {"statement": {"record": "none", "value": "1.1"}},
        "with a seal that is cut": {"seal": made.seal[:-2]},
    }
    for what, changes in changed.items():
        other = copy.copy(made)
        for name, value in changes.items():
            setattr(other, name, value)
        yield line(SIGNATURES, f"A copy {what}", "broken", told(other))


def told(one: Signature) -> str:
    """Return what verification says of a signature."""
    return "broken" if list(checked(one)) else "valid"
