"""Executions: another one of a step, for another round of a loop or after a reset."""

from __future__ import annotations

from audit.acts import Act, record
from audit.queries import next_id
from batches.models import Step
from batches.queries.work import definition_of
from batches.rules.modes import mode_of


def next_execution(step: Step, *, number: int | None = None, act: Act) -> Step:
    """Add the next execution of a step that is locked; the one before stays as it is.

    Args:
        number: the round of the loop; that of the step when left out.
    """
    again = Step(
        id=next_id(Step),
        batch_id=step.batch_id,
        ordinal=step.ordinal,
        code=step.code,
        kind=step.kind,
        mode=mode_of(definition_of(step)),
        title=step.title,
        unit_procedure=step.unit_procedure,
        operation=step.operation,
        definition=step.definition,
        unit_procedure_code=step.unit_procedure_code,
        operation_code=step.operation_code,
        is_branched=step.is_branched,
        inserted=step.inserted,
        amended_by_id=step.amended_by_id,
        execution=step.execution + 1,
        round=step.round if number is None else number,
    )
    again.save(force_insert=True)
    record(act, "add", again)
    return again
