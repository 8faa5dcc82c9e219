"""Exceptions: raised by what happens in the making, opened and decided by the quality unit."""

from __future__ import annotations

from typing import Any

from audit.acts import Act, command, record
from audit.permissions import require
from batches.commands.locks import batch_for_update
from kernel.errors import AlreadyDone, Conflict, NotFound
from quality.commands.deviations import Reported, opened_deviation
from quality.models import BatchException, Deviation
from quality.permissions import may_decide
from quality.queries.exceptions import participants_of
from quality.rules.words import words_from
from quality.states import EXCEPTION

DISPOSED = ("released", "rejected")


def record_exception(event: Any) -> None:
    """Keep what batches told as an exception of that batch (reader of ExceptionRaised).

    An identity exception belongs to the deviation that the same scan has just opened; a yield
    beyond its limits is investigated, so it opens one (21 CFR 211.192).
    """
    deviation = None
    if event.exception_kind == "yield":
        batch = batch_for_update(event.batch_id, act=event.act)
        deviation = opened_deviation(
            Reported(
                kind="yield",
                title=event.detail[:200],
                description=event.detail,
                batch=batch,
                site_id=batch.site_id,
                in_stream=batch.stream(),
            ),
            act=event.act,
        )
    if event.exception_kind == "identity":
        deviation = Deviation.objects.filter(
            batch_id=event.batch_id, kind="identity", reported_at=event.act.at,
            reported_by=event.act.by,
        ).first()  # fmt: skip
    raised_exception(
        batch_id=event.batch_id,
        step_id=event.step_id,
        kind=event.exception_kind,
        severity=event.severity,
        detail=event.detail,
        deviation=deviation,
        act=event.act,
    )


def raised_exception(
    *,
    batch_id: int,
    step_id: int | None,
    kind: str,
    severity: str,
    detail: str,
    act: Act,
    deviation: Deviation | None = None,
    alarm: int | None = None,
    context: dict[str, Any] | None = None,
) -> BatchException:
    """Store a new exception inside the command that caused it."""
    made = BatchException(
        batch_id=batch_id,
        step_id=step_id,
        kind=kind,
        severity=severity,
        detail=detail[:1000],
        alarm=alarm,
        context=context or {},
        raised_at=act.at,
        raised_by=act.by,
        deviation=deviation,
        state=EXCEPTION.initial if deviation is None else "in_deviation",
    )
    made.save(force_insert=True)
    record(act, "raise_exception", made)
    return made


def exception_for_update(exception_id: int, *, act: Act) -> BatchException:
    """Return an exception under lock, its batch locked before it.

    Raises:
        NotFound: there is none, or not for this person.
        NotPermitted: the person does not belong to the quality unit, or had a part in the making.
        Conflict: the batch was released or rejected.
    """
    batch_id = (
        BatchException.objects.filter(pk=exception_id).values_list("batch_id", flat=True).first()
    )
    if batch_id is None:
        raise NotFound("There is no such exception.")
    batch = batch_for_update(batch_id, act=act)
    require(may_decide(act.by, batch.site_id), "review exceptions here")
    require(
        act.by.pk not in participants_of(batch),
        "review exceptions of a batch in whose making you had a part",
    )
    if batch.state in DISPOSED:
        raise Conflict(f"Batch {batch.number} is {batch.state}: its review is over.")
    found = (
        BatchException.objects.select_for_update(of=("self",))
        .select_related("deviation", "reviewed_by")
        .get(pk=exception_id)
    )
    found.batch = batch
    return found


@command(may_be_silent=True)
def open_exception(*, exception_id: int, act: Act) -> BatchException:
    """Note that a reviewer has looked at an exception; the first look counts.

    Raises:
        NotPermitted: the person does not belong to the quality unit, or had a part in the making.
    """
    found = exception_for_update(exception_id, act=act)
    if found.opened_at is not None:
        return found
    found.opened_at, found.opened_by = act.at, act.by
    found.save(update_fields=["opened_at", "opened_by"])
    record(act, "open", found)
    return found


def _require_open(found: BatchException) -> None:
    if found.opened_at is None:
        raise Conflict("Open the exception before deciding on it.", code="not_opened")
    if found.state == "accepted" and found.reviewed_by is not None:
        raise AlreadyDone(f"{found.reviewed_by.full_name} has already accepted this exception.")
    if found.state == "in_deviation" and found.deviation is not None:
        raise AlreadyDone(
            f"This exception is being investigated in deviation {found.deviation.number}."
        )


@command
def accept_exception(*, exception_id: int, comment: str, act: Act) -> BatchException:
    """Accept an exception that was opened, and say why it does no harm.

    Raises:
        Invalid: the comment says nothing.
        Conflict: nobody opened it before.
        AlreadyDone: it is decided, or under investigation.
        NotPermitted: the person does not belong to the quality unit, or had a part in the making.
    """
    found = exception_for_update(exception_id, act=act)
    _require_open(found)
    words = words_from(comment, pointer="/comment", what="A comment")
    found.state = EXCEPTION.after(found.state, "accept")
    found.comment = words
    found.reviewed_by, found.reviewed_at = act.by, act.at
    found.save(update_fields=["state", "comment", "reviewed_by", "reviewed_at"])
    record(act, "accept", found)
    return found


@command
def escalate_exception(*, exception_id: int, description: str, act: Act) -> Deviation:
    """Open a deviation for an exception that cannot simply be accepted.

    Raises:
        Invalid: the description says nothing.
        AlreadyDone: it is under investigation already.
        NotPermitted: the person does not belong to the quality unit, or had a part in the making.
    """
    found = exception_for_update(exception_id, act=act)
    _require_open(found)
    words = words_from(description, pointer="/description", what="What happened", longest=4000)
    deviation = opened_deviation(
        Reported(
            kind=found.kind,
            title=found.detail[:200],
            description=words,
            batch=found.batch,
            site_id=found.batch.site_id,
            in_stream=found.batch.stream(),
        ),
        act=act,
    )
    found.state = EXCEPTION.after(found.state, "escalate")
    found.deviation = deviation
    found.save(update_fields=["state", "deviation"])
    record(act, "escalate", found)
    return deviation
