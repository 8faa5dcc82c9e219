"""The procedural states of ISA-88 on the phases of a batch: every state and every command."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audit.models import LedgerEntry
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch, Hold, Step
from batches.states import EXECUTION, PHASE
from kernel.errors import AlreadyDone, Conflict, IllegalMove, Invalid, NotPermitted
from mes.demo.performing import fill, perform_batch, sign, steady_sensors
from quality.models import BatchException
from quality.queries.release import release_facts
from quality.rules.release_gate import missing_before_release
from tests.conftest import NOON
from tests.worlds.audit import act_by
from tests.worlds.batches import again, batch_at, operator, shift, step_of
from tests.worlds.phases import COMMANDS, STATES, TRANSIENT, act_on, moves_in_the_ledger, step_in
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db

CELLS = [(state, verb) for state in STATES for verb in COMMANDS]
LEGAL = [cell for cell in CELLS if cell in PHASE.table]


def standing(batch: Batch) -> tuple[Any, ...]:
    """Everything that a refused command must leave as it was."""
    return (
        list(batch.steps.order_by("pk").values()),
        list(Hold.objects.filter(batch=batch).values()),
        list(Batch.objects.filter(pk=batch.pk).values()),
        LedgerEntry.objects.filter(stream=batch.stream()).count(),
    )


def test_the_table_is_the_example_model_of_the_standard() -> None:
    assert set(STATES) == PHASE.states == EXECUTION.states
    assert set(COMMANDS) == PHASE.verbs
    assert len(LEGAL) == 31
    assert PHASE.edges - EXECUTION.edges == {
        (state, "idle") for state in ("stopped", "aborted", "complete")
    }


@pytest.mark.requirement("S88-05")
@pytest.mark.parametrize("state", STATES)
def test_every_command_that_a_state_does_not_know_is_refused_and_changes_nothing(
    state: str,
) -> None:
    step = step_in(state)
    assert step.phase == state
    before = standing(step.batch)
    for verb in COMMANDS:
        if (state, verb) in LEGAL:
            continue
        with pytest.raises(Conflict) as refused:
            act_on(step, verb)
        assert refused.value.status == 409
        assert isinstance(refused.value, IllegalMove | AlreadyDone), (state, verb)
    assert standing(step.batch) == before


@pytest.mark.requirement("S88-05", "S88-08")
@pytest.mark.parametrize(("state", "verb"), LEGAL, ids=[f"{s}-{v}" for s, v in LEGAL])
def test_every_command_that_a_state_knows_leads_where_the_table_says(state: str, verb: str) -> None:
    if state in TRANSIENT and verb == "done":
        # Nobody says that a transient state is over: it is left in the transaction that began it.
        before = {PHASE.after(one, command): one for one, command in LEGAL if command != "done"}
        step = step_in(before[state])
        command = next(c for s, c in LEGAL if s == before[state] and PHASE.after(s, c) == state)
        act_on(step, command)
    else:
        step = step_in(state)
        act_on(step, verb)
    passed = moves_in_the_ledger(step)
    assert (state, PHASE.after(state, verb)) in passed or verb == "reset"
    after = step_of(step.batch, "S01")
    assert after.phase not in TRANSIENT
    settled = PHASE.after(state, verb)
    if settled in TRANSIENT:
        settled = PHASE.after(settled, "done")
    assert after.phase == settled
    if verb == "reset":
        first = Step.objects.get(pk=step.pk)
        assert (first.phase, first.execution) == (state, 1)
        assert (after.state, after.execution, after.pk != first.pk) == ("ready", 2, True)
    assert list(Verifier(streams=[step.batch.stream()]).findings()) == []


def test_a_phase_that_is_held_or_paused_takes_neither_value_nor_signature() -> None:
    for state in ("held", "paused"):
        step = step_in(state)
        for attempt in (
            lambda step=step: fill(step, shift(), operator()),
            lambda step=step: sign(step, shift(), operator()),
        ):
            with pytest.raises(IllegalMove, match=f"is {state}"):
                attempt()
        commands.abort_batch(
            batch_id=step.batch_id, seen=step.batch.version, reason="Next", act=act_by(quality())
        )


@pytest.mark.requirement("S88-07")
def test_a_hold_of_the_batch_holds_its_running_phases_and_going_on_restarts_them() -> None:
    batch, step = batch_at("S06")
    for code in ("S06", "S07"):
        one = step_of(batch, code)
        commands.start_step(step_id=one.pk, seen=one.version, act=act_by(operator()))
    commands.hold_batch(batch_id=batch.pk, cause="person", reason="A noise", act=act_by(operator()))
    assert {step_of(batch, code).phase for code in ("S06", "S07")} == {"held"}
    assert step_of(batch, "S08").phase == "idle"
    batch = again(batch)
    commands.resume_batch(
        batch_id=batch.pk, seen=batch.version, reason="Only a door", act=act_by(quality())
    )
    assert {step_of(batch, code).phase for code in ("S06", "S07")} == {"running"}
    assert ("restarting", "running") in moves_in_the_ledger(step_of(batch, "S06"))
    assert step.code == "S06"


@pytest.mark.requirement("S88-07", "CGMP-21")
@pytest.mark.parametrize("verb", ["hold", "pause"])
def test_time_in_hold_counts_into_the_limit_of_a_timer(verb: str) -> None:
    """The timer may take ten minutes; it was held for two hours."""
    batch, step = batch_at("S06")
    at = NOON + timedelta(hours=1)
    commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator(), at=at))
    commands.move_phase(
        step_id=step.pk, seen=None, verb=verb, reason="A leak",
        act=act_by(operator(), at=at + timedelta(minutes=1)),
    )  # fmt: skip
    back, later = {"hold": ("restart", quality()), "pause": ("resume", operator())}[verb], at
    later += timedelta(hours=2, minutes=1)
    commands.move_phase(
        step_id=step.pk, seen=step_of(batch, "S06").version, verb=back[0], reason="Dry again",
        act=act_by(back[1], at=later),
    )  # fmt: skip
    step = step_of(batch, "S06")
    value = commands.enter_value(
        step_id=step.pk, seen=step.version, act=act_by(operator(), at=later + timedelta(seconds=1))
    )
    assert value.verdict == "late"  # type: ignore[union-attr]  # no scan: a value
    assert value.value == 7261  # type: ignore[union-attr]  # no scan: a value
    assert BatchException.objects.get(batch=batch).kind == "late"
    hold = Hold.objects.get(step=step)
    assert (hold.reason, hold.placed_at, hold.lifted_at) == (
        "A leak", at + timedelta(minutes=1), later,
    )  # fmt: skip
    told = queries.record_of(batch)["holds"]
    assert [(one["cause"], one["step"]) for one in told] == [
        ("phase_held" if verb == "hold" else "phase_paused", "S06")
    ]


@pytest.mark.requirement("S88-08")
@pytest.mark.parametrize(("verb", "state"), [("stop", "stopped"), ("abort", "aborted")])
def test_a_phase_that_was_ended_forces_a_decision(verb: str, state: str) -> None:
    step = step_in("running")
    act_on(step, verb)
    batch = again(step.batch)
    assert batch.state == "on_hold"
    found = BatchException.objects.get(batch=batch)
    assert (found.kind, found.severity) == (f"phase_{state}", "critical")
    with pytest.raises(Conflict) as refused:
        commands.reset_phase(
            step_id=step.pk, seen=step_of(batch, "S01").version, reason="Again",
            act=act_by(quality()),
        )  # fmt: skip
    assert refused.value.code == "on_hold"
    commands.resume_batch(
        batch_id=batch.pk, seen=batch.version, reason="To be done again", act=act_by(quality())
    )
    batch = again(batch)
    # Nobody gets past it: nothing follows, and the batch cannot be released.
    assert set(batch.steps.exclude(code="S01").values_list("state", flat=True)) == {"waiting"}
    assert step.title in release_facts(batch).open_steps
    assert missing_before_release(release_facts(batch))
    last = step_of(batch, "S01")
    commands.reset_phase(
        step_id=last.pk, seen=last.version, reason="With a new set", act=act_by(quality())
    )
    work = shift()
    with steady_sensors(work, batch):
        perform_batch(batch, work)
    assert again(batch).state == "execution_complete"
    rows = batch.steps.filter(code="S01").order_by("execution").values_list("state", "phase")
    assert list(rows) == [(state, state), ("complete", "complete")]
    printed = queries.record_of(again(batch))["steps"]
    assert [one.get("execution", 1) for one in printed if one["code"] == "S01"] == [1, 2]
    assert release_facts(again(batch)).open_steps == ()


def test_an_aborted_batch_aborts_its_phases() -> None:
    step = step_in("held")
    batch = again(step.batch)
    commands.abort_batch(
        batch_id=batch.pk, seen=batch.version, reason="Spilled", act=act_by(quality())
    )
    after = step_of(batch, "S01")
    assert (after.state, after.phase) == ("aborted", "aborted")
    assert after.completed_at is not None


def test_a_phase_is_done_again_once_and_only_by_quality() -> None:
    step = step_in("complete")
    with pytest.raises(NotPermitted):
        commands.reset_phase(
            step_id=step.pk, seen=step.version, reason="Again", act=act_by(operator())
        )
    with pytest.raises(Invalid) as refused:
        commands.reset_phase(step_id=step.pk, seen=step.version, reason=" ", act=act_by(quality()))
    assert refused.value.code == "reason_needed"
    commands.reset_phase(step_id=step.pk, seen=step.version, reason="Again", act=act_by(quality()))
    with pytest.raises(AlreadyDone):
        commands.reset_phase(
            step_id=step.pk, seen=step.version, reason="Again", act=act_by(quality())
        )
