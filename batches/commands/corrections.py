"""Corrections: a new value with a reason beside the old one, signed again where it was signed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.acts import Act, command
from audit.permissions import holds, require
from audit.signing import Proof, sign
from batches.commands.designspace import judged_in_space
from batches.commands.locks import check_seen, require_running, step_for_update
from batches.commands.reading_kinds import read
from batches.commands.readings import Entry, Source
from batches.commands.steps import require_performer, require_two_people
from batches.commands.telling import tell_exception
from batches.commands.values import store
from batches.commands.yields import note_yields
from batches.models import Step, StepValue
from batches.queries.statements import correction_statement, current_values, values_of
from batches.queries.work import definition_of
from batches.rules.entries import reason_from
from batches.rules.needs import is_laboratory
from kernel.errors import Conflict, IllegalMove, Invalid, NotPermitted
from recipes.rules.steps import CalculationStep
from recipes.rules.steps import Step as Phase

CORRECTABLE = ("number", "choice", "calculation", "text", "date_time", "in_process_control")
SIGNED = ("performed", "complete")


@command
def correct_value(
    *,
    step_id: int,
    seen: int,
    entered: str = "",
    unit: str = "",
    reason: str,
    proof: Proof | None = None,
    witness: Proof | None = None,
    seen_digest: str = "",
    act: Act,
) -> StepValue:
    """Correct the value of a step; the old one stays legible (21 CFR 11.10(e)).

    Args:
        proof: the signer's proof, needed once the step was signed.
        witness: the proof of a verifier, needed once the step was verified.
        seen_digest: the digest of the correction that was shown.

    Raises:
        Invalid: there is no reason, or the new value is not what the step takes.
        Conflict: there is no value to correct, or it is of a kind that cannot be corrected.
        NotPermitted: a signature is missing, or signer and verifier are one person.
        StaleView: it is not what was shown.
    """
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    if step.batch.state not in ("execution_complete", "returned_for_correction"):
        require_running(step.batch)
    check_seen(seen, step.version)
    words = reason_from(reason, what="A correction")
    phase, values = definition_of(step), values_of(step)
    old = _correctable(step, phase, values)
    entry = Entry(
        step=step,
        entered=entered,
        unit=unit,
        source=Source.KEYED,
        reason=words,
        act=act,
        happened_at=old.happened_at,
        corrects=old,
    )
    if step.state in SIGNED:
        statement = correction_statement(step, entered=entered, reason=words, values=values)
        sign_again(step, statement, proof, witness, seen_digest, act)
    reading = judged_in_space(phase, entry, read(phase, entry))
    if reading.entered == old.entered:
        raise Invalid("This is the value that is there.", pointer="/value", code="unchanged")
    value = store(entry, old.name, reading, values, corrects=old)
    detail = f"{step.code} {step.title}: {old.entered} was corrected to {reading.entered}: {words}"
    used_by = _users_of(step)
    if used_by:
        detail += f" It was used in {', '.join(used_by)}: look there again."
    tell_exception(step, "correction", "warning" if used_by else "note", detail, act=act)
    if step.state == "complete":
        note_yields(step, act)
    return value


def _correctable(step: Step, phase: Phase, values: list[StepValue]) -> StepValue:
    if step.state not in ("running", *SIGNED):
        raise IllegalMove(f"Step {step.code} was not started.")
    if step.kind not in CORRECTABLE:
        raise Conflict(
            "What was scanned, timed or taken from a sensor is not corrected: put the batch on hold.",
            code="not_correctable",
        )
    if is_laboratory(phase):
        raise Conflict(
            "A laboratory record is not corrected: the test is repeated, or the step done again.",
            code="not_correctable",
        )
    standing = current_values(values)
    if not standing:
        raise Conflict(f"Step {step.code} has no value to correct.", code="no_value")
    return standing[-1]


def sign_again(
    step: Step,
    statement: dict[str, Any],
    proof: Proof | None,
    witness: Proof | None,
    seen_digest: str,
    act: Act,
) -> None:
    """Sign what changes a signed step, by as many people as signed the step itself.

    Raises:
        NotPermitted: a signature is missing, or both are one person's.
    """
    if proof is None:
        raise NotPermitted("The step was signed, so what changes it is signed too.")
    sign(
        act=act,
        proof=proof,
        subject=step,
        meaning="performed",
        statement=statement,
        seen_digest=seen_digest,
    )
    if step.verified_by_id is None:
        return
    if witness is None:
        raise NotPermitted("The step was verified, so a second person signs what changes it.")
    require_two_people(act.by, witness.user)
    require(holds(witness.user, "verifier", site_id=step.batch.site_id), f"verify step {step.code}")
    sign(
        act=replace(act, by=witness.user),
        proof=witness,
        subject=step,
        meaning="verified",
        statement=statement,
        seen_digest=seen_digest,
    )


def _users_of(step: Step) -> list[str]:
    """Return the calculations that were made, and what was decided, with the value of this step."""
    found = []
    for other in step.batch.steps.filter(kind="calculation").order_by("ordinal", "inserted"):
        phase = definition_of(other)
        if (
            isinstance(phase, CalculationStep)
            and other.values.exists()
            and any(one.source == step.code for one in phase.inputs)
        ):
            found.append(other.code)
    for branch in step.batch.branches.order_by("pk"):
        if any(used["from"] == step.code for used in branch.used):
            found.append(f"the condition of {branch.code}")
    return found
