"""Amendments: a running batch is changed by adding to its record, with quality's signature (S88-11).

Note [What an amendment may not do]: the frozen copy of the recipe stays as it was issued, so does
the master, and so does every step that somebody has begun. All that an approval writes besides its
own rows are the instructions of steps that nobody has begun, and the database lets nothing else
through (migration 0010).

Every command locks the batch first. So does whoever starts a step: of a start and an approval at
the same moment one comes first, and the other is told.
"""

from __future__ import annotations

from django.db.models import Max

from audit.acts import Act, command, record
from audit.models import User
from audit.permissions import holds, require
from audit.queries import next_id
from audit.signing import Proof, sign
from batches.commands.locks import batch_for_update, event_fields, save_batch, save_step
from batches.commands.opening import open_steps
from batches.events import AmendmentChanged, ExceptionRaised
from batches.models import Amendment, AmendmentDecision, Batch, Step
from batches.queries.amendments import (
    OPEN,
    change_of,
    decision_of,
    effective_plain,
    rejection_statement,
    statement_now,
)
from batches.queries.work import document_of_batch, latest_of
from batches.rules.amendments import Amended, Change, judged, plain_step, words_of_change
from batches.rules.entries import reason_from
from batches.rules.modes import mode_of
from batches.states import STEP, STEP_OVER
from kernel.canonical import digest
from kernel.errors import AlreadyDone, Conflict, Invalid, NotFound, NotPermitted
from kernel.events import publish
from recipes.rules.document import Placed, to_plain
from recipes.rules.steps import Step as Phase

# Who may write an amendment: whoever makes the batch, and whoever writes recipes.
WRITERS = ("operator", "engineer")
AMENDABLE = ("in_progress", "on_hold")
# The record of such a batch is sealed: what nobody decided on stays as it is.
SEALED = ("released", "rejected")
MOST_INSERTED = 99


@command
def write_amendment(*, batch_id: int, change: Change, reason: str, act: Act) -> Amendment:
    """Ask for a change of a running batch; nothing changes until quality approves it.

    Args:
        change: with what its place reads before, exactly as it was shown.

    Raises:
        NotPermitted: whoever asks is neither production nor engineering at the site.
        Conflict: the batch is not being made, the place reads otherwise, or somebody has begun
            a step that would change.
        Invalid: no reason, or the amended recipe would not pass its own checks.
        NotFound: there is no such place.
    """
    batch = batch_for_update(batch_id, act=act)
    require(holds(act.by, *WRITERS, site_id=batch.site_id), "write amendments here")
    _require_amendable(batch)
    words = reason_from(reason, what="An amendment")
    if change.what == "add_step":
        change = Change(
            what=change.what,
            place=change.place,
            before=change.before,
            after={**change.after, "step": plain_step(change.after.get("step") or {})},
        )
    _judged(batch, change)
    last = batch.amendments.aggregate(last=Max("number"))["last"] or 0
    amendment = Amendment(
        id=next_id(Amendment),
        batch=batch,
        number=last + 1,
        what=change.what,
        place=change.place,
        before=dict(change.before),
        after=dict(change.after),
        reason=words,
        written_by=act.by,
        written_at=act.at,
    )
    amendment.save(force_insert=True)
    record(act, "ask_amendment", amendment)
    _tell(amendment, OPEN, act)
    return amendment


@command
def approve_amendment(*, amendment_id: int, proof: Proof, seen_digest: str, act: Act) -> Amendment:
    """Bring an amendment into force: sign it, change the steps that nobody has begun, tell review.

    Raises:
        NotPermitted: the signer is not quality assurance at the site, or wrote it.
        AlreadyDone: somebody decided before.
        Conflict: the batch is not being made, its place reads otherwise by now, or somebody has
            begun a step that would change.
        Invalid: the amended recipe would not pass its own checks.
        StaleView: the batch follows another document than the one that was shown.
    """
    amendment = _amendment_for_decision(amendment_id, act)
    batch = amendment.batch
    _require_quality(amendment, act)
    _require_amendable(batch)
    base = effective_plain(batch)
    change = change_of(amendment)
    made = _judged(batch, change)
    sign(
        act=act,
        proof=proof,
        subject=amendment,
        meaning="approved",
        statement=statement_now(amendment, base),
        seen_digest=seen_digest,
    )
    effective = digest(made.plain)
    _decide(amendment, "approved", act, base_digest=digest(base), effective_digest=effective)
    batch.effective_digest = effective
    save_batch(batch, "amend", "effective_digest", act=act, amendment=amendment.code)
    step = _write_steps(amendment, made, act)
    told = f"{amendment.code}: {words_of_change(change)}. {amendment.reason}"
    publish(
        ExceptionRaised(
            **event_fields(batch, act),
            step_id=None if step is None else step.pk,
            exception_kind="amendment",
            severity="warning",
            detail=told[:1000],
        )
    )
    if batch.state == "in_progress":
        open_steps(batch, act=act)
    return amendment


@command
def reject_amendment(
    *, amendment_id: int, proof: Proof, seen_digest: str, reason: str, act: Act
) -> Amendment:
    """Reject an amendment, signed and with a reason; the batch goes on as it was.

    Raises:
        NotPermitted: the signer is not quality assurance at the site, or wrote it.
        AlreadyDone: somebody decided before.
        Invalid: no reason.
    """
    amendment = _amendment_for_decision(amendment_id, act)
    _require_quality(amendment, act)
    words = reason_from(reason, what="A rejection")
    sign(
        act=act,
        proof=proof,
        subject=amendment,
        meaning="rejected",
        statement=rejection_statement(amendment),
        seen_digest=seen_digest,
        reason=words,
    )
    _decide(amendment, "rejected", act, reason=words)
    return amendment


@command
def withdraw_amendment(*, amendment_id: int, reason: str, act: Act) -> Amendment:
    """Take back an amendment that nobody decided on; only its author may.

    Raises:
        NotPermitted: somebody else wrote it.
        AlreadyDone: somebody decided before.
        Invalid: no reason.
    """
    amendment = _amendment_for_decision(amendment_id, act)
    require(act.by.pk == amendment.written_by_id, "withdraw what somebody else wrote")
    _decide(amendment, "withdrawn", act, reason=reason_from(reason, what="A withdrawal"))
    return amendment


def _amendment_for_decision(amendment_id: int, act: Act) -> Amendment:
    """Return an amendment, its batch locked: its own rows are only added, and need no lock.

    Raises:
        NotFound: there is none.
        AlreadyDone: somebody decided on it before.
        Conflict: the batch is released or rejected.
    """
    known = Amendment.objects.filter(pk=amendment_id).values_list("batch_id", flat=True).first()
    if known is None:
        raise NotFound("There is no such amendment.")
    batch = batch_for_update(known, act=act)
    amendment = Amendment.objects.select_related("written_by", "decision__decided_by").get(
        pk=amendment_id
    )
    amendment.batch = batch
    if batch.state in SEALED:
        raise Conflict(f"Batch {batch.number} is {batch.state}: its record is closed.")
    decision = decision_of(amendment)
    if decision is not None:
        by = decision.decided_by.full_name
        raise AlreadyDone(f"{amendment.code} was {decision.outcome} by {by} already.")
    return amendment


def _require_amendable(batch: Batch) -> None:
    if batch.state not in AMENDABLE:
        told = batch.state.replace("_", " ")
        raise Conflict(
            f"Batch {batch.number} is {told}: only a batch that is being made can be amended.",
            code="not_running",
        )


def _require_quality(amendment: Amendment, act: Act) -> None:
    """Refuse everybody but quality, and the author whatever they hold (A11-06)."""
    batch = amendment.batch
    require(holds(act.by, "qa", site_id=batch.site_id), "decide on amendments")
    if _is_same_person(act.by, amendment.written_by):
        raise NotPermitted("Nobody decides on what they wrote: another person does.", code="same")


def _is_same_person(one: User, other: User) -> bool:
    mine, theirs = (str(each.employee_id or "").strip().casefold() for each in (one, other))
    return one.pk == other.pk or bool(mine and mine == theirs)


def _judged(batch: Batch, change: Change) -> Amended:
    """Return the batch's document with a change in it, if it may be made now.

    Raises:
        Conflict, Invalid, NotFound: as the rule says.
    """
    states = {one.code: one.state for one in latest_of(batch.steps.all())}
    made = judged(effective_plain(batch), document_of_batch(batch), change, states)
    if made.added is not None:
        _require_last(batch, change)
    return made


def _require_last(batch: Batch, change: Change) -> None:
    """Refuse a place behind which a step was added already: the new one follows that one."""
    place = batch.steps.filter(code=change.place).latest("execution")
    behind = batch.steps.filter(ordinal=place.ordinal, inserted__gt=place.inserted)
    last = behind.order_by("inserted").last()
    if last is not None:
        raise Conflict(
            f"Step {last.code} was added after {change.place} already: name {last.code}.",
            code="place_taken",
        )
    if place.inserted >= MOST_INSERTED:
        raise Invalid("No more steps can be added here.", pointer="/place", code="too_many")


def _decide(
    amendment: Amendment,
    outcome: str,
    act: Act,
    *,
    reason: str = "",
    base_digest: str = "",
    effective_digest: str = "",
) -> None:
    decision = AmendmentDecision(
        id=next_id(AmendmentDecision),
        amendment=amendment,
        batch_id=amendment.batch_id,
        outcome=outcome,
        reason=reason,
        base_digest=base_digest,
        effective_digest=effective_digest,
        decided_by=act.by,
        decided_at=act.at,
    )
    decision.save(force_insert=True)
    verbs = {"approved": "approve", "rejected": "reject", "withdrawn": "withdraw"}
    record(act, verbs[outcome], decision, reason=reason)
    _tell(amendment, outcome, act)


def _tell(amendment: Amendment, state: str, act: Act) -> None:
    publish(
        AmendmentChanged(
            **event_fields(amendment.batch, act), amendment=amendment.code, state=state
        )
    )


def _write_steps(amendment: Amendment, made: Amended, act: Act) -> Step | None:
    """Write what the steps read now; return the step that the amendment is about."""
    batch = amendment.batch
    rows = batch.steps.select_for_update(of=("self",)).order_by("ordinal", "inserted", "execution")
    latest = {step.code: step for step in rows}
    for code, phase in made.changed.items():
        _rewrite(latest[code], phase, amendment, latest, act)
    if made.added is not None:
        return _add_step(amendment, made.added, latest[amendment.place], made, act)
    return latest.get(amendment.place)


def _rewrite(
    step: Step, phase: Phase, amendment: Amendment, latest: dict[str, Step], act: Act
) -> None:
    """Let a step that nobody has begun read otherwise; one that must wait again is closed."""
    step.batch = amendment.batch
    step.definition = to_plain(phase)
    step.amended_by = amendment
    is_free = all(code in latest and latest[code].state in STEP_OVER for code in phase.after)
    if step.state == "ready" and not is_free:
        step.state = STEP.after(step.state, "wait")
    save_step(step, "amend", "definition", "amended_by", act=act, amendment=amendment.code)


def _add_step(amendment: Amendment, placed: Placed, behind: Step, made: Amended, act: Act) -> Step:
    step = Step(
        id=next_id(Step),
        batch=amendment.batch,
        ordinal=behind.ordinal,
        inserted=behind.inserted + 1,
        code=placed.step.code,
        kind=placed.step.kind,
        mode=mode_of(placed.step),
        title=placed.step.title,
        unit_procedure=placed.unit_procedure.title,
        operation=placed.operation.title,
        definition=to_plain(placed.step),
        unit_procedure_code=placed.unit_procedure.code,
        operation_code=placed.operation.code,
        is_branched=placed.step.code in made.order.branched,
        amended_by=amendment,
    )
    step.save(force_insert=True)
    record(act, "add", step, amendment=amendment.code)
    return step
