"""Planning again: an order whose batch was given up is made by another, if its material is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from batches import commands
from batches.models import Batch, Order
from batches.queries import orders_to_plan
from kernel.errors import AlreadyDone, Conflict, IllegalMove
from supply import commands as supply
from tests.worlds.audit import act_by, person
from tests.worlds.batches import (
    ROOM,
    again,
    batch_at,
    issued_batch,
    operator,
    planned_batch,
    planner,
    running_batch,
)
from tests.worlds.orders import browser_of
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def planned_again(order: Order) -> Batch:
    return commands.plan_batch(order_id=order.pk, room_code=ROOM, act=act_by(planner()))


def canceled(batch: Batch) -> Batch:
    return commands.cancel_batch(
        batch_id=batch.pk, seen=batch.version, reason="Wrong room", act=act_by(planner())
    )


def aborted(batch: Batch) -> Batch:
    batch = again(batch)
    return commands.abort_batch(
        batch_id=batch.pk, seen=batch.version, reason="Power failed", act=act_by(quality())
    )


def rejected(batch: Batch) -> Batch:
    commands.mark_in_review(batch_id=batch.pk, act=act_by(quality()))
    return commands.mark_rejected(batch_id=batch.pk, act=act_by(quality()))


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


@pytest.mark.parametrize("made", [planned_batch, issued_batch])
def test_an_order_whose_batch_was_canceled_is_planned_again_on_its_page(
    made: Callable[[], Batch],
) -> None:
    first = canceled(made())
    order = first.order
    client = browser_of(planner())
    assert "Plan" in client.get(f"/orders/{order.number}/").content.decode()
    answer = client.post("/batches/plan/", {"order": order.number, "room": ROOM})
    second = Batch.objects.exclude(pk=first.pk).get(order=order)
    assert answer["Location"] == f"/batches/{second.number}/"
    assert second.number in client.get(f"/orders/{order.number}/").content.decode()
    with pytest.raises(AlreadyDone, match=second.number):
        planned_again(order)


def test_an_order_whose_batch_was_aborted_with_its_cells_unspent_is_made_again() -> None:
    first = aborted(running_batch())
    order = first.order
    assert order in orders_to_plan(None)
    second = issued_batch(order=order)
    commands.start_batch(batch_id=second.pk, seen=second.version, act=act_by(operator()))
    assert (again(second).state, state_of(order)) == ("in_progress", "manufacturing")
    # That the first one is rejected later says nothing of the order: the second one makes it.
    assert rejected(first).state == "rejected"
    assert state_of(order) == "manufacturing"
    aborted(second)
    rejected(second)
    assert state_of(order) == "failed"


def test_cells_that_were_used_are_not_there_for_a_second_batch() -> None:
    batch, _ = batch_at("S03")
    order = aborted(batch).order
    assert order not in orders_to_plan(None)
    with pytest.raises(Conflict, match="used up") as refused:
        planned_again(order)
    assert refused.value.code == "used_up"
    assert Batch.objects.filter(order=order).count() == 1


def test_an_order_that_has_ended_is_not_planned_again() -> None:
    order = rejected(aborted(running_batch())).order
    assert state_of(order) == "failed"
    with pytest.raises(IllegalMove):
        planned_again(order)
    nora = person("nora", "planner", at_site=order.site)
    canceled_order = canceled(planned_batch()).order
    commands.cancel_order(
        order_id=canceled_order.pk, seen=None, reason="Not needed", act=act_by(nora)
    )
    with pytest.raises(IllegalMove):
        planned_again(canceled_order)


def test_the_database_too_lets_one_batch_make_an_order() -> None:
    first = canceled(planned_batch())
    second = planned_again(first.order)
    assert second.state == "planned"
    with pytest.raises(IntegrityError, match="one_batch_makes_an_order"), transaction.atomic():
        Batch.objects.bulk_create(
            [
                Batch(
                    id=second.pk + 100, number="B-X", order=second.order, site=second.site,
                    recipe_version=second.recipe_version, planned_at=second.planned_at,
                    updated_at=second.updated_at,
                )
            ]
        )  # fmt: skip


def test_a_bag_that_the_first_batch_used_is_refused_in_the_second() -> None:
    first = aborted(running_batch())
    bag = first.order.chain.containers.get()
    batch, step = batch_at("S02", order=first.order)
    supply.consume_container(
        chain=batch.order.chain, code=bag.code, used_in=first.number, site=batch.site, act=act_by()
    )
    step = commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    with pytest.raises(Conflict, match="another batch"):
        commands.enter_value(
            step_id=step.pk, seen=step.version, entered=bag.code, source="scanned",
            act=act_by(operator()),
        )  # fmt: skip
