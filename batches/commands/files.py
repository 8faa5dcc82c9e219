"""Files of a step: kept once, byte for byte, and never replaced without a trace."""

from __future__ import annotations

from audit.acts import Act, command
from batches.commands.file_contents import content_from
from batches.commands.keeping import kept
from batches.commands.locks import check_seen, require_running, step_for_update
from batches.commands.readings import Entry, Reading, Source
from batches.commands.steps import require_open, require_performer
from batches.commands.telling import tell_exception
from batches.commands.values import store
from batches.models import Step, StepValue
from batches.queries.statements import current_values, values_of
from batches.queries.work import definition_of
from batches.rules.entries import reason_from
from batches.rules.needs import value_name
from kernel.errors import Conflict
from recipes.rules.file_steps import FileStep


def open_step_for(step_id: int, seen: int, act: Act) -> Step:
    """Return a step under lock that its performer works on, as it was shown."""
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
    step = open_step_for(step_id, seen, act)
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
