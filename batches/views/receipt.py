"""Receipt: an order is chosen first, then its bag is scanned; another patient's stops everything."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.acts import Act
from audit.edges import act_of_request
from audit.permissions import sites_of
from audit.views import roles_required
from batches.commands import receive_material
from batches.models import Order
from batches.queries import opened_by, order_numbered, orders_awaited, orders_seen
from batches.rules.entries import LONGEST_REASON
from batches.views.forms import go, person_of
from kernel.errors import Invalid, NotFound, Refusal
from supply.commands import IdentityOutcome
from supply.queries import containers_of, custody_of

LONGEST_SCAN = 200
MOST_AWAITED = 200


@require_safe
@roles_required("operator")
def receipt_list(request: HttpRequest) -> HttpResponse:
    """Show the orders whose material is on its way to where this operator works."""
    awaited = orders_awaited(sites_of(person_of(request), "operator"))
    return render(request, "orders/receipt.html", {"orders": awaited[:MOST_AWAITED]})


@require_POST
@roles_required("operator")
def receipt_choose(request: HttpRequest) -> HttpResponse:
    """Choose an order by the number or the identifier on the papers, never by the bag itself."""
    text = request.POST.get("code", "").strip()[:LONGEST_SCAN]
    order = None
    if text.isprintable():
        mine = orders_seen(sites_of(person_of(request), "operator"))
        order = mine.filter(number=text.upper()).first() or mine.filter(chain__value=text).first()
    if order is None:
        messages.warning(
            request,
            "No order here has that number or identifier. Choose the order first, from its papers:"
            " the bag is checked against it.",
        )
        return go("/receipt/")
    return go(f"/receipt/{order.number}/")


def awaited_order(request: HttpRequest, number: str) -> Order:
    """Return the order of the address, if this operator receives for where it is made.

    Raises:
        NotFound: there is none, or it is made elsewhere.
    """
    sites = sites_of(person_of(request), "operator")
    order = None if "\x00" in number else order_numbered(number, sites)
    if order is None or (sites is not None and order.made_at_id not in sites):
        raise NotFound("There is no such order.")
    return order


@require_safe
@roles_required("operator")
def receipt_order(request: HttpRequest, number: str) -> HttpResponse:
    """Show one order with its scan field, and what was received just now."""
    order = awaited_order(request, number)
    asked = request.GET.get("bag", "")
    context = receipt_shown(request, order)
    context["done"] = next(
        (bag for bag in context["bags"] if str(bag.pk) == asked and bag.state == "received"), None
    )
    return render(request, "orders/receipt_order.html", context)


def receipt_shown(request: HttpRequest, order: Order, **more: Any) -> dict[str, Any]:
    """Return the context of the scan screen."""
    bags = list(containers_of(order.chain).select_related("collection"))
    others = orders_awaited(sites_of(person_of(request), "operator")).exclude(pk=order.pk)
    return {
        "order": order,
        "bags": bags,
        "missing": [bag for bag in bags if bag.state == "collected"],
        "tries": [one for one in custody_of(order.chain) if not one.is_match],
        "others": others[:5],
        **more,
    }


@require_POST
@roles_required("operator")
def receipt_scan(request: HttpRequest, number: str) -> HttpResponse:
    """Receive the bag that was scanned, or stop the screen when it is not this patient's."""
    order = awaited_order(request, number)
    scanned = request.POST.get("code", "").strip()[: LONGEST_SCAN + 1]
    is_keyed = request.POST.get("source") != "scanned"
    reason = request.POST.get("reason", "")[: LONGEST_REASON + 1] if is_keyed else ""
    act = act_of_request(request, reason=reason)
    try:
        outcome = receive_material(
            order_id=order.pk,
            scanned=scanned,
            is_keyed=is_keyed,
            reason=reason,
            act=act,
        )
    except Invalid as refusal:
        context = receipt_shown(
            request, order, error=refusal.detail, value=scanned, is_keyed=is_keyed
        )
        return render(request, "orders/receipt_order.html", context, status=refusal.status)
    except Refusal as refusal:
        context = receipt_shown(request, order, refusal=refusal)
        return render(request, "orders/receipt_order.html", context, status=refusal.status)
    if outcome.is_match and outcome.container is not None:
        return go(f"/receipt/{order.number}/?bag={outcome.container.pk}")
    context = receipt_shown(request, order, stop=stop_of(order, outcome, act))
    return render(request, "orders/receipt_order.html", context, status=409)


def stop_of(order: Order, outcome: IdentityOutcome, act: Act) -> dict[str, str]:
    """Return what the hard stop says, with the number of the deviation that was opened for it."""
    number = opened_by(act.id, order)
    told = "WRONG PATIENT" if outcome.belongs_to_other else "UNKNOWN CODE"
    return {
        "title": f"Stop: {told.lower()}",
        "expected": outcome.expected,
        "found": outcome.scanned,
        "detail": f"Expected bag {outcome.expected}, scanned {outcome.scanned} — {told}."
        " Nothing was received. Set the bag apart and call quality.",
        "number": number,
        "number_href": f"/deviations/{number}/" if number else "",
        "href": f"/receipt/{order.number}/",
    }
