"""Values: entered once, corrected only by a new value with a reason; nothing is ever overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from audit.acts import Act, command, record
from audit.queries import next_id
from batches.commands.designspace import judged_in_space
from batches.commands.holds import hold_batch
from batches.commands.locks import (
    check_seen,
    require_running,
    save_step,
    step_fields,
    step_for_update,
)
from batches.commands.reading_kinds import read
from batches.commands.readings import Entry, Reading, Source
from batches.commands.steps import require_open, require_performer
from batches.commands.telling import tell_exception
from batches.events import StepChanged
from batches.models import Batch, Step, StepValue
from batches.queries.labels import why_not_valid
from batches.queries.statements import current_values, values_of
from batches.queries.work import definition_of
from batches.rules.entries import optional_reason_from, reason_from, text_from
from batches.rules.labels import scanned_from
from batches.rules.laboratory import TestData
from batches.rules.lateness import event_time, judged_lateness
from batches.rules.modes import MANUAL
from batches.rules.needs import is_scanned, may_repeat, value_name
from batches.rules.verdicts import Judged
from kernel.errors import AlreadyDone, Conflict, Invalid
from kernel.events import publish
from recipes.rules.steps import ScanIdentityStep, SensorStep
from recipes.rules.steps import Step as Phase
from supply import commands as supply

if TYPE_CHECKING:
    from supply.commands import IdentityOutcome


@command
def enter_value(
    *,
    step_id: int,
    seen: int,
    name: str = "",
    entered: str = "",
    unit: str = "",
    source: str = "keyed",
    reason: str = "",
    happened_at: str = "",
    test: TestData | None = None,
    act: Act,
) -> StepValue | IdentityOutcome:
    """Enter the value of a running step.

    Args:
        name: what the value is called; empty means the one that the step asks for.
        entered: the text as it was typed or scanned; a timer, a sensor and a calculation take none.
        source: "scanned" or "keyed", for what should be scanned.
        reason: needed beyond a soft limit, for a code that was typed, and for a late entry.
        happened_at: when it was done, as typed, where that was before now.
        test: what a laboratory record has beside its result.

    Returns:
        The stored value; or, when a scanned identity is not this batch's, the outcome of the
        check, with the batch on hold.

    Raises:
        Invalid: the entry is not what the step takes, breaks a hard limit, or needs a reason.
        AlreadyDone: the step has its value; it is corrected, and only a test is repeated.
        Conflict: the batch is on hold, or what was scanned cannot be used.
        StaleView: the step changed after it was shown.
    """
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    require_running(step.batch)
    require_open(step)
    check_seen(seen, step.version)
    phase = definition_of(step)
    wanted = _wanted(phase, name)
    values = values_of(step)
    standing = current_values(values)
    _require_room(step, phase, len(standing))
    is_typed = _is_typed(phase, source, reason)
    done_at, late = _event_time(step, phase, happened_at, reason, act)
    entry = Entry(
        step=step,
        entered=entered,
        unit=unit,
        source=Source.KEYED if is_typed else Source.SCANNED,
        reason=optional_reason_from(reason),
        act=act,
        happened_at=done_at,
        test=test,
    )
    if isinstance(phase, ScanIdentityStep):
        return _identity(phase, entry, values, is_typed=is_typed)
    value = store(entry, wanted, judged_in_space(phase, entry, read(phase, entry)), values)
    _tell_apart(entry, late, is_typed=is_typed, before=len(standing))
    return value


def _wanted(phase: Phase, name: str) -> str:
    """Return the name of the one value that the step asks for."""
    wanted = value_name(phase)
    if not wanted or (name and name != wanted):
        raise Invalid("The step has no such value.", pointer="/name", code="unknown_value")
    return wanted


def _require_room(step: Step, phase: Phase, results: int) -> None:
    """Refuse a second value beside the first, but for a test that may be repeated."""
    if results and not may_repeat(phase, results):
        raise AlreadyDone(f"Step {step.code} has its value. Correct it with a reason.")


def _is_typed(phase: Phase, source: str, reason: str) -> bool:
    """Say whether a code was typed that should be scanned; that has a reason."""
    is_typed = is_scanned(phase) and source != Source.SCANNED
    if is_typed:
        reason_from(reason, what="A code that was typed, not scanned,")
    return is_typed


def _event_time(
    step: Step, phase: Phase, happened_at: str, reason: str, act: Act
) -> tuple[datetime | None, Judged]:
    """Return when it was done, and whether that is recorded too late; a late one has a reason."""
    done_at = event_time(
        phase,
        happened_at,
        zone=step.batch.site.time_zone,
        started_at=step.batch.started_at or act.at,
        recorded_at=act.at,
    )
    late = judged_lateness(phase, done_at, act.at)
    if late.exception_kind:
        reason_from(reason, what=f"{late.reason}: this")
    return done_at, late


def _identity(
    phase: ScanIdentityStep, entry: Entry, values: list[StepValue], *, is_typed: bool
) -> StepValue | IdentityOutcome:
    """Check a bag or a label against the patient; a wrong one stops the batch and stays on record."""
    batch = entry.step.batch
    scanned = text_from(entry.entered, pointer="/value", longest=120)
    outcome = supply.check_identity(
        chain=batch.order.chain,
        scanned=_identity_of(batch, scanned),
        is_keyed=is_typed,
        site=batch.site,
        used_in=batch.number,
        act=entry.act,
    )
    if not outcome.is_match:
        # Whoever listens has put the batch on hold, and this step with it.
        entry.step.refresh_from_db(fields=("version", "state", "phase"))
    _check_target(phase, outcome)
    judged = (
        Judged(word="ok")
        if outcome.is_match
        else Judged(
            word="mismatch", reason=outcome.detail, exception_kind="identity", severity="critical"
        )
    )
    reading = Reading(
        entered=scanned,
        source=entry.source,
        judged=judged,
        details={"expected": batch.order.chain.value},
    )
    value = store(entry, value_name(phase), reading, values)
    if is_typed:
        _tell_typed(entry)
    if outcome.is_match:
        return value
    hold_batch(batch_id=batch.pk, cause="identity", reason=outcome.detail, act=entry.act)
    return outcome


def _identity_of(batch: Batch, scanned: str) -> str:
    """Return what the check of identity compares: of a label with a serial, its chain of identity.

    Raises:
        Conflict: with code ``void_label``, the label is this patient's, and void or of another
            batch.
    """
    identity, serial = scanned_from(scanned)
    if not serial:
        return scanned
    why = why_not_valid(batch, serial) if identity.upper() == batch.order.chain.value else ""
    if why:
        raise Conflict(why, pointer="/value", code="void_label")
    return identity


def _check_target(phase: ScanIdentityStep, outcome: IdentityOutcome) -> None:
    """Refuse the label where the bag itself is asked for, and the other way round."""
    if outcome.is_match and (phase.target == "bag") != (outcome.container is not None):
        other = "label" if phase.target == "bag" else "bag"
        raise Invalid(
            f"Scan the {phase.target}, not the {other}.", pointer="/value", code="wrong_target"
        )


def store(
    entry: Entry,
    name: str,
    reading: Reading,
    values: list[StepValue],
    *,
    corrects: StepValue | None = None,
) -> StepValue:
    """Store what was understood as the next value of a locked step, and tell who must know."""
    step, act = entry.step, entry.act
    value = StepValue(
        id=next_id(StepValue),
        step=step,
        batch=step.batch,
        seq=values[-1].seq + 1 if values else 1,
        name=name,
        entered=reading.entered,
        value=reading.value,
        unit=reading.unit,
        source=reading.source,
        verdict=reading.judged.word,
        verdict_reason=reading.judged.reason[:400],
        reason=entry.reason,
        details=reading.details,
        corrects=corrects,
        entered_by=act.by,
        entered_at=act.at,
        happened_at=entry.happened_at,
    )
    value.save(force_insert=True)
    record(act, "enter" if corrects is None else "correct", value)
    save_step(step, "enter_value" if corrects is None else "correct_value", act=act)
    if reading.judged.exception_kind:
        tell_exception(
            step,
            reading.judged.exception_kind,
            reading.judged.severity,
            f"{step.code} {step.title}: {reading.judged.reason}.",
            act=act,
        )
    publish(StepChanged(**step_fields(step, act)))
    return value


def _tell_manual(entry: Entry) -> None:
    step = entry.step
    detail = f"{step.code} {step.title}: the value was read and typed: {entry.reason}"
    tell_exception(step, "keyed", "warning", detail, act=entry.act)


def _tell_typed(entry: Entry) -> None:
    step = entry.step
    detail = f"{step.code} {step.title}: the code was typed, not scanned: {entry.reason}"
    tell_exception(step, "keyed", "note", detail, act=entry.act)


def _tell_apart(entry: Entry, late: Judged, *, is_typed: bool, before: int) -> None:
    """Tell what is told of an entry whatever its value: a code that was typed, a late record, a repeat.

    Args:
        before: how many results it stands beside.
    """
    if before:
        detail = f"{entry.step.code} {entry.step.title}: result {before + 1}: {entry.reason}"
        tell_exception(entry.step, "repeat", "warning", detail, act=entry.act)
    if is_typed:
        _tell_typed(entry)
    if entry.step.mode == MANUAL and entry.step.kind == SensorStep.kind:
        _tell_manual(entry)
    if late.exception_kind:
        step = entry.step
        detail = f"{step.code} {step.title}: {late.reason}: {entry.reason}"
        tell_exception(step, late.exception_kind, late.severity, detail, act=entry.act)
