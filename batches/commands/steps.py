"""Steps: started, performed and verified, each by whoever may, in the order of the recipe."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.models import User
from audit.permissions import holds, require
from audit.signing import Proof, sign
from batches.commands.advancing import caught_up
from batches.commands.locks import (
    check_seen,
    require_running,
    save_step,
    step_fields,
    step_for_update,
)
from batches.commands.opening import open_steps
from batches.commands.training import require_trained
from batches.commands.yields import note_yields
from batches.events import StepChanged, StepCompleted
from batches.models import Batch, Step
from batches.queries.statements import current_values, step_statement, values_of
from batches.queries.work import definition_of
from batches.rules.modes import MANUAL
from batches.rules.needs import is_by_hand, missing_values, needs_second
from batches.rules.phases import phase_of
from batches.states import EXECUTION, STEP
from kernel.errors import AlreadyDone, Conflict, IllegalMove, NotPermitted, Refusal
from kernel.events import publish
from recipes.rules.steps import ScanIdentityStep
from supply import commands as supply


def require_performer(step: Step, act: Act) -> None:
    """Refuse whoever may not perform this step at this site.

    Raises:
        NotPermitted: they hold none of the roles the recipe names, or are not trained on it.
    """
    roles = definition_of(step).roles
    require(holds(act.by, *roles, site_id=step.batch.site_id), f"perform step {step.code}")
    require_trained(step.batch, act)


def require_open(step: Step) -> None:
    """Refuse to touch a step that is not being worked on.

    Raises:
        AlreadyDone: it was performed.
        IllegalMove: it was not started, or its turn has not come.
    """
    if step.state in ("performed", "complete"):
        who = step.performed_by.full_name if step.performed_by else "somebody"
        raise AlreadyDone(f"Step {step.code} was already signed by {who}.")
    if step.state == "waiting":
        raise IllegalMove(f"Step {step.code} comes later: an earlier step is not complete.")
    if step.state == "skipped":
        raise IllegalMove(f"Step {step.code} was skipped: its condition was not met.")
    if step.state == "ready":
        raise IllegalMove(f"Step {step.code} was not started.")
    require_going_on(step)


def require_going_on(step: Step) -> None:
    """Refuse to go on with a phase that is held, paused or ended.

    Raises:
        IllegalMove: it is.
    """
    phase = phase_of(step.state, step.phase)
    if phase != "running":
        raise IllegalMove(f"Step {step.code} is {phase}: nothing can be done in it.")


@command
def start_step(*, step_id: int, seen: int, act: Act) -> Step:
    """Start a step whose turn has come.

    Raises:
        AlreadyDone: somebody started it before.
        IllegalMove: an earlier step is not complete.
        Conflict: the batch is on hold.
        StaleView: the step changed after it was shown.
    """
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    require_running(step.batch)
    if step.state == "running":
        raise AlreadyDone(f"Step {step.code} was already started.")
    if step.state != "ready":
        require_open(step)
    check_seen(seen, step.version)
    step.state = STEP.after(step.state, "start")
    step.phase = EXECUTION.after(step.phase, "start")
    step.started_at = act.at
    save_step(step, "start", "started_at", "phase", act=act)
    publish(StepChanged(**step_fields(step, act)))
    return step


@command
def sign_step(*, step_id: int, seen: int, proof: Proof, seen_digest: str, act: Act) -> Step:
    """Perform a step: the performer signs its values; it is complete unless it must be verified.

    Raises:
        AlreadyDone: it was signed before.
        IllegalMove: it was not started, or its turn has not come.
        Conflict: the batch is on hold, or a value is missing.
        StaleView: it is not what was shown.
    """
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    require_running(step.batch)
    require_open(step)
    check_seen(seen, step.version)
    definition = definition_of(step)
    values = values_of(step)
    standing = current_values(values)
    missing = missing_values(definition, [value.name for value in standing])
    if missing:
        raise Conflict(f"Before signing: {missing[0]}", code="missing_value")
    sign(
        act=act,
        proof=proof,
        subject=step,
        meaning="performed",
        statement=step_statement(step, values),
        seen_digest=seen_digest,
    )
    step.performed_by = act.by
    is_touched = step.mode == MANUAL or any(is_by_hand(definition, one) for one in standing)
    if is_touched or needs_second(definition, [value.verdict for value in standing]):
        step.state = STEP.after(step.state, "perform")
        save_step(step, "perform", "performed_by", act=act)
        publish(StepChanged(**step_fields(step, act)))
        return step
    return _completed(step, "complete", act)


@command
def verify_step(*, step_id: int, seen: int, proof: Proof, seen_digest: str, act: Act) -> Step:
    """Verify a performed step: a second person signs the same values (21 CFR 211.188(b)(11)).

    Raises:
        NotPermitted: the verifier performed the step, is the same person under another account,
            holds no verifier's role at the site, or is not trained on the recipe.
        AlreadyDone: it was verified before.
        IllegalMove: it was not performed.
        StaleView: it is not what was shown.
    """
    step = step_for_update(step_id, act=act)
    require_running(step.batch)
    if step.state == "complete":
        raise AlreadyDone(f"Step {step.code} is complete already.")
    STEP.after(step.state, "verify")
    require_going_on(step)
    _require_second_person(step, act)
    require(holds(act.by, "verifier", site_id=step.batch.site_id), f"verify step {step.code}")
    require_trained(step.batch, act)
    check_seen(seen, step.version)
    sign(
        act=act,
        proof=proof,
        subject=step,
        meaning="verified",
        statement=step_statement(step),
        seen_digest=seen_digest,
    )
    step.verified_by = act.by
    return _completed(step, "verify", act)


def _require_second_person(step: Step, act: Act) -> None:
    performer = step.performed_by
    assert performer is not None, "a performed step has a performer"
    require_two_people(act.by, performer)


def require_two_people(one: User, other: User) -> None:
    """Refuse one person in the place of two, under one account or under two of their own.

    Raises:
        NotPermitted: with code ``same``.
    """
    if one.pk == other.pk:
        raise NotPermitted("Nobody verifies their own work: a second person signs.", code="same")
    mine, theirs = (str(who.employee_id or "").strip().casefold() for who in (one, other))
    if mine and mine == theirs:
        raise NotPermitted("Both accounts belong to one person.", code="same")


def _completed(step: Step, verb: str, act: Act) -> Step:
    caught_up(step, act)
    step.state = STEP.after(step.state, verb)
    step.phase = EXECUTION.after(step.phase, "done")
    step.completed_at = act.at
    save_step(step, verb, "performed_by", "verified_by", "completed_at", "phase", act=act)
    _use_up(step, act)
    note_yields(step, act)
    publish(StepCompleted(**step_fields(step, act)))
    open_steps(step.batch, act=act)
    return step


def _use_up(step: Step, act: Act) -> None:
    """Consume the bag that a complete step scanned for use; a label is no bag."""
    phase = definition_of(step)
    if not isinstance(phase, ScanIdentityStep) or phase.target != "bag":
        return
    batch = step.batch
    for scanned in current_values(values_of(step)):
        supply.consume_container(
            chain=batch.order.chain,
            code=scanned.entered,
            used_in=batch.number,
            site=batch.site,
            act=act,
        )


@command
def note_refusal(
    *, batch_id: int, step_id: int | None, verb: str, refusal: Refusal, act: Act
) -> None:
    """Keep in the ledger that somebody tried what was refused; nothing else changes.

    Called by an edge after the refusal undid its own transaction (requirement P11-08).
    """
    step = Step.objects.filter(pk=step_id, batch_id=batch_id).first() if step_id else None
    subject = step or Batch.objects.get(pk=batch_id)
    subject.taken_changes()
    record(act, "refused", subject, asked=verb, code=refusal.code, detail=refusal.detail[:400])
