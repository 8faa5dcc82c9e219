"""Amendments on real connections: of a start and an approval one comes first, of twenty one wins."""

from __future__ import annotations

from typing import Any

import pytest

from audit.verification import Verifier
from batches import commands, queries
from batches.models import AmendmentDecision, Batch
from tests.batches.test_races import at_once
from tests.worlds.amendments import LATER, added_step, approved, changed, hard, written
from tests.worlds.audit import act_by
from tests.worlds.batches import again, batch_at, operator, running_batch, step_of

pytestmark = pytest.mark.django_db(transaction=True)


def findings() -> list[str]:
    return [str(one) for one in Verifier().findings()]


@pytest.mark.requirement("S88-11", "P11-08")
def test_twenty_approvals_at_once_are_one() -> None:
    batch = running_batch()
    amendment = written(batch, added_step("S05"))
    outcomes = at_once(*([lambda: approved(amendment)] * 20))
    assert outcomes == ["already_done"] * 19 + ["done"]
    assert AmendmentDecision.objects.count() == 1
    assert batch.steps.filter(code="S20").count() == 1
    assert findings() == []


@pytest.mark.requirement("S88-11", "P11-08")
def test_ten_amendments_approved_at_once_each_rest_on_the_one_before() -> None:
    batch = running_batch()
    asked = [
        written(batch, changed(batch, "change_limits", "S05", soft=hard(f"{50 + n}.0", "100.0")))
        for n in range(1, 11)
    ]
    outcomes = at_once(*(lambda one=one: approved(one) for one in asked))
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "stale_view", "outdated"}
    assert queries.effective_plain(again(batch)) is not None
    assert findings() == []


@pytest.mark.requirement("S88-11", "P11-08")
def test_of_a_start_and_an_approval_at_once_one_comes_first() -> None:
    batch, step = batch_at("S05")
    amendment = written(batch, changed(batch, "change_limits", "S05", soft=hard("70.0", "90.0")))

    def start() -> Any:
        return commands.start_step(
            step_id=step.pk, seen=step.version, act=act_by(operator(), at=LATER)
        )

    outcomes = at_once(start, lambda: approved(amendment))
    now = step_of(batch, "S05")
    limits = now.definition["soft"]["min"]
    # Started: the step keeps what it said. Approved: whoever starts it has seen what it says now.
    assert (outcomes, now.state, limits) in (
        (["done", "step_started"], "running", "50.0"),
        (["done", "stale_view"], "ready", "70.0"),
    )
    assert bool(Batch.objects.get(pk=batch.pk).effective_digest) == (limits == "70.0")
    assert findings() == []
