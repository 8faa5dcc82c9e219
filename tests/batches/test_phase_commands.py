"""Who commands a phase, what the screen offers, and what its states make of the whole."""

from __future__ import annotations

from typing import Any

import pytest

from audit.acts import Act, command
from audit.models import LedgerEntry
from audit.verification import Verifier
from batches import commands
from batches.commands.locks import save_step, step_for_update
from batches.rules.phases import phase_of, rolled_up
from kernel.errors import Invalid, NotPermitted, Refusal
from mes.demo.performing import perform_step
from tests.worlds.audit import act_by
from tests.worlds.batches import operator, running_batch, shift, step_of, verifier
from tests.worlds.phases import COMMANDS, act_on, moves_in_the_ledger, step_in
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("verb", "by"), [("restart", "operator"), ("resume", "verifier"), ("resume", "qa")]
)
def test_only_whose_it_is_lets_a_phase_go_on(verb: str, by: str) -> None:
    step = step_in("held" if verb == "restart" else "paused")
    who = {"operator": operator, "verifier": verifier, "qa": quality}[by]()
    with pytest.raises(NotPermitted):
        commands.move_phase(
            step_id=step.pk, seen=step.version, verb=verb, reason="So", act=act_by(who)
        )


@pytest.mark.parametrize("verb", ["pause", "hold", "stop", "abort"])
def test_what_suspends_or_ends_needs_a_reason(verb: str) -> None:
    step = step_in("running")
    with pytest.raises(Invalid) as refused:
        commands.move_phase(step_id=step.pk, seen=None, verb=verb, act=act_by(operator()))
    assert refused.value.code == "reason_needed"
    with pytest.raises(Refusal):
        commands.move_phase(
            step_id=step.pk, seen=None, verb="complete", reason="x", act=act_by(operator())
        )


@pytest.mark.requirement("S88-05")
@pytest.mark.parametrize(
    ("phases", "whole"),
    [
        ([], "idle"),
        (["idle", "idle"], "idle"),
        (["complete", "complete"], "complete"),
        (["complete", "idle"], "running"),
        (["running", "idle"], "running"),
        (["running", "paused"], "paused"),
        (["held", "paused", "running"], "held"),
        (["stopped", "held"], "stopped"),
        (["aborted", "stopped", "complete"], "aborted"),
    ],
)
def test_the_worst_of_its_phases_shows_on_the_whole(phases: list[str], whole: str) -> None:
    assert rolled_up(phases) == whole
    assert rolled_up(reversed(phases)) == whole


def test_a_step_older_than_its_phase_is_where_its_signatures_say() -> None:
    assert [phase_of(state, "idle") for state in ("ready", "running", "performed", "complete")] == [
        "idle", "running", "running", "complete",
    ]  # fmt: skip
    assert phase_of("running", "held") == "held"


def test_the_screen_offers_what_the_state_knows_and_this_person_may_do(client: Any) -> None:
    step = step_in("running")
    number = step.batch.number

    def offered(by: Any) -> list[str]:
        client.force_login(by, backend="mes.sign_in.People")
        page = client.get(f"/batches/{number}/steps/S01/").content.decode()
        return [verb for verb in COMMANDS if f"ask-phase-{verb}-title" in page]

    assert offered(operator()) == ["pause", "hold", "stop", "abort"]
    posted = client.post(
        f"/batches/{number}/steps/S01/phase/",
        {"version": step.version, "verb": "hold", "reason": "A leak"},
    )
    assert posted.status_code == 303
    assert step_of(step.batch, "S01").phase == "held"
    assert offered(operator()) == ["stop", "abort"]
    assert offered(quality()) == ["restart", "stop", "abort"]
    page = client.get(f"/batches/{number}/").content.decode()
    assert "Step S01: Phase held" in page
    refused = client.post(
        f"/batches/{number}/steps/S01/phase/",
        {"version": step_of(step.batch, "S01").version, "verb": "pause", "reason": "A leak"},
    )
    assert refused.status_code == 409
    entries = LedgerEntry.objects.filter(stream=step.batch.stream(), verb="refused")
    assert entries.count() == 1


@command
def started_before_phases(*, step_id: int, act: Act) -> None:
    """Start a step as it was done before there was a procedural state."""
    step = step_for_update(step_id, act=act)
    step.state, step.started_at = "running", act.at
    save_step(step, "start", "started_at", act=act)


@pytest.mark.parametrize("verb", ["sign", "hold", "batch"])
def test_a_step_that_ran_before_there_were_phases_goes_on_as_any_other(verb: str) -> None:
    batch, work = running_batch(), shift()
    step = step_of(batch, "S01")
    started_before_phases(step_id=step.pk, act=work.act(operator()))
    step = step_of(batch, "S01")
    assert (step.state, step.phase) == ("running", "idle")
    if verb == "sign":
        perform_step(step, work)
    elif verb == "hold":
        act_on(step, "hold")
    else:
        commands.hold_batch(
            batch_id=batch.pk, cause="person", reason="A noise", act=act_by(operator())
        )
    step = step_of(batch, "S01")
    assert step.phase == ("complete" if verb == "sign" else "held")
    assert moves_in_the_ledger(step)[0] == ("idle", "running")
    assert list(Verifier(streams=[batch.stream()]).findings()) == []
