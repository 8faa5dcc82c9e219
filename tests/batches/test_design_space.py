"""The design space of a running batch: left never, or only with a reason and an exception."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from batches import commands
from batches.models import Batch, Step, StepValue
from kernel.errors import Invalid
from mes.demo.performing import perform_step
from quality.models import BatchException
from tests.conftest import NOON
from tests.worlds.audit import act_by
from tests.worlds.batches import again, issued_batch, operator, received_order, shift, step_of
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document

pytestmark = pytest.mark.django_db


def at_volume(action: str) -> Step:
    """A running batch at the step of the volume, whose recipe has a design space."""
    document = deepcopy(plain_document())
    document["design_space"] = [
        {
            "code": "DS1",
            "title": "Filling",
            "action": action,
            "bounds": [{"parameter": "volume", "min": "60.0", "max": "90.0"}],
        }
    ]
    version = effective_recipe(drafted_version(**document))
    batch = issued_batch(order=received_order(version=version))
    commands.start_batch(batch_id=batch.pk, seen=batch.version, act=act_by(operator(), at=NOON))
    batch = again(batch)
    work = shift()
    for code in ("S01", "S02", "S03", "S04"):
        perform_step(step_of(batch, code), work)
    step = step_of(batch, "S05")
    commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    return step_of(batch, "S05")


def enter(step: Step, entered: str, reason: str = "") -> Any:
    return commands.enter_value(
        step_id=step.pk, seen=step.version, entered=entered, reason=reason, act=act_by(operator())
    )


@pytest.mark.requirement("A11D-05", "S88-02")
def test_a_value_outside_is_refused_and_nothing_is_stored() -> None:
    step = at_volume("refuse")
    with pytest.raises(Invalid) as refused:
        enter(step, "55.0", "It is what it is")
    assert refused.value.code == "outside_design_space"
    assert "volume 55.0 mL is below 60.0 mL" in refused.value.detail
    assert StepValue.objects.filter(step=step).count() == 0
    assert enter(step, "75.0").verdict == "in_range"


@pytest.mark.requirement("A11D-05", "S88-02")
def test_where_the_recipe_allows_it_a_value_outside_is_an_exception_with_a_reason() -> None:
    step = at_volume("exception")
    with pytest.raises(Invalid) as refused:
        enter(step, "55.0")
    assert refused.value.code == "reason_needed"
    value = enter(step, "55.0", "The bag held less.")
    assert value.verdict == "outside_space"
    found = BatchException.objects.get(kind="outside_design_space")
    assert (found.severity, found.batch_id) == ("critical", step.batch_id)
    assert "Outside the design space" in found.detail


def test_a_correction_stays_inside_too() -> None:
    step = at_volume("refuse")
    enter(step, "75.0")
    step = step_of(Batch.objects.get(), "S05")
    with pytest.raises(Invalid) as refused:
        commands.correct_value(
            step_id=step.pk, seen=step.version, entered="55.0", reason="Misread",
            act=act_by(operator()),
        )  # fmt: skip
    assert refused.value.code == "outside_design_space"
