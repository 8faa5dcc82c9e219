"""Yields: computed by the software when a step is signed, and again when its value is corrected."""

from __future__ import annotations

from audit.acts import Act, record
from audit.queries import next_id
from batches.commands.telling import tell_exception
from batches.models import StageYield, Step
from batches.queries.statements import current_values, values_of
from batches.queries.work import document_of_batch, number_of
from batches.rules.yields import stages_at, words_of, yield_of
from kernel.quantities import text_of


def note_yields(step: Step, act: Act) -> list[StageYield]:
    """Keep what a step gave at its stages, inside the command that made it final (CGMP-11).

    A yield beyond its percentages is an exception that has a deviation from the start
    (21 CFR 211.192): the batch is not released before that is closed.
    """
    document = document_of_batch(step.batch)
    made: list[StageYield] = []
    for stage in stages_at(document, step.code):
        standing = [one for one in current_values(values_of(step)) if one.unit == stage.unit]
        actual = number_of(standing[-1]) if standing else None
        if actual is None or stage.quantity <= 0:
            continue
        found = yield_of(document, stage, actual)
        one = StageYield(
            id=next_id(StageYield),
            batch_id=step.batch_id,
            step=step,
            label=stage.label,
            expected=stage.quantity,
            actual=actual,
            unit=stage.unit,
            percent=found.percent,
            low=found.low,
            high=found.high,
            is_within=found.is_within,
            at=act.at,
            by=act.by,
        )
        one.save(force_insert=True)
        record(act, "compute_yield", one)
        made.append(one)
        if not found.is_within:
            told = words_of(stage.label, actual, stage.unit, found)
            edges = " to ".join(
                text_of(edge) for edge in (found.low, found.high) if edge is not None
            )
            detail = (
                f"{step.code} {step.title}: {told}; within {edges} % it needs no investigation."
            )
            tell_exception(step, "yield", "critical", detail, act=act)
    return made
