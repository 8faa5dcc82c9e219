"""Orders: placed, collected for, received, canceled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError

from audit.acts import Act, command, record
from audit.models import Site
from audit.permissions import holds, require
from audit.queries import next_id
from batches.commands.locks import check_seen, move_order, order_for_update
from batches.events import CollectionReported, OrderPlaced
from batches.models import Order
from batches.rules.entries import reason_from
from batches.rules.orders import AHEAD, WantedOrder, faults_of
from batches.states import ORDER
from kernel.errors import Conflict, IllegalMove, Invalid
from kernel.events import publish
from recipes.queries import therapy_to_order
from supply import commands as supply
from supply.commands import IdentityOutcome

ISSUER = "ONELOT"
TWICE = {
    "order_is_sent_once": ("/external_id", "external_id_used", "This order was sent before."),
    "one_active_order_per_window": (
        "/administration_window",
        "second_order",
        "The patient has an order for this therapy in this window already.",
    ),
}


@command
def place_order(*, wanted: WantedOrder, site: Site, act: Act) -> Order:
    """Place an order, issue its chain of identity, and keep the patient's data in the vault.

    Raises:
        Invalid: something in the order is wrong; ``errors`` names all of it.
        Conflict: it was sent before, or the patient has an order in that window.
    """
    order = _new_order(wanted, site, act)
    faults = faults_of(wanted, at=act.at, is_autologous=order.therapy.is_autologous)
    if faults:
        raise Invalid("The order is not valid.", errors=faults)
    order.patient = supply.register_patient(
        identifiers=[{"system": system, "value": value} for system, value in wanted.identifiers],
        demographics={
            "family_name": wanted.family_name,
            "given_name": wanted.given_name,
            "birth_date": wanted.birth_date,
            "sex": wanted.sex,
        },
        act=act,
    )
    order.chain = supply.issue_chain(patient=order.patient, issuer=ISSUER, act=act)
    _number(order)
    try:
        order.save(force_insert=True)
    except IntegrityError as error:
        raise _twice(str(error)) from None
    record(act, "place", order)
    publish(OrderPlaced(**_fields(order, act)))
    return order


def _new_order(wanted: WantedOrder, site: Site, act: Act) -> Order:
    """Return an order for a therapy that can be made now; patient and chain are still to come."""
    therapy = therapy_to_order(wanted.therapy)
    return Order(
        external_id=wanted.external_id,
        ordered_by=act.by,
        ordered_at=act.at,
        updated_at=act.at,
        therapy=therapy,
        site=site,
        made_at=therapy.made_at or site,
        weight_kg=wanted.weight_kg,
        height_cm=wanted.height_cm,
        collection_planned_at=wanted.collection_planned_at,
        administer_from=wanted.administer_from,
        administer_to=wanted.administer_to,
        prescriber_identifier=wanted.prescriber_identifier,
        prescriber_name=wanted.prescriber_name,
        consent_reference=wanted.consent_reference,
        consent_signed_at=wanted.consent_signed_at,
    )


def _number(order: Order) -> None:
    order.pk = next_id(Order)
    order.number = f"O-{order.pk:06}"


def _twice(told: str) -> Conflict:
    """Say in words what the constraint of the table says by name."""
    for name, (pointer, code, detail) in TWICE.items():
        if name in told:
            return Conflict(detail, pointer=pointer, code=code)
    return Conflict("The order contradicts another record.", code="conflict")


def _fields(order: Order, act: Act) -> dict[str, Any]:
    return {
        "act": act,
        "site_id": order.site_id,
        "subject": order.number,
        "order_id": order.pk,
        "order": order.number,
        "external_id": order.external_id,
        "state": order.state,
        "chain_of_identity": order.chain.value,
    }


@command
def report_collection(
    *,
    order_id: int,
    donation_number: str,
    collected_at: datetime,
    bags: Sequence[tuple[str | None, Decimal | None]],
    act: Act,
) -> Any:
    """Report what was collected from the patient of an order.

    Args:
        donation_number: thirteen characters, their check character already found right.
        bags: (code, volume in mL) each; a bag without a code gets one.

    Raises:
        Invalid: the collection is in the future.
        IllegalMove: the order is not waiting for a collection.
        Conflict: the donation number or a bag code was used before.
    """
    order = order_for_update(order_id)
    if collected_at > act.at + AHEAD:
        raise Invalid("The collection is in the future.", pointer="/collected_at", code="future")
    if not order.therapy.is_autologous:
        raise Conflict("This therapy needs no material of the patient.", code="not_autologous")
    ORDER.after(order.state, "collect")
    collection = supply.record_collection(
        chain=order.chain,
        donation_number=donation_number,
        collected_at=collected_at,
        bags=bags,
        site=order.site,
        act=act,
    )
    move_order(order, "collect", act=act)
    publish(CollectionReported(**_fields(order, act)))
    return collection


@command
def receive_material(
    *, order_id: int, scanned: str, is_keyed: bool, reason: str = "", act: Act
) -> IdentityOutcome:
    """Receive the bag of an order at the place where it is made; a wrong one stops everything.

    Raises:
        NotPermitted: whoever scans is no operator there.
        Invalid: the code was typed and no reason was given.
        IllegalMove: the order does not expect material.
    """
    order = order_for_update(order_id)
    require(holds(act.by, "operator", site_id=order.made_at_id), "receive material here")
    if is_keyed:
        reason_from(reason, what="A code that was typed, not scanned,")
    if order.state not in ("collected", "received"):
        raise IllegalMove(f"Order {order.number} is {order.state}: it expects no bag.")
    outcome = supply.receive_bag(
        chain=order.chain, scanned=scanned, is_keyed=is_keyed, site=order.made_at, act=act
    )
    if outcome.is_match and order.state == "collected":
        move_order(order, "receive", act=act)
    return outcome


@command
def cancel_order(*, order_id: int, seen: int | None, reason: str, act: Act) -> Order:
    """Cancel an order that is not being made yet.

    Raises:
        NotPermitted: whoever asks neither plans here nor orders for this site.
        IllegalMove: it is being made, or ended.
    """
    order = order_for_update(order_id)
    require(
        not act.by.is_person or holds(act.by, "planner", site_id=order.site_id),
        "cancel orders of this site",
    )
    check_seen(seen, order.version)
    words = reason_from(reason, what="Canceling an order")
    ORDER.after(order.state, "cancel")
    order.taken_changes()
    record(act, "ask_to_cancel", order, reason=words)
    move_order(order, "cancel", act=act)
    return order
