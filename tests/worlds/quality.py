"""Batches on their way to a decision, made by the commands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from audit.acts import Act, command
from audit.models import User
from audit.signing import digest_of
from batches.events import ExceptionRaised
from batches.models import Batch
from kernel.events import publish
from quality import commands, queries
from quality.models import BatchException, Deviation, Disposition, Review
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import again, completed_batch, shift

LATER = NOON + timedelta(hours=4)
# A volume beyond the soft limit, a cloudy bag: two exceptions in two steps.
SOFT: Mapping[str, str] = {"S05": "45.0"}
CLOUDY: Mapping[str, str] = {"S09": "cloudy"}
REASONS: Mapping[str, str] = {"S05": "The bag held less.", "S09": "A little cloudy, as often."}


def reviewer() -> User:
    """Production's reviewer, who verified nothing."""
    return person("rosa", "verifier", at_site=site("PLANT"))


def quality() -> User:
    """The person of quality assurance."""
    return person("quinn", "qa")


def second_quality() -> User:
    """Another person of quality assurance."""
    return person("quentin", "qa", at_site=site("PLANT"))


def qualified() -> User:
    """The Qualified Person."""
    return person("paula", "qp", at_site=site("PLANT"))


def raised(
    batch: Batch, *, kind: str = "soft_limit", severity: str = "warning", at: Any = NOON
) -> BatchException:
    """An exception of a batch, told by the floor below."""
    detail = f"{kind} in the making of {batch.number}."
    _told(batch=batch, kind=kind, severity=severity, detail=detail, act=act_by(at=at))
    return BatchException.objects.get(batch=batch, detail=detail)


@command
def _told(*, batch: Batch, kind: str, severity: str, detail: str, act: Act) -> None:
    publish(
        ExceptionRaised(
            act=act, site_id=batch.site_id, subject=batch.number, batch_id=batch.pk,
            batch=batch.number, order=batch.order.number, step_id=None,
            exception_kind=kind, severity=severity, detail=detail,
        )
    )  # fmt: skip


def executed_batch(*, room: str = "ROOM-1", **entries: str) -> Batch:
    """A batch whose every step is complete; ``entries`` are values by step code."""
    work = shift(entries=entries, reasons=REASONS)
    return completed_batch(work=work, room=room)


def reviewed_by_production(batch: Batch | None = None, **entries: str) -> Batch:
    """A batch that production has reviewed."""
    batch = batch or executed_batch(**entries)
    review(batch, "production", reviewer())
    return again(batch)


def review(batch: Batch, kind: str, by: User, **changes: Any) -> Review:
    """Sign a review of what stands now."""
    ask = commands.review_production if kind == "production" else commands.review_batch
    batch = again(batch)
    asked: dict[str, Any] = {
        "batch_id": batch.pk,
        "seen": batch.version,
        "proof": proof_of(by, at=LATER),
        "seen_digest": digest_of(queries.review_statement(batch, kind)),
        "act": act_by(by, at=LATER),
        **changes,
    }
    return ask(**asked)


def trail_reviewed(batch: Batch, by: User | None = None, **changes: Any) -> Review:
    """Sign the review of the audit trail as it stands now."""
    by, batch = by or quality(), again(batch)
    asked: dict[str, Any] = {
        "batch_id": batch.pk,
        "seen": batch.version,
        "proof": proof_of(by, at=LATER),
        "seen_digest": digest_of(queries.trail_statement(batch)),
        "act": act_by(by, at=LATER),
        **changes,
    }
    return commands.review_trail(**asked)


def decided(found: BatchException, by: User | None = None, comment: str = "No harm done.") -> Any:
    """Open an exception and accept it."""
    by = by or quality()
    commands.open_exception(exception_id=found.pk, act=act_by(by, at=LATER))
    return commands.accept_exception(
        exception_id=found.pk, comment=comment, act=act_by(by, at=LATER)
    )


def reviewed_batch(**entries: str) -> Batch:
    """A batch that waits for the Qualified Person, with nothing missing."""
    batch = reviewed_by_production(**entries)
    for one in queries.exceptions_of(batch):
        decided(one)
    trail_reviewed(batch)
    review(batch, "quality", quality())
    return again(batch)


def disposition(batch: Batch, decision: str, by: User, **changes: Any) -> Disposition:
    """Sign a disposition of what stands now."""
    batch = again(batch)
    ask = commands.release_batch if decision == "released" else commands.reject_batch
    words = {} if decision == "released" else {"reason": "The patient withdrew."}
    asked: dict[str, Any] = {
        "batch_id": batch.pk,
        "seen": batch.version,
        "proof": proof_of(by, at=LATER),
        "seen_digest": digest_of(queries.disposition_statement(batch, decision)),
        "act": act_by(by, at=LATER),
        **words,
        **changes,
    }
    return ask(**asked)


def escalated(found: BatchException, by: User | None = None) -> Deviation:
    """A deviation opened in the review, reported by the reviewer."""
    by = by or quality()
    commands.open_exception(exception_id=found.pk, act=act_by(by, at=LATER))
    return commands.escalate_exception(
        exception_id=found.pk,
        description="The volume was low; the cause is not known.",
        act=act_by(by, at=LATER),
    )


# How a deviation gets on, verb by verb, in the words of somebody who knows.
WORDS: Mapping[str, Mapping[str, str]] = {
    "classify": {"classification": "major", "reason": "The software proposed otherwise."},
    "investigate": {"cause": "The door stood open for four minutes."},
    "assess": {
        "impact_on_other_batches": "No other batch was in the room.",
        "decision": "The batch goes on; the door gets an alarm.",
    },
    "return": {"reason": "The cause is not proven."},
    "reopen": {"reason": "The same happened again."},
    "close": {},
}
ASK: Mapping[str, Any] = {
    "classify": commands.classify_deviation,
    "investigate": commands.investigate_deviation,
    "assess": commands.assess_deviation,
    "return": commands.return_deviation,
    "reopen": commands.reopen_deviation,
    "close": commands.close_deviation,
}


def moved(deviation: Deviation, verb: str, by: User | None = None, **changes: Any) -> Deviation:
    """Ask a deviation to go on."""
    by = by or second_quality()
    now = Deviation.objects.get(pk=deviation.pk)
    asked: dict[str, Any] = {
        "number": now.number,
        "seen": now.version,
        "act": act_by(by, at=LATER),
        **WORDS[verb],
    }
    if verb == "close":
        asked["proof"] = proof_of(by, at=LATER)
        asked["seen_digest"] = digest_of(queries.closing_statement(now))
    return ASK[verb](**{**asked, **changes})


def closed(deviation: Deviation, by: User | None = None) -> Deviation:
    """A deviation brought to its end."""
    for verb in ("classify", "investigate", "assess", "close"):
        deviation = moved(deviation, verb, by)
    return deviation
