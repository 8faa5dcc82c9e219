"""Sequencing: which step may be done now (21 CFR 11.10(f): permitted sequencing of steps)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recipes.rules.sequence import Gate, Loop, Order


def blocking(after: Sequence[str], complete: Collection[str]) -> list[str]:
    """Return the codes of the steps that must be complete before and are not, in recipe order."""
    return [code for code in after if code not in complete]


def openable(waiting: Mapping[str, Sequence[str]], complete: Collection[str]) -> list[str]:
    """Return which waiting steps may be opened now.

    Args:
        waiting: the waiting steps, each with the codes it comes after.
        complete: the codes of the steps that are over: complete, or skipped.
    """
    return [code for code, after in waiting.items() if not blocking(after, complete)]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the latest execution of a step stands."""

    state: str
    round: int


# What was decided: ("when" or "until", level, code, round).
Decision = tuple[str, str, str, int]
OVER = ("complete", "skipped")


def over(standing: Mapping[str, Standing]) -> frozenset[str]:
    """Return the codes of the steps that nobody waits for any longer."""
    return frozenset(code for code, one in standing.items() if one.state in OVER)


def gate_decision(gate: Gate, standing: Mapping[str, Standing]) -> Decision:
    """Return what is decided of an alternative; one step is asked anew in every round."""
    return (
        "when",
        gate.level,
        gate.code,
        standing[gate.steps[0]].round if gate.level == "step" else 1,
    )


def loop_decision(loop: Loop, standing: Mapping[str, Standing]) -> Decision:
    """Return what is decided of a loop in its present round."""
    return ("until", "operation", loop.code, max(standing[code].round for code in loop.steps))


def due_gate(
    order: Order, standing: Mapping[str, Standing], decided: Collection[Decision]
) -> Gate | None:
    """Return the first alternative that can be decided now and is not; outer ones come first."""
    done = over(standing)
    return next(
        (
            gate
            for gate in order.gates
            if gate_decision(gate, standing) not in decided
            and all(standing[code].state == "waiting" for code in gate.steps)
            and not blocking(gate.waits, done)
        ),
        None,
    )


def due_loop(
    order: Order, standing: Mapping[str, Standing], decided: Collection[Decision]
) -> Loop | None:
    """Return the first loop whose round is over and not judged; a skipped loop has no rounds."""
    done = over(standing)
    return next(
        (
            loop
            for loop in order.loops
            if not blocking(loop.steps, done)
            and any(standing[code].state == "complete" for code in loop.steps)
            and loop_decision(loop, standing) not in decided
        ),
        None,
    )


def closed_steps(
    order: Order, standing: Mapping[str, Standing], decided: Collection[Decision]
) -> frozenset[str]:
    """Return the steps of alternatives that are still to be decided: none of them may be opened."""
    return frozenset(
        code
        for gate in order.gates
        if gate_decision(gate, standing) not in decided
        for code in gate.steps
    )
