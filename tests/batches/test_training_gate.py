"""Nobody starts, enters, signs or verifies a step without current training on its recipe."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.commands import grant_role, record_training
from audit.models import User
from audit.signing import digest_of
from batches import commands
from batches.models import Batch, Step
from batches.queries import step_statement
from kernel.errors import NotPermitted
from tests.batches.test_execution import entered, signed, started, verified
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import batch_at, operator, received_order, running_batch, step_of
from tests.worlds.orders import browser_of
from tests.worlds.recipes import (
    RECIPE,
    drafted_version,
    effective_recipe,
    plain_document,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-11", "M45")]


def newcomer(role: str = "operator") -> User:
    """Somebody with the role from now on, and no training but what was recorded before."""
    user = person("nelly")
    grant_role(user=user, role=role, site=site("PLANT"), act=act_by(reason="New here."))
    return User.objects.get(pk=user.pk)


def train(user: User, version: int, *, until: datetime = NOON + timedelta(days=100)) -> None:
    record_training(
        user=user,
        procedure=RECIPE,
        version=version,
        trained_by=person("tessa", "engineer"),
        evidence="Sheet 17",
        valid_until=until,
        act=act_by(),
    )


def start(batch: Batch, user: User, *, at: datetime = NOON) -> Step:
    step = step_of(batch, "S01")
    return commands.start_step(step_id=step.pk, seen=step.version, act=act_by(user, at=at))


def test_a_person_without_training_starts_nothing_and_with_it_does() -> None:
    batch = running_batch()
    nelly = newcomer()
    with pytest.raises(NotPermitted, match=rf"without training on {RECIPE}, version 1\."):
        start(batch, nelly)
    assert step_of(batch, "S01").state == "ready"
    train(nelly, 1)
    assert start(batch, nelly).state == "running"


def test_training_that_ended_stops_between_the_start_and_the_signature() -> None:
    batch, step = batch_at("S01")
    nelly = newcomer()
    train(nelly, 1, until=NOON + timedelta(hours=1))
    step = start(batch, nelly)

    def gesture(at: datetime) -> Any:
        return commands.sign_step(
            step_id=step.pk,
            seen=step.version,
            proof=proof_of(nelly, at=at),
            seen_digest=digest_of(step_statement(step)),
            act=act_by(nelly, at=at),
        )

    with pytest.raises(NotPermitted, match="yours ended on 23 Nov 2026 13:00 UTC"):
        gesture(NOON + timedelta(hours=1))
    with pytest.raises(NotPermitted, match="yours ended on"):
        commands.enter_value(
            step_id=step.pk, seen=step.version, name="x", entered="1", unit="", source="keyed",
            reason="", act=act_by(nelly, at=NOON + timedelta(hours=1)),
        )  # fmt: skip


def test_a_verifier_is_trained_too() -> None:
    step = started("S05")
    entered(step, "75")
    step = signed(step_of(step.batch, "S05"))
    nelly = newcomer("verifier")
    with pytest.raises(NotPermitted, match="without training on"):
        verified(step, by=nelly)
    train(nelly, 1)
    assert verified(step, by=nelly).state == "complete"


def second_version(**header: Any) -> Batch:
    """A batch that follows version 2, issued and started by people trained on it."""
    effective_recipe()
    train(person("nelly"), 1)
    document = deepcopy(plain_document())
    document["header"].update(header)
    version = effective_recipe(drafted_version(header=document["header"]))
    assert version.number == 2
    return running_batch(order=received_order(version=version))


def test_a_new_version_of_the_recipe_needs_new_training() -> None:
    batch = second_version()
    nelly = newcomer()
    with pytest.raises(NotPermitted, match=r"version 2 \(yours is on version 1\)"):
        start(batch, nelly)
    train(nelly, 2)
    start(batch, nelly)


def test_a_new_version_that_says_so_goes_on_with_the_old_training() -> None:
    batch = second_version(training_since=1)
    assert start(batch, newcomer()).state == "running"


def test_a_batch_of_the_old_version_goes_on_with_the_training_on_it() -> None:
    batch = running_batch()
    effective_recipe(drafted_version())
    assert start(batch, operator()).state == "running"


def test_the_screen_says_what_is_missing() -> None:
    batch = running_batch()
    step = step_of(batch, "S01")
    answer = browser_of(newcomer()).post(
        f"/batches/{batch.number}/steps/S01/start/", {"version": step.version}
    )
    assert answer.status_code == 403
    assert f"without training on {RECIPE}, version 1" in answer.content.decode()
