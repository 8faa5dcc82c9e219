"""Weighings: a batch that weighs salt, and the gestures of its operator."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from batches import commands
from batches.models import Batch, Step, StepValue, Weighing
from supply.drivers import simulated
from supply.models import MaterialLot
from tests.batches.test_execution import entered
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by
from tests.worlds.batches import approved_lot, operator, received_order, running_batch, step_of
from tests.worlds.recipes import drafted_version, effective_recipe
from tests.worlds.scales import grams, ready_scale, weighing_document


def weighed_batch(*, lot_unit: str = "g", potency: Decimal | None = None, **more: Any) -> Batch:
    """A running batch of it, with a lot of salt and a balance that is read."""
    version = effective_recipe(drafted_version(**weighing_document(**more)))
    batch = running_batch(order=received_order(version=version))
    approved_lot("SALT", unit=lot_unit, number="SALT-1", quantity=20, potency=potency)
    ready_scale()
    return batch


def begun(**more: Any) -> Step:
    """Its weighing, begun."""
    begin(step_of(weighed_batch(**more), "W01"))
    return now_of(Step.objects.get(code="W01"))


def now_of(one: Step) -> Step:
    return step_of(one.batch, one.code)


def empty(one: Step, shows: str = "8.3000", **more: Any) -> Weighing:
    """Weigh a container empty, on a scale that shows so much."""
    simulated.script("simulated", *([grams(shows)] if shows and not more.get("entered") else []))
    return commands.weigh_empty(
        step_id=one.pk,
        seen=more.pop("seen", now_of(one).version),
        lot=more.pop("lot", "SALT-1"),
        scale=more.pop("scale", "BAL-1"),
        act=act_by(more.pop("by", operator()), at=more.pop("at", LATER)),
        **more,
    )


def full(one: Step, shows: str, **more: Any) -> Weighing:
    simulated.script("simulated", *([grams(shows)] if shows and not more.get("entered") else []))
    return commands.weigh_full(
        step_id=one.pk,
        seen=now_of(one).version,
        act=act_by(operator(), at=more.pop("at", LATER)),
        **more,
    )


def finished(one: Step, **more: Any) -> StepValue:
    found = entered(now_of(one), "", at=LATER, **more)
    assert isinstance(found, StepValue)
    return found


def on_hand(number: str = "SALT-1") -> Decimal:
    return MaterialLot.objects.get(number=number).on_hand


def returned(one: Step, number: int, reason: str) -> Weighing:
    return commands.return_container(
        step_id=one.pk,
        seen=now_of(one).version,
        number=number,
        reason=reason,
        act=act_by(operator(), at=LATER),
    )
