"""Deviations: opened by what happened, investigated, assessed, and closed by somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.acts import Act, command, record
from audit.permissions import require
from audit.queries import next_id
from audit.signing import Proof, sign
from batches.commands.locks import batch_for_update, check_seen
from kernel.errors import AlreadyDone, Invalid, NotFound, NotPermitted
from kernel.events import publish
from quality.events import DeviationMoved
from quality.models import BatchException, Deviation
from quality.permissions import may_decide
from quality.queries.deviations import batch_of
from quality.queries.statements import closing_statement
from quality.rules.words import LONGEST_TEXT, words_from
from quality.states import DEVIATION, EXCEPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What is known when a deviation is opened; a class is given where the software knows it."""

    kind: str
    title: str
    description: str
    site_id: int
    in_stream: str
    batch: Any = None
    classification: str = ""


def opened_deviation(told: Reported, *, act: Act) -> Deviation:
    """Store a new deviation inside the command that caused it."""
    made_id = next_id(Deviation)
    made = Deviation(
        id=made_id,
        number=f"D-{made_id:06d}",
        batch=told.batch,
        site_id=told.site_id,
        in_stream=told.in_stream,
        kind=told.kind,
        title=told.title[:200],
        description=told.description,
        classification=told.classification,
        reported_by=act.by,
        reported_at=act.at,
    )
    made.save(force_insert=True)
    record(act, "open", made)
    _tell(made, act)
    return made


def _tell(deviation: Deviation, act: Act) -> None:
    batch = deviation.batch
    publish(
        DeviationMoved(
            act=act,
            site_id=deviation.site_id,
            subject=deviation.number,
            deviation=deviation.number,
            batch=None if batch is None else batch.number,
            classification=deviation.classification,
            state=deviation.state,
        )
    )


def deviation_for_update(number: str, *, seen: int, act: Act) -> Deviation:
    """Return a deviation under lock, its batch locked before it.

    Raises:
        NotFound: there is none, or not for this person.
        NotPermitted: the person does not belong to the quality unit at the site.
        StaleView: it changed after it was shown.
    """
    known = Deviation.objects.filter(number=number).first()
    if known is None:
        raise NotFound(f"There is no deviation {number[:24]}.")
    batch = batch_of(known)
    if batch is not None:
        batch_for_update(batch.pk, act=act)
    found = (
        Deviation.objects.select_for_update(of=("self",))
        .select_related("batch", "reported_by", "closed_by")
        .get(pk=known.pk)
    )
    require(may_decide(act.by, found.site_id), "decide on deviations here")
    check_seen(seen, found.version)
    return found


def _saved(deviation: Deviation, verb: str, *fields: str, act: Act, reason: str = "") -> None:
    deviation.version += 1
    deviation.save(update_fields=["state", "version", *fields])
    record(act, verb, deviation, reason=reason)
    _tell(deviation, act)


@command
def classify_deviation(
    *, number: str, seen: int, classification: str, act: Act, reason: str = ""
) -> Deviation:
    """Say how grave a deviation is; the investigation begins.

    Args:
        reason: needed when the class differs from the one the deviation was opened with.

    Raises:
        Invalid: there is no such class, or the reason is missing.
    """
    found = deviation_for_update(number, seen=seen, act=act)
    after = DEVIATION.after(found.state, "classify")
    if classification not in Deviation.Class.values:
        raise Invalid(
            "A deviation is minor, major or critical.", pointer="/classification", code="unknown"
        )
    if found.classification and found.classification != classification:
        reason = words_from(reason, pointer="/reason", what="A reason for another class")
    found.state, found.classification = after, classification
    _saved(found, "classify", "classification", act=act, reason=reason)
    return found


@command
def investigate_deviation(*, number: str, seen: int, cause: str, act: Act) -> Deviation:
    """Write down the cause that the investigation found.

    Raises:
        Invalid: the cause says nothing.
    """
    found = deviation_for_update(number, seen=seen, act=act)
    found.state = DEVIATION.after(found.state, "investigate")
    found.cause = words_from(cause, pointer="/cause", what="The cause", longest=LONGEST_TEXT)
    _saved(found, "investigate", "cause", act=act)
    return found


@command
def assess_deviation(
    *, number: str, seen: int, impact_on_other_batches: str, decision: str, act: Act
) -> Deviation:
    """Write down what the deviation means for other batches (21 CFR 211.192), and what is decided.

    Raises:
        Invalid: the impact or the decision says nothing.
    """
    found = deviation_for_update(number, seen=seen, act=act)
    found.state = DEVIATION.after(found.state, "assess")
    found.impact_on_other_batches = words_from(
        impact_on_other_batches,
        pointer="/impact_on_other_batches",
        what="The impact on other batches",
        longest=LONGEST_TEXT,
    )
    found.decision = words_from(
        decision, pointer="/decision", what="The decision", longest=LONGEST_TEXT
    )
    _saved(found, "assess", "impact_on_other_batches", "decision", act=act)
    return found


@command
def return_deviation(*, number: str, seen: int, reason: str, act: Act) -> Deviation:
    """Send a deviation back to the investigation, with a reason.

    Raises:
        Invalid: the reason says nothing.
    """
    found = deviation_for_update(number, seen=seen, act=act)
    found.state = DEVIATION.after(found.state, "return")
    words = words_from(reason, pointer="/reason", what="A reason")
    _saved(found, "return", act=act, reason=words)
    return found


@command
def close_deviation(
    *, number: str, seen: int, proof: Proof, seen_digest: str, act: Act
) -> Deviation:
    """Close a deviation with a signature; its exceptions are settled with it.

    Raises:
        NotPermitted: the signer reported it.
        AlreadyDone: it is closed.
        StaleView: it is not what was shown.
    """
    found = deviation_for_update(number, seen=seen, act=act)
    if found.state == "closed" and found.closed_by is not None:
        raise AlreadyDone(f"{found.closed_by.full_name} has already closed {found.number}.")
    after = DEVIATION.after(found.state, "close")
    if found.reported_by_id == act.by.pk:
        raise NotPermitted(
            "Whoever reported a deviation does not close it: a second person of quality does.",
            code="same",
        )
    sign(
        act=act,
        proof=proof,
        subject=found,
        meaning="closed",
        statement=closing_statement(found),
        seen_digest=seen_digest,
    )
    found.state, found.closed_by, found.closed_at = after, act.by, act.at
    _saved(found, "close", "closed_by", "closed_at", act=act)
    for one in _exceptions_in(found, "in_deviation"):
        one.state = EXCEPTION.after(one.state, "settle")
        one.reviewed_by, one.reviewed_at = act.by, act.at
        one.comment = f"Settled by deviation {found.number}."
        one.save(update_fields=["state", "reviewed_by", "reviewed_at", "comment"])
        record(act, "settle", one)
    return found


@command
def reopen_deviation(*, number: str, seen: int, reason: str, act: Act) -> Deviation:
    """Open a closed deviation again, with a reason; what was signed stays on the record.

    Raises:
        Invalid: the reason says nothing.
    """
    found = deviation_for_update(number, seen=seen, act=act)
    found.state = DEVIATION.after(found.state, "reopen")
    words = words_from(reason, pointer="/reason", what="A reason")
    found.closed_by, found.closed_at = None, None
    _saved(found, "reopen", "closed_by", "closed_at", act=act, reason=words)
    for one in _exceptions_in(found, "accepted"):
        one.state = EXCEPTION.after(one.state, "escalate")
        one.save(update_fields=["state"])
        record(act, "escalate", one)
    return found


def _exceptions_in(deviation: Deviation, state: str) -> list[BatchException]:
    return list(
        deviation.exceptions.select_for_update(of=("self",)).filter(state=state).order_by("pk")
    )
