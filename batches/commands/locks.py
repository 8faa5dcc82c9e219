"""Locks: orders, batches and steps, always taken in this order, and only as new as they were seen.

Note [Lock order]: order → batch → step → what the step uses. Every command on a step locks its
batch first, so the gestures on one batch follow one another and a hold is never overlooked.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from audit.acts import Act, record
from audit.permissions import sites_of
from batches.events import OrderChanged
from batches.models import Batch, Order, Step
from batches.states import ORDER
from kernel.errors import Conflict, NotFound, StaleView
from kernel.events import publish
from kernel.prepared import prepared

NOT_FOUND = "There is no such batch."
# What only few gestures look at, and takes longer to read than all the rest.
LARGE = ("control_recipe",)


def check_seen(seen: int | None, version: int) -> None:
    """Refuse to act on a record that changed after it was shown.

    Raises:
        StaleView: ``seen`` is not the version of now; None asks nothing.
    """
    if seen is not None and seen != version:
        raise StaleView("Somebody changed this after it was shown. Look again, then decide.")


def order_for_update(order_id: int) -> Order:
    """Return an order under lock.

    Raises:
        NotFound: there is none.
    """
    found = (
        Order.objects.select_for_update(of=("self",))
        .select_related("chain", "patient", "therapy", "made_at", "site")
        .filter(pk=order_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such order.")
    return found


def order_of_batch_for_update(batch_id: int) -> Order:
    """Return the order of a batch under lock, before the batch itself is locked."""
    order_id = Batch.objects.filter(pk=batch_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound(NOT_FOUND)
    return order_for_update(order_id)


def batch_for_update(
    batch_id: int, *, seen: int | None = None, is_changed: bool = True, act: Act
) -> Batch:
    """Return a batch under lock, if the actor works at its site.

    Args:
        is_changed: False reads only what most steps need; such a batch must not be saved.

    Raises:
        NotFound: there is none, or not for this person.
        StaleView: it changed after it was shown.
    """
    rows = _whole_batch(batch_id) if is_changed else _lean_batch(batch_id)
    found = _seen(rows, act=act)
    if found is None:
        raise NotFound(NOT_FOUND)
    check_seen(seen, found.version)
    return found


@prepared
def _whole_batch(batch_id: int) -> QuerySet[Batch]:
    rows = Batch.objects.filter(pk=batch_id).select_for_update(of=("self",)).order_by()
    rows = rows.select_related("order__chain", "order__patient", "order__therapy")
    return rows.select_related("site", "room", "recipe_version__recipe")


@prepared
def _lean_batch(batch_id: int) -> QuerySet[Batch]:
    rows = Batch.objects.filter(pk=batch_id).select_for_update(of=("self",)).order_by()
    return rows.select_related("order__patient").defer(*LARGE)


@prepared
def _batch_of_step(step_id: int) -> QuerySet[Batch]:
    rows = Batch.objects.filter(steps=step_id).select_for_update(of=("self",)).order_by()
    return rows.select_related("order__patient").defer(*LARGE)


@prepared
def _step(step_id: int) -> QuerySet[Step]:
    rows = Step.objects.filter(pk=step_id).select_for_update(of=("self",)).order_by()
    return rows.select_related("performed_by", "verified_by")


def _seen(rows: list[Batch], *, act: Act) -> Batch | None:
    """Return the batch of these rows, under lock; None when this person sees none."""
    return rows[0] if rows and works_at(act, rows[0].site_id) else None


def works_at(act: Act, site_id: int) -> bool:
    """Say whether the actor holds any role at the site; the software works everywhere."""
    if not act.by.is_person:
        return True
    sites = sites_of(act.by)
    return sites is None or site_id in sites


def step_for_update(step_id: int, *, seen: int | None = None, act: Act) -> Step:
    """Return a step under lock, its batch locked before it.

    Raises:
        NotFound: there is none, or not for this person.
        StaleView: it changed after it was shown.
    """
    batch = _seen(_batch_of_step(step_id), act=act)
    if batch is None:
        raise NotFound("There is no such step.")
    (step,) = _step(step_id)
    step.batch = batch
    check_seen(seen, step.version)
    return step


def require_running(batch: Batch) -> None:
    """Refuse work on a batch that is not being made right now.

    Raises:
        Conflict: it is on hold, not started, or ended.
    """
    if batch.state == "on_hold":
        raise Conflict(
            f"Batch {batch.number} is on hold. Nothing can be done until quality lets it go on.",
            code="on_hold",
        )
    if batch.state != "in_progress":
        words = batch.state.replace("_", " ")
        raise Conflict(f"Batch {batch.number} is {words}: no step can be done.", code="not_running")


def save_batch(batch: Batch, verb: str, *fields: str, act: Act, **notes: Any) -> None:
    """Store a changed batch as its next version, and tell the ledger."""
    batch.version += 1
    batch.updated_at = act.at
    batch.save(update_fields=["state", "version", "updated_at", *fields])
    record(act, verb, batch, **notes)


def save_step(step: Step, verb: str, *fields: str, act: Act, **notes: Any) -> None:
    """Store a changed step as its next version, and tell the ledger."""
    step.version += 1
    step.save(update_fields=["state", "version", *fields])
    record(act, verb, step, **notes)


def move_order(order: Order, verb: str, *, act: Act) -> None:
    """Move an order that is locked, tell the ledger, and tell who listens."""
    order.state = ORDER.after(order.state, verb)
    order.version += 1
    order.updated_at = act.at
    order.save(update_fields=["state", "version", "updated_at"])
    record(act, verb, order)
    publish(
        OrderChanged(
            act=act,
            site_id=order.site_id,
            subject=order.number,
            order_id=order.pk,
            order=order.number,
            external_id=order.external_id,
            state=order.state,
            chain_of_identity=order.chain.value,
        )
    )


def event_fields(batch: Batch, act: Act) -> dict[str, Any]:
    """Return the fields that every event of a batch has."""
    return {
        "act": act,
        "site_id": batch.site_id,
        "subject": batch.number,
        "batch_id": batch.pk,
        "batch": batch.number,
        "order": batch.order.number,
    }


def step_fields(step: Step, act: Act) -> dict[str, Any]:
    """Return the fields that every event of a step has."""
    return {**event_fields(step.batch, act), "step_id": step.pk, "step": step.code}
