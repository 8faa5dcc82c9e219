"""The order that a document leaves unsaid: what follows what where there is no ``after``.

Where no unit procedure and no operation says ``after``, ``when`` or ``repeat``, the procedure is
one row of steps: each follows the step before it, across operations. As soon as one of them does,
all are ordered as wholes: each follows the whole of the one before it, unless it says otherwise,
and a step the one before it in its operation.
"""

from __future__ import annotations

from dataclasses import replace

from recipes.rules.document import Operation, Procedure, UnitProcedure
from recipes.rules.step_parsing import UNSTATED
from recipes.rules.steps import Step


def in_order(procedure: Procedure) -> Procedure:
    """Return ``procedure`` with every unstated ``after`` filled in."""
    return _of_wholes(procedure) if _is_structured(procedure) else _of_steps(procedure)


def _is_structured(procedure: Procedure) -> bool:
    """Say whether anything above the steps says how it is ordered."""
    return any(
        unit.after is not None
        or unit.when
        or any(one.after is not None or one.when or one.repeat for one in unit.operations)
        for unit in procedure.unit_procedures
    )


def _of_steps(procedure: Procedure) -> Procedure:
    before: tuple[str, ...] = ()
    whole: list[UnitProcedure] = []
    for unit in procedure.unit_procedures:
        operations: list[Operation] = []
        for operation in unit.operations:
            steps, before = _row(operation.steps, before)
            operations.append(replace(operation, steps=steps))
        whole.append(replace(unit, operations=tuple(operations)))
    return Procedure(unit_procedures=tuple(whole))


def _of_wholes(procedure: Procedure) -> Procedure:
    whole: list[UnitProcedure] = []
    unit_before: tuple[str, ...] = ()
    for unit in procedure.unit_procedures:
        operations: list[Operation] = []
        before: tuple[str, ...] = ()
        for operation in unit.operations:
            after = before if operation.after is None else operation.after
            steps, _ = _row(operation.steps, ())
            operations.append(replace(operation, steps=steps, after=after))
            before = (operation.code,)
        after = unit_before if unit.after is None else unit.after
        whole.append(replace(unit, operations=tuple(operations), after=after))
        unit_before = (unit.code,)
    return Procedure(unit_procedures=tuple(whole))


def _row(
    steps: tuple[Step, ...], before: tuple[str, ...]
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Return steps one after the other, the first after ``before``, and what follows the last."""
    row: list[Step] = []
    for step in steps:
        row.append(replace(step, after=before) if step.after is UNSTATED else step)
        before = (step.code,)
    return tuple(row), before
