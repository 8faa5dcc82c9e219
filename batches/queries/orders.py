"""Orders, as far as the reader's sites reach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from batches.models import Order
from kernel.errors import NotFound
from supply.queries import collections_for


def orders_seen(sites: Iterable[int] | None) -> QuerySet[Order]:
    """Return the orders that these sites sent or make; None is all."""
    found = Order.objects.select_related("therapy", "site", "made_at", "patient", "chain")
    if sites is None:
        return found
    ids = list(sites)
    return found.filter(Q(site_id__in=ids) | Q(made_at_id__in=ids))


def order_numbered(number: str, sites: Iterable[int] | None) -> Order:
    """Return an order that the reader may see.

    Raises:
        NotFound: there is none, or not for this reader.
    """
    rows = orders_seen(sites)
    found = rows.filter(number=number).first() if number.isprintable() else None
    if found is None:
        raise NotFound("There is no such order.")
    return found


def plain_order(order: Order) -> dict[str, Any]:
    """Return an order for a client: the pseudonym, and nothing that names the patient."""
    return {
        "number": order.number,
        "external_id": order.external_id,
        "chain_of_identity": order.chain.value,
        "state": order.state,
        "version": order.version,
        "therapy": order.therapy.code,
        "site": order.site.code,
        "made_at": order.made_at.code,
        "patient": {
            "code": order.patient.code,
            "weight_kg": order.weight_kg,
            "height_cm": order.height_cm,
        },
        "collection": (
            {"planned_at": order.collection_planned_at} if order.collection_planned_at else None
        ),
        "administration_window": {"from": order.administer_from, "to": order.administer_to},
        "prescriber": {"identifier": order.prescriber_identifier},
        "consent": {
            "reference": order.consent_reference,
            "signed_at": order.consent_signed_at,
        },
        "ordered_at": order.ordered_at,
        "updated_at": order.updated_at,
    }


def collections_seen(sites: Iterable[int] | None) -> QuerySet[Any]:
    """Return the collections of the orders that these sites sent or make; None is all."""
    return collections_for(orders_seen(sites).values("chain_id"))


def plain_collection(collection: Any, order_number: str) -> dict[str, Any]:
    """Return a collection for a client."""
    return {
        "order": order_number,
        "chain_of_identity": collection.chain.value,
        "donation_number": collection.donation_number,
        "collected_at": collection.collected_at,
        "reported_at": collection.reported_at,
        "site": collection.site.code,
        "bags": [
            {"code": bag.code, "volume_ml": bag.volume_ml, "state": bag.state}
            for bag in collection.containers.all()
        ],
    }


def numbers_of_chains(chain_ids: Iterable[int]) -> dict[int, str]:
    """Return the order numbers of chains of identity: {chain id: number}."""
    found = Order.objects.filter(chain_id__in=list(chain_ids))
    return dict(found.values_list("chain_id", "number"))
