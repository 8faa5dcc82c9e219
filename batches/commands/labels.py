"""Labels of a step: printed, printed again, and one replaced by another under control of two."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.queries import next_id
from audit.signing import Proof
from batches.commands.corrections import sign_again
from batches.commands.file_contents import Content
from batches.commands.files import open_step_for
from batches.commands.keeping import kept
from batches.commands.locks import check_seen, require_running, save_step, step_for_update
from batches.commands.steps import require_performer
from batches.commands.telling import tell_exception
from batches.models import Attachment, LabelReplacement, Step
from batches.ports import LabelWords, drawn_labels
from batches.queries.labels import (
    issued_labels,
    issued_serials,
    lines_for,
    replacement_statement,
    why_not_valid,
)
from batches.queries.statements import current_values, values_of
from batches.queries.work import definition_of, document_of_batch
from batches.rules.entries import reason_from, text_from
from batches.rules.files import MOST_LABELS
from batches.rules.labels import FATES, scanned_from, serials_of
from kernel.errors import AlreadyDone, Conflict, Invalid
from recipes.rules.file_steps import LabelStep
from recipes.rules.labels import Label


@command
def print_labels(
    *, step_id: int, seen: int, copies: int = 0, reason: str = "", act: Act
) -> Attachment:
    """Print the labels of a step; what is stored is, byte for byte, what is printed.

    Args:
        copies: how many; the first run prints as many as the recipe says.
        reason: needed for every reprint, which is counted on the label itself.

    Raises:
        Invalid: there is no reason for a reprint, or there are too many labels.
        Conflict: the step prints no labels, the recipe has no such specimen, or what its expiry
            counts from is not over.
        AlreadyDone: the labels are accounted for.
    """
    step = open_step_for(step_id, seen, act)
    phase = _label_step(step)
    if current_values(values_of(step)):
        raise AlreadyDone("The labels are accounted for: no more are printed.")
    runs = step.attachments.count()
    words = reason_from(reason, what="A reprint") if runs else ""
    wanted = copies if runs else phase.copies
    if not 0 < wanted <= MOST_LABELS:
        raise Invalid(f"From 1 to {MOST_LABELS} labels.", pointer="/copies", code="out_of_range")
    made = _printed(step, phase, copies=wanted, reason=words, act=act)
    save_step(step, "print_labels", act=act)
    if runs:
        detail = f"{step.code} {step.title}: reprint {runs}, {wanted} labels: {words}"
        tell_exception(step, "reprint", "warning", detail, act=act)
    return made


@command
def replace_label(
    *,
    step_id: int,
    seen: int,
    scanned: str,
    fate: str,
    reason: str,
    proof: Proof,
    witness: Proof,
    seen_digest: str,
    act: Act,
) -> LabelReplacement:
    """Replace one label of a step whose labels are accounted for (requirement COI-07).

    The old label is void, the new one has a serial of its own and the same chain of identity; the
    count of the labels goes on, and quality reviews it.

    Args:
        scanned: the code of the old label, or its serial.
        fate: what became of the old label, ``destroyed`` or ``missing``.

    Raises:
        Invalid: no label of this step has that code, it is void already, or there is no reason.
        Conflict: the step prints no labels, or they are not accounted for yet.
        NotPermitted: both signatures are one person's, or the second is no verifier's.
        StaleView: it is not what was shown.
    """
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    if step.batch.state not in ("execution_complete", "returned_for_correction"):
        require_running(step.batch)
    check_seen(seen, step.version)
    phase = _label_step(step)
    void = require_replaceable(step, scanned, fate)
    words = reason_from(reason, what="A new label in the place of another")
    statement = replacement_statement(step, void_serial=void, fate=fate, reason=words)
    sign_again(step, dict(statement), proof, witness, seen_digest, act)
    number = issued_labels(step) + 1
    made = _printed(step, phase, copies=1, reason=words, replaces=void, act=act)
    replaced = LabelReplacement(
        id=next_id(LabelReplacement),
        batch=step.batch,
        step=step,
        attachment=made,
        void_serial=void,
        new_serial=_serials(step, first=number, copies=1)[0],
        fate=fate,
        reason=words,
        made_by=act.by,
        witnessed_by=witness.user,
        made_at=act.at,
    )
    replaced.save(force_insert=True)
    record(act, "replace_label", replaced)
    save_step(step, "replace_label", act=act)
    _tell_replaced(replaced, act)
    return replaced


def require_replaceable(step: Step, scanned: str, fate: str) -> str:
    """Return the serial of a label of this step that may be replaced now.

    Raises:
        Conflict: the labels are not accounted for yet.
        Invalid: no label of this step has that code, or it is void already.
    """
    if step.state != "complete":
        raise Conflict(
            "The labels are not accounted for yet: print some again instead.", code="not_accounted"
        )
    if fate not in FATES:
        raise Invalid("Say what became of the old label.", pointer="/fate", code="unknown_word")
    text = text_from(scanned, pointer="/scanned", longest=120)
    identity, behind = scanned_from(text)
    serial = behind or identity
    if behind and identity.upper() != step.batch.order.chain.value:
        raise Invalid(
            f"This label is not of batch {step.batch.number}: WRONG PATIENT.",
            pointer="/scanned",
            code="wrong_label",
        )
    why = why_not_valid(step.batch, serial)
    if not why and serial not in issued_serials(step):
        why = f"Label {serial} was printed in another step."
    if why:
        raise Invalid(why, pointer="/scanned", code="wrong_label")
    return serial


def _tell_replaced(made: LabelReplacement, act: Act) -> None:
    step = made.step
    told = f"label {made.void_serial} ({made.fate}) was replaced by {made.new_serial}"
    is_lost = made.fate == "missing"
    kind, severity = ("label_missing", "critical") if is_lost else ("relabel", "warning")
    detail = f"{step.code} {step.title}: {told}: {made.reason}"
    tell_exception(step, kind, severity, detail, act=act)


def _label_step(step: Step) -> LabelStep:
    phase = definition_of(step)
    if not isinstance(phase, LabelStep):
        raise Conflict(f"Step {step.code} prints no labels.", code="no_labels")
    return phase


def _specimen(step: Step, phase: LabelStep) -> Label:
    labels = document_of_batch(step.batch).header.labels
    found = next((one for one in labels if one.code == phase.label), None)
    if found is None:
        raise Conflict(f"The recipe has no label {phase.label}.", code="no_specimen")
    return found


def _serials(step: Step, *, first: int, copies: int) -> list[str]:
    return serials_of(step.batch.number, step.code, step.execution, first=first, copies=copies)


def _printed(
    step: Step, phase: LabelStep, *, copies: int, reason: str, replaces: str = "", act: Act
) -> Attachment:
    """Draw and keep the next run of labels of a step that is locked."""
    specimen = _specimen(step, phase)
    runs = list(step.attachments.order_by("number").values_list("copies", "made_at"))
    first_at = runs[0][1] if runs else act.at
    batch = step.batch
    drawn = drawn_labels(
        LabelWords(
            lines=lines_for(step, specimen, at=first_at),
            batch=batch.number,
            chain=batch.order.chain.value,
            serials=tuple(_serials(step, first=sum(one for one, _ in runs) + 1, copies=copies)),
            reprint=0 if replaces else len(runs),
            replaces=replaces,
        )
    )
    name = f"{batch.number}-{step.code}-{specimen.code}-{len(runs) + 1}.pdf"
    content = Content("pdf", name, "application/pdf", drawn)
    return kept(step, content, sort="label", copies=copies, reason=reason, act=act)
