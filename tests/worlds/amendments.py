"""Amendments for tests: changes of the small recipe, written and decided by the commands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from audit.models import User
from audit.signing import digest_of
from batches import commands, queries
from batches.models import Amendment, Batch
from batches.rules.amendments import Change, reads
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.recipes import quality
from tests.worlds.recipes import step as plain_step

LATER = NOON + timedelta(hours=1)
WHY = "The pump of today runs faster."


def writer() -> User:
    """The engineer of the plant who writes amendments."""
    return person("emma", "engineer", at_site=site("PLANT"))


def added_step(place: str = "S05", code: str = "S20", **more: Any) -> Change:
    """A confirmation that is added after a step."""
    step = plain_step(code, "confirm", "Look at the line again", **more)
    return Change(what="add_step", place=place, before={}, after={"step": step})


def changed(batch: Batch, what: Any, place: str, **after: Any) -> Change:
    """A change of some fields of a place, from what it reads now."""
    before = queries.effective_plain(batch)
    return Change(what=what, place=place, before=reads(before, what, place, after), after=after)


def hard(low: str, high: str) -> dict[str, Any]:
    """A range as it stands in a document."""
    return {"min": low, "max": high, "min_exclusive": False, "max_exclusive": False}


def written(
    batch: Batch, change: Change, *, by: User | None = None, reason: str = WHY
) -> Amendment:
    """An amendment that nobody decided on yet."""
    return commands.write_amendment(
        batch_id=batch.pk, change=change, reason=reason, act=act_by(by or writer(), at=LATER)
    )


def approved(amendment: Amendment, *, by: User | None = None) -> Amendment:
    """The same amendment, in force."""
    who = by or quality()
    return commands.approve_amendment(
        amendment_id=amendment.pk,
        proof=proof_of(who, at=LATER),
        seen_digest=seen(amendment),
        act=act_by(who, at=LATER),
    )


def seen(amendment: Amendment) -> str:
    """The digest that stands in the dialog of quality now."""
    batch = Batch.objects.get(pk=amendment.batch_id)
    return digest_of(queries.statement_now(amendment, queries.effective_plain(batch)))


def rejected(amendment: Amendment, *, by: User | None = None, reason: str = "No.") -> Amendment:
    """The same amendment, rejected."""
    who = by or quality()
    return commands.reject_amendment(
        amendment_id=amendment.pk,
        proof=proof_of(who, at=LATER),
        seen_digest=digest_of(queries.rejection_statement(amendment)),
        reason=reason,
        act=act_by(who, at=LATER),
    )
