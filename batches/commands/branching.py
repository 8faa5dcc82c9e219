"""Branching: alternatives and loops, decided by the software as soon as they can be, and recorded.

They are decided in the same transaction as what made them decidable, so nobody ever sees a step
that is open and should have been skipped.
"""

from __future__ import annotations

from typing import Any

from audit.acts import Act, record
from audit.queries import next_id
from batches.commands.executions import next_execution
from batches.commands.locks import batch_for_update, event_fields, save_step
from batches.commands.stopping import placed_hold
from batches.events import ExceptionRaised
from batches.models import Batch, Branch, Step
from batches.queries.work import document_of_batch, found_values, order_values
from batches.rules.calculations import Used, used_values
from batches.rules.sequencing import (
    Decision,
    Standing,
    closed_steps,
    due_gate,
    due_loop,
    gate_decision,
    loop_decision,
)
from batches.states import STEP
from kernel.errors import Conflict, Refusal
from kernel.events import publish
from kernel.quantities import quantity_label, text_of
from recipes.rules.sequence import Gate, Loop, Order, order_of
from recipes.rules.structure import Condition, is_met

Outcome = Branch.Outcome
# The document is large, and every signature asks for its order.
_ORDERS: dict[str, Order] = {}
_MOST_ORDERS = 64


def decide_branches(batch: Batch, *, act: Act) -> frozenset[str]:
    """Decide what can be decided; return the steps of alternatives that are still undecided.

    Raises:
        Conflict: with code ``undecidable``, a condition has no answer: a value must be corrected.
    """
    order = _order(batch)
    while True:
        standing, decided = _standing(batch), _decided(batch)
        # Loops first: what follows one must not be decided while another round is still to come.
        loop = due_loop(order, standing, decided)
        if loop is not None:
            _round(batch, loop, loop_decision(loop, standing), act)
            continue
        gate = due_gate(order, standing, decided)
        if gate is None:
            return closed_steps(order, standing, decided)
        _pass(batch, gate, gate_decision(gate, standing), act)


def _order(batch: Batch) -> Order:
    """Return the order of the document of a batch; read once, then remembered by its digest."""
    digest = batch.effective_digest or batch.control_recipe_digest
    known = _ORDERS.get(digest)
    if known is None:
        if len(_ORDERS) >= _MOST_ORDERS:
            _ORDERS.clear()
        known = order_of(document_of_batch(batch))
        _ORDERS[digest] = known
    return known


def _standing(batch: Batch) -> dict[str, Standing]:
    rows = batch.steps.order_by("execution").values_list("code", "state", "round")
    return {code: Standing(state, number) for code, state, number in rows}


def _decided(batch: Batch) -> set[Decision]:
    return set(batch.branches.values_list("kind", "level", "code", "round"))


def _pass(batch: Batch, gate: Gate, decision: Decision, act: Act) -> None:
    """Decide an alternative: its steps open in their turn, or are skipped."""
    is_taken, used = _asked(batch, gate.condition, gate.code)
    outcome = Outcome.TAKEN if is_taken else Outcome.SKIPPED
    _decide(batch, decision, gate.title, outcome, gate.condition, used, act)
    if is_taken:
        return
    told = _filled_in(gate.condition, used)
    for step in _latest(batch, gate.steps):
        step.state = STEP.after(step.state, "skip")
        save_step(step, "skip", act=act, condition=told)


def _round(batch: Batch, loop: Loop, decision: Decision, act: Act) -> None:
    """Judge a round: the loop is over, goes on with another round, or has reached its bound."""
    until, most, number = loop.until, loop.most, decision[3]
    assert until is not None, "an approved loop says until when"
    assert most is not None, "an approved loop has a bound"
    is_over, used = _asked(batch, until, loop.code)
    outcome = Outcome.AGAIN if number < most else Outcome.BOUND
    _decide(batch, decision, loop.title, Outcome.OVER if is_over else outcome, until, used, act)
    if is_over:
        return
    if outcome == Outcome.AGAIN:
        for step in _latest(batch, loop.steps):
            next_execution(step, number=number + 1, act=act)
        return
    last = _latest(batch, loop.steps)[-1]
    told = (
        f"{loop.code} {loop.title}: {most} rounds are over, and it is not so that"
        f" {_filled_in(until, used)}."
    )
    publish(
        ExceptionRaised(
            **event_fields(batch, act),
            step_id=last.pk,
            exception_kind="loop_bound",
            severity="critical",
            detail=told[:1000],
        )
    )
    whole = batch_for_update(batch.pk, act=act)
    placed_hold(whole, cause="loop_bound", reason=told[:1000], act=act)
    batch.state = whole.state


def _latest(batch: Batch, codes: tuple[str, ...]) -> list[Step]:
    rows = batch.steps.select_for_update(of=("self",)).filter(code__in=codes)
    latest = {step.code: step for step in rows.order_by("execution")}
    return sorted(latest.values(), key=lambda step: (step.ordinal, step.inserted))


def _asked(batch: Batch, condition: Condition, code: str) -> tuple[bool, tuple[Used, ...]]:
    """Return whether a condition is met, and by which values."""
    try:
        used = used_values(
            condition.inputs,
            document=document_of_batch(batch),
            order=order_values(batch),
            steps=found_values(batch),
        )
        return is_met(condition, {one.name: one.value for one in used}), used
    except Refusal as refusal:
        raise Conflict(
            f"The condition of {code} cannot be decided: {refusal.detail} Correct the value.",
            code="undecidable",
        ) from None


def _decide(
    batch: Batch,
    decision: Decision,
    title: str,
    outcome: Branch.Outcome,
    condition: Condition,
    used: tuple[Used, ...],
    act: Act,
) -> None:
    kind, level, code, number = decision
    listed: list[dict[str, Any]] = [
        {"name": one.name, "from": one.source, "value": text_of(one.value), "unit": one.unit}
        for one in used
    ]
    branch = Branch(
        id=next_id(Branch),
        batch_id=batch.pk,
        kind=kind,
        level=level,
        code=code,
        title=title,
        round=number,
        outcome=outcome,
        formula=condition.formula,
        used=listed,
        decided_at=act.at,
    )
    branch.save(force_insert=True)
    record(act, "branch", branch)


def _filled_in(condition: Condition, used: tuple[Used, ...]) -> str:
    values = ", ".join(f"{one.name} = {quantity_label(one.value, one.unit)}" for one in used)
    return f"{condition.formula} ({values})" if values else condition.formula
