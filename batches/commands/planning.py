"""Planning: a batch for an order, and its issue with a frozen copy of the recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.acts import Act, command, record
from audit.permissions import holds, require
from audit.queries import next_id
from audit.signing import Proof, sign
from batches.commands.locks import (
    batch_for_update,
    event_fields,
    order_for_update,
    save_batch,
    works_at,
)
from batches.events import BatchCanceled, BatchIssued, BatchPlanned
from batches.models import Batch, Order, Step
from batches.queries.statements import issue_statement
from batches.rules.entries import reason_from
from batches.rules.modes import mode_of
from batches.states import BATCH, GIVEN_UP, ORDER
from kernel.errors import AlreadyDone, Conflict, IllegalMove, NotFound
from kernel.events import publish
from recipes.commands import make_due_effective
from recipes.queries import document_of, effective_version
from recipes.rules.document import Placed, to_plain
from recipes.rules.sequence import Order as StepOrder
from recipes.rules.sequence import order_of
from supply.queries import containers_of, equipment_coded


@command
def plan_batch(*, order_id: int, room_code: str, act: Act) -> Batch:
    """Plan the batch of an order, in a room of the site that makes it, by the recipe of today.

    Raises:
        NotPermitted: the planner does not plan at that site.
        IllegalMove: the order is not ready to be made.
        AlreadyDone: it has a batch that was not given up.
        Conflict: with code ``used_up``, a batch that was given up has used the patient's material.
        Invalid: no recipe of the therapy is effective.
        NotFound: there is no such room at the site.
    """
    order = order_for_update(order_id)
    if not works_at(act, order.made_at_id):
        raise NotFound("There is no such order.")
    require(holds(act.by, "planner", site_id=order.made_at_id), "plan batches here")
    making = Batch.objects.filter(order=order).exclude(state__in=GIVEN_UP).first()
    if making is not None:
        raise AlreadyDone(f"Order {order.number} has a batch already: {making.number}.")
    _require_ready(order)
    make_due_effective(act=act)
    version = effective_version(order.therapy.code, site_id=order.made_at_id)
    room = equipment_coded(room_code, site=order.made_at)
    number = next_id(Batch)
    batch = Batch(
        id=number,
        number=f"B-{number:06}",
        order=order,
        site=order.made_at,
        recipe_version=version,
        room=room,
        planned_at=act.at,
        updated_at=act.at,
    )
    batch.save(force_insert=True)
    record(act, "plan", batch)
    publish(BatchPlanned(**event_fields(batch, act)))
    return batch


def _require_ready(order: Order) -> None:
    # An order whose batch was aborted stays in manufacture.
    if order.state != "manufacturing":
        ORDER.after(order.state, "manufacture")
    if not order.therapy.is_autologous:
        return
    if order.state not in ("received", "manufacturing"):
        raise IllegalMove(
            f"Order {order.number} is {order.state}: the patient's material is not here yet.",
            code="not_received",
        )
    if not containers_of(order.chain).filter(state="received").exists():
        raise Conflict(
            f"The patient's material of order {order.number} is used up: it cannot be made again.",
            code="used_up",
        )


@command
def cancel_batch(*, batch_id: int, seen: int | None, reason: str, act: Act) -> Batch:
    """Give up a batch that was not started; its order can be planned again.

    Raises:
        NotPermitted: whoever asks neither plans nor is quality assurance here.
        IllegalMove: it was started.
    """
    batch = batch_for_update(batch_id, seen=seen, act=act)
    require(holds(act.by, "planner", "qa", site_id=batch.site_id), "cancel batches here")
    words = reason_from(reason, what="Giving up a batch")
    batch.state = BATCH.after(batch.state, "cancel")
    save_batch(batch, "cancel", act=act, reason=words)
    publish(BatchCanceled(**event_fields(batch, act)))
    return batch


@command
def issue_batch(*, batch_id: int, seen: int, proof: Proof, seen_digest: str, act: Act) -> Batch:
    """Issue a planned batch: freeze its control recipe, make its steps, sign that as quality.

    Raises:
        NotPermitted: the signer is not quality assurance at the site.
        Conflict: the recipe version is not effective any more.
        IllegalMove: the batch is not planned.
        StaleView: it is not what was shown.
    """
    batch = batch_for_update(batch_id, seen=seen, act=act)
    require(holds(act.by, "qa", site_id=batch.site_id), "issue batches")
    state = BATCH.after(batch.state, "issue")
    version = batch.recipe_version
    if version.state != "effective":
        raise Conflict(
            "The recipe version is not effective any more: plan the batch again.", code="superseded"
        )
    statement = issue_statement(batch)
    batch.state = state
    batch.control_recipe = version.document
    batch.control_recipe_digest = version.document_digest
    batch.issued_at = act.at
    save_batch(batch, "issue", "control_recipe", "control_recipe_digest", "issued_at", act=act)
    document = document_of(version)
    order = order_of(document)
    for placed in document.placed_steps():
        _add_step(batch, placed, order, act)
    sign(
        act=act,
        proof=proof,
        subject=batch,
        meaning="issued",
        statement=statement,
        seen_digest=seen_digest,
    )
    publish(BatchIssued(**event_fields(batch, act)))
    return batch


def _add_step(batch: Batch, placed: Placed, order: StepOrder, act: Act) -> None:
    code = placed.step.code
    # What the step waits for, with all that the structure above it says.
    whole = replace(placed.step, after=order.waits[code])
    definition: dict[str, Any] = to_plain(whole)
    step = Step(
        id=next_id(Step),
        batch=batch,
        ordinal=placed.ordinal,
        code=code,
        kind=placed.step.kind,
        mode=mode_of(placed.step),
        title=placed.step.title,
        unit_procedure=placed.unit_procedure.title,
        operation=placed.operation.title,
        definition=definition,
        unit_procedure_code=placed.unit_procedure.code,
        operation_code=placed.operation.code,
        is_branched=code in order.branched,
    )
    step.save(force_insert=True)
    record(act, "add", step)
