"""The order of the steps: what each waits for, which alternatives and loops bear on it, and
whether the order can be carried out at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from recipes.rules.document import Document, Operation, UnitProcedure
from recipes.rules.steps import Step
from recipes.rules.structure import Condition

Level = Literal["unit_procedure", "operation", "step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """An alternative: ``steps`` are carried out only where ``condition`` is met.

    It is decided as soon as all of ``waits`` are over.
    """

    level: Level
    code: str
    title: str
    pointer: str
    condition: Condition
    waits: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """An operation that is carried out again ``until`` its condition is met, ``most`` times."""

    code: str
    title: str
    pointer: str
    until: Condition | None
    most: int | None
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What each step waits for, and the alternatives and loops, outer ones first."""

    waits: Mapping[str, tuple[str, ...]]
    gates: tuple[Gate, ...]
    loops: tuple[Loop, ...]

    @property
    def branched(self) -> frozenset[str]:
        """The steps that an alternative or a loop bears on."""
        gated = (code for gate in self.gates for code in gate.steps)
        return frozenset([*gated, *(code for loop in self.loops for code in loop.steps)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """What is known of the order.

    ``before`` gives, for each step that can be reached, every step that was surely carried out
    when it starts; ``unknown`` the (step, named step) pairs that lead nowhere; ``unreachable`` the
    steps that wait for each other in a circle, or for something that never comes, in document
    order. ``at_gates`` and ``at_loops`` give what was surely carried out when an alternative or a
    loop is decided, by its pointer.
    """

    before: Mapping[str, frozenset[str]]
    unknown: tuple[tuple[str, str], ...]
    unreachable: tuple[str, ...]
    at_gates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    at_loops: Mapping[str, frozenset[str]] = field(default_factory=dict)


def order_of(document: Document) -> Order:
    """Return what each step of ``document`` waits for, with its alternatives and loops."""
    return _Ordering(document).order()


class _Ordering:
    """The procedure, and where the wholes of it begin and end."""

    def __init__(self, document: Document) -> None:
        self.units = document.procedure.unit_procedures
        self.home = {
            step.code: operation
            for unit in self.units
            for operation in unit.operations
            for step in operation.steps
        }

    def order(self) -> Order:
        waits: dict[str, tuple[str, ...]] = {}
        gates: list[Gate] = []
        loops: list[Loop] = []
        for u, unit in enumerate(self.units):
            pointer = f"/procedure/unit_procedures/{u}"
            entry = self.entry_of_unit(unit)
            if unit.when:
                gates.append(_gate("unit_procedure", unit, pointer, entry, _steps_of(unit)))
            for o, operation in enumerate(unit.operations):
                self._operation(unit, operation, f"{pointer}/operations/{o}", waits, gates, loops)
        return Order(waits=waits, gates=tuple(gates), loops=tuple(loops))

    def _operation(
        self,
        unit: UnitProcedure,
        operation: Operation,
        pointer: str,
        waits: dict[str, tuple[str, ...]],
        gates: list[Gate],
        loops: list[Loop],
    ) -> None:
        entry = self.entry_of(operation, unit)
        codes = tuple(step.code for step in operation.steps)
        if operation.when:
            gates.append(_gate("operation", operation, pointer, entry, codes))
        if operation.repeat:
            loops.append(
                Loop(
                    code=operation.code,
                    title=operation.title,
                    pointer=pointer,
                    until=operation.repeat.until,
                    most=operation.repeat.most,
                    steps=codes,
                )
            )
        for s, step in enumerate(operation.steps):
            inside = any(named in codes for named in step.after)
            own = self._whole_loops(step.after, operation)
            waits[step.code] = own if inside else tuple(dict.fromkeys((*own, *entry)))
            if step.when:
                place = f"{pointer}/steps/{s}"
                gates.append(_gate("step", step, place, waits[step.code], (step.code,)))

    def _whole_loops(self, after: Iterable[str], operation: Operation) -> tuple[str, ...]:
        """Return ``after``, where whoever waits for a step of a loop waits for all of the loop."""
        found: dict[str, None] = {}
        for named in after:
            home = self.home.get(named)
            found[named] = None
            if home is not None and home.repeat and home.code != operation.code:
                found.update(dict.fromkeys(_exits(home)))
        return tuple(found)

    def entry_of_unit(self, unit: UnitProcedure) -> tuple[str, ...]:
        """Return the steps that are over before anything of ``unit`` may begin."""
        named = [one for one in self.units if one.code in (unit.after or ()) and one != unit]
        return tuple(dict.fromkeys(code for one in named for code in self._ends_of(one)))

    def _ends_of(self, unit: UnitProcedure) -> list[str]:
        named = {code for one in unit.operations for code in (one.after or ())}
        last = [one for one in unit.operations if one.code not in named] or unit.operations
        return [code for one in last for code in _exits(one)]

    def entry_of(self, operation: Operation, unit: UnitProcedure) -> tuple[str, ...]:
        """Return the steps that are over before anything of ``operation`` may begin."""
        if not operation.after:
            return self.entry_of_unit(unit)
        named = [one for one in unit.operations if one.code in operation.after]
        return tuple(dict.fromkeys(code for one in named for code in _exits(one)))


def _exits(operation: Operation) -> list[str]:
    """Return the steps of an operation that no other of its steps waits for."""
    named = {code for step in operation.steps for code in step.after}
    codes = [step.code for step in operation.steps]
    return [code for code in codes if code not in named] or codes


def _steps_of(unit: UnitProcedure) -> tuple[str, ...]:
    return tuple(step.code for operation in unit.operations for step in operation.steps)


def _gate(
    level: Level,
    place: UnitProcedure | Operation | Step,
    pointer: str,
    waits: tuple[str, ...],
    steps: tuple[str, ...],
) -> Gate:
    assert place.when is not None, "only what has a condition is an alternative"
    return Gate(
        level=level,
        code=place.code,
        title=place.title,
        pointer=pointer,
        condition=place.when,
        waits=waits,
        steps=steps,
    )


def sequence_of(document: Document) -> Sequence:
    """Return the order of the steps of ``document``, as far as it can be carried out."""
    order = order_of(document)
    known = {step.code for step in document.steps}
    unknown = tuple(
        (step.code, named) for step in document.steps for named in step.after if named not in known
    )
    certainty = _Certainty(order)
    followers: dict[str, list[str]] = {}
    left = {code: set(waits) for code, waits in order.waits.items()}
    for code, waits in left.items():
        for named in waits:
            followers.setdefault(named, []).append(code)
    ready = [code for code, waits in left.items() if not waits]
    for code in ready:
        certainty.add(code)
        for follower in followers.get(code, ()):
            left[follower].discard(code)
            if not left[follower]:
                ready.append(follower)
    return Sequence(
        before=certainty.before,
        unknown=unknown,
        unreachable=tuple(code for code in left if code not in certainty.before),
        at_gates={one.pointer: certainty.at(one) for one in order.gates},
        at_loops={one.pointer: certainty.in_loop(one) for one in order.loops},
    )


class _Certainty:
    """What was surely carried out: a step of an alternative is no certainty outside of it."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.before: dict[str, frozenset[str]] = {}
        guards: dict[str, list[Gate]] = {}
        for gate in order.gates:
            for code in gate.steps:
                guards.setdefault(code, []).append(gate)
        self.guards = guards

    def add(self, code: str) -> None:
        """Note what was surely carried out before ``code``; what it waits for was added before."""
        self.before[code] = self._of(self.order.waits[code], self.guards.get(code, ()))

    def _of(self, waits: Iterable[str], inside: Iterable[Gate]) -> frozenset[str]:
        if not self.guards:
            direct = frozenset(waits)
            return direct.union(*(self.before[one] for one in direct))
        within = list(inside)
        found: set[str] = set()
        for one in waits:
            others = [gate for gate in self.guards.get(one, ()) if gate not in within]
            if others:
                found |= self._of(others[0].waits, within)
            elif one in self.before:
                found |= {one} | self.before[one]
        return frozenset(found)

    def at(self, gate: Gate) -> frozenset[str]:
        """Return what was surely carried out when ``gate`` is decided."""
        earlier = self.order.gates[: self.order.gates.index(gate)]
        around = [one for one in earlier if set(gate.steps) <= set(one.steps)]
        return self._of([one for one in gate.waits if one in self.before], around)

    def in_loop(self, loop: Loop) -> frozenset[str]:
        """Return what was surely carried out when a round of ``loop`` is over."""
        around = [
            one
            for one in self.order.gates
            if one.level != "step" and set(loop.steps) <= set(one.steps)
        ]
        return self._of([one for one in loop.steps if one in self.before], around)
