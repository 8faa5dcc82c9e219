"""Random procedures, carried out by the rules alone and compared with what their structure says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from batches.rules.sequencing import (
    Decision,
    Standing,
    closed_steps,
    due_gate,
    due_loop,
    gate_decision,
    loop_decision,
    openable,
    over,
)
from recipes.rules.document import Document, Operation, UnitProcedure
from recipes.rules.parsing import document_from
from recipes.rules.sequence import order_of
from recipes.rules.structure import Condition, is_met
from tests.worlds import branching as plain_parts
from tests.worlds.branching import branching_document, condition
from tests.worlds.recipes import step as plain_step

WEIGHT = {"weight": Decimal(80)}


def asked(threshold: int) -> dict[str, Any]:
    """A condition that is met below 80."""
    return condition(f"weight > {threshold}", weight=("order.weight_kg", "kg"))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A procedure with random order, alternatives and loops; who follows comes later."""
    numbers = iter(range(1000))

    def ordered(codes: list[str]) -> dict[str, Any]:
        if draw(st.booleans()):
            return {}
        return {"after": sorted(draw(st.sets(st.sampled_from(codes)))) if codes else []}

    def maybe() -> dict[str, Any]:
        return {"when": asked(draw(st.sampled_from([50, 100])))} if draw(st.booleans()) else {}

    def some_operation(codes: list[str]) -> dict[str, Any]:
        steps: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(1, 3))):
            known = [one["code"] for one in steps]
            more = {**ordered(known), **maybe()}
            steps.append(plain_step(f"S{next(numbers)}", "confirm", "Do it", **more))
        loop = {}
        if draw(st.booleans()):
            until = asked(draw(st.sampled_from([50, 100])))
            loop = {"repeat": {"until": until, "most": draw(st.integers(2, 3))}}
        return plain_parts.operation(
            f"OP{next(numbers)}", steps, **ordered(codes), **maybe(), **loop
        )

    units: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 4))):
        operations: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(1, 3))):
            operations.append(some_operation([one["code"] for one in operations]))
        known = [one["code"] for one in units]
        units.append(
            plain_parts.unit(f"UP{next(numbers)}", *operations, **ordered(known), **maybe())
        )
    plain = branching_document()
    # Something above the steps is said, so all of it is ordered as wholes.
    units[0].setdefault("after", [])
    plain["procedure"]["unit_procedures"] = units
    return document_from(plain)


class Run:
    """One batch of a procedure in the making, without a database."""

    def __init__(self, document: Document) -> None:
        self.order = order_of(document)
        self.standing = {one.code: Standing("waiting", 1) for one in document.steps}
        self.decided: set[Decision] = set()
        self.performed: list[str] = []

    def decide(self) -> None:
        while True:
            loop = due_loop(self.order, self.standing, self.decided)
            if loop is not None:
                decision = loop_decision(loop, self.standing)
                self.decided.add(decision)
                if not met(loop.until) and decision[3] < (loop.most or 0):
                    for code in loop.steps:
                        self.standing[code] = Standing("waiting", decision[3] + 1)
                continue
            gate = due_gate(self.order, self.standing, self.decided)
            if gate is None:
                return
            self.decided.add(gate_decision(gate, self.standing))
            if not met(gate.condition):
                for code in gate.steps:
                    self.standing[code] = Standing("skipped", self.standing[code].round)

    def open_now(self) -> list[str]:
        self.decide()
        closed = closed_steps(self.order, self.standing, self.decided)
        waiting = {
            code: self.order.waits[code]
            for code, one in self.standing.items()
            if one.state == "waiting" and code not in closed
        }
        return openable(waiting, over(self.standing))


def met(asked: Condition | None) -> bool:
    assert asked is not None
    return is_met(asked, WEIGHT)


def is_skipped(parts: list[Any]) -> bool:
    """Say whether any of these that enclose each other is an alternative that is not met."""
    return any(part.when is not None and not met(part.when) for part in parts)


def rounds_of(one: Operation) -> int:
    """How often the steps of an operation are done, if at all."""
    loop = one.repeat
    is_once = loop is None or met(loop.until) or all(is_skipped([step]) for step in one.steps)
    return 1 if is_once or loop is None else int(loop.most or 0)


@settings(max_examples=300, deadline=None)
@given(documents(), st.randoms(use_true_random=False))
def test_any_procedure_is_carried_out_as_its_structure_says(document: Document, dice: Any) -> None:
    run = Run(document)
    homes = {
        step.code: (unit, operation, step)
        for unit in document.procedure.unit_procedures
        for operation in unit.operations
        for step in operation.steps
    }
    wholes = codes_of(document)
    for _ in range(500):
        free = run.open_now()
        if not free:
            break
        code = dice.choice(free)
        for named in waited_for(*homes[code][:2]):
            assert wholes[named] <= over(run.standing), f"{code} began before {named} was over"
        run.performed.append(code)
        run.standing[code] = Standing("complete", run.standing[code].round)
    # It came to its end, and each step was done as often as its structure says.
    assert over(run.standing) == set(homes)
    for code, (unit, operation, step) in homes.items():
        expected = 0 if is_skipped([unit, operation, step]) else rounds_of(operation)
        assert run.performed.count(code) == expected, code


def codes_of(document: Document) -> dict[str, frozenset[str]]:
    """Every unit procedure and operation with the codes of all its steps."""
    found = {}
    for unit in document.procedure.unit_procedures:
        for one in unit.operations:
            found[one.code] = frozenset(step.code for step in one.steps)
        found[unit.code] = frozenset().union(*(found[one.code] for one in unit.operations))
    return found


def waited_for(unit: UnitProcedure, one: Operation) -> list[str]:
    """The wholes that must be over before any step of an operation begins."""
    return [*(unit.after or ()), *(one.after or ())]
