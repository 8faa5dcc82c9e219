"""Files and labels of a step: kept once, byte for byte, and never replaced without a trace."""

from __future__ import annotations

import hashlib

from audit.acts import Act, command, record
from audit.queries import next_id
from batches.commands.file_contents import Content, content_from
from batches.commands.locks import check_seen, require_running, save_step, step_for_update
from batches.commands.readings import Entry, Reading, Source
from batches.commands.steps import require_open, require_performer
from batches.commands.telling import tell_exception
from batches.commands.values import store
from batches.models import Attachment, Step, StepValue
from batches.ports import LabelWords, drawn_labels
from batches.queries.statements import current_values, values_of
from batches.queries.work import definition_of, document_of_batch
from batches.rules.entries import reason_from
from batches.rules.files import MOST_LABELS
from batches.rules.needs import value_name
from kernel.errors import AlreadyDone, Conflict, Invalid
from recipes.rules.file_steps import FileStep, LabelStep


def _open_step(step_id: int, seen: int, act: Act) -> Step:
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    require_running(step.batch)
    require_open(step)
    check_seen(seen, step.version)
    return step


@command
def attach_file(
    *, step_id: int, seen: int, content: bytes, name: str, reason: str = "", act: Act
) -> StepValue:
    """Keep the photo or the file of a step; a second one replaces the first, which stays.

    Args:
        content: the bytes; what they are is decided by them, not by ``name``.
        reason: needed where a file stands already.

    Raises:
        Invalid: the file cannot be taken, or there is no reason.
        Conflict: the step takes no file.
        StaleView: the step changed after it was shown.
    """
    step = _open_step(step_id, seen, act)
    phase = definition_of(step)
    if not isinstance(phase, FileStep):
        raise Conflict(f"Step {step.code} takes no file.", code="no_file")
    values = values_of(step)
    standing = current_values(values)
    words = reason_from(reason, what="Another file") if standing else ""
    taken = content_from(content, name=name, accept=phase.accept)
    made = kept(step, taken, copies=1, reason=words, act=act)
    entry = Entry(
        step=step, entered=taken.name, unit="", source=Source.KEYED, reason=words, act=act
    )
    reading = Reading(
        entered=taken.name,
        source=Source.KEYED,
        details={
            "attachment": made.pk,
            "sort": made.sort,
            "size": made.size,
            "digest": made.digest,
        },
    )
    corrects = standing[-1] if standing else None
    value = store(entry, value_name(phase), reading, values, corrects=corrects)
    if corrects:
        detail = f"{step.code} {step.title}: {corrects.entered} was replaced: {words}"
        tell_exception(step, "correction", "note", detail, act=act)
    return value


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
        Conflict: the step prints no labels, or the recipe has no such specimen.
        AlreadyDone: the labels are accounted for.
    """
    step = _open_step(step_id, seen, act)
    phase = definition_of(step)
    if not isinstance(phase, LabelStep):
        raise Conflict(f"Step {step.code} prints no labels.", code="no_labels")
    if current_values(values_of(step)):
        raise AlreadyDone("The labels are accounted for: no more are printed.")
    batch = step.batch
    labels = document_of_batch(batch).header.labels
    specimen = next((one for one in labels if one.code == phase.label), None)
    if specimen is None:
        raise Conflict(f"The recipe has no label {phase.label}.", code="no_specimen")
    runs = step.attachments.count()
    words = reason_from(reason, what="A reprint") if runs else ""
    wanted = copies if runs else phase.copies
    if not 0 < wanted <= MOST_LABELS:
        raise Invalid(f"From 1 to {MOST_LABELS} labels.", pointer="/copies", code="out_of_range")
    drawn = drawn_labels(
        LabelWords(
            lines=specimen.lines,
            batch=batch.number,
            chain=batch.order.chain.value,
            copies=wanted,
            reprint=runs,
        )
    )
    name = f"{batch.number}-{step.code}-{specimen.code}-{runs + 1}.pdf"
    content = Content("pdf", name, "application/pdf", drawn)
    made = kept(step, content, sort="label", copies=wanted, reason=words, act=act)
    save_step(step, "print_labels", act=act)
    if runs:
        detail = f"{step.code} {step.title}: reprint {runs}, {wanted} labels: {words}"
        tell_exception(step, "reprint", "warning", detail, act=act)
    return made


def kept(
    step: Step, content: Content, *, copies: int, reason: str, act: Act, sort: str = ""
) -> Attachment:
    """Keep a file of a step that is locked, inside the command that caused it."""
    made = Attachment(
        id=next_id(Attachment),
        batch_id=step.batch_id,
        step=step,
        number=step.attachments.count() + 1,
        sort=sort or content.sort,
        name=content.name[:80],
        content_type=content.content_type,
        size=len(content.content),
        digest=hashlib.sha256(content.content).hexdigest(),
        content=content.content,
        copies=copies,
        reason=reason,
        made_by=act.by,
        made_at=act.at,
    )
    made.save(force_insert=True)
    record(act, "attach", made)
    return made
