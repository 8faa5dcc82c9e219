"""One order, the screen: its way, its bags and their custody, and what a planner may do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_request
from audit.models import User
from audit.permissions import holds, sites_of
from audit.views import EVERYBODY, roles_required
from batches.commands import cancel_order, report_collection
from batches.forms import BAGS, CollectionForm
from batches.models import Batch, Order
from batches.queries import batches_seen, order_numbered, orders_to_plan
from batches.rules.entries import LONGEST_REASON, text_from
from batches.states import ORDER
from batches.views.forms import go, person_of, seen_version
from kernel.errors import Conflict, Invalid, NotFound, Refusal
from supply.commands import reveal_patient
from supply.queries import collections_of, containers_of, custody_of

REVEALERS = ("planner", "qa", "qp")
STAGES = ("ordered", "collected", "received", "manufacturing", "released")


@require_safe
@roles_required(*EVERYBODY)
def order_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one order by its pseudonym."""
    return render(request, "orders/order.html", order_shown(request, found_order(request, number)))


def found_order(request: HttpRequest, number: str) -> Order:
    """Return the order of the address, if one of this person's sites sent or makes it."""
    # PostgreSQL has no text with NUL in it, so no record has such a number.
    if "\x00" in number:
        raise NotFound("There is no such order.")
    return order_numbered(number, sites_of(person_of(request)))


def order_shown(request: HttpRequest, order: Order, **more: Any) -> dict[str, Any]:
    """Return the context of an order's page."""
    user = person_of(request)
    batch = batches_seen(None).filter(order=order).first()
    custody = list(custody_of(order.chain))
    verbs = ORDER.verbs_from(order.state)
    plans = holds(user, "planner", site_id=order.site_id)
    return {
        "order": order,
        "batch": batch if batch and sees(user, batch.site_id) else None,
        "stages": stages_of(order, batch, custody),
        "bags": list(containers_of(order.chain).select_related("site", "collection")),
        "custody": custody,
        "may": {
            "plan": orders_to_plan(sites_of(user, "planner")).filter(pk=order.pk).exists(),
            "collect": plans and "collect" in verbs and order.therapy.is_autologous,
            "cancel": plans and "cancel" in verbs,
            "receive": order.state in ("collected", "received")
            and holds(user, "operator", site_id=order.made_at_id),
            "reveal": place_to_reveal(user, order) is not None,
        },
        "collection_form": CollectionForm(),
        "bag_numbers": range(1, BAGS + 1),
        **more,
    }


def sees(user: User, site_id: int) -> bool:
    """Say whether a person works at a site."""
    sites = sites_of(user)
    return sites is None or site_id in sites


def stages_of(order: Order, batch: Batch | None, custody: list[Any]) -> list[dict[str, Any]]:
    """Return the way of an order, each stage with its time."""
    first_received = next((one for one in custody if one.kind == "received"), None)
    collection = collections_of(order.chain).first()
    at: dict[str, datetime | None] = {
        "ordered": order.ordered_at,
        "collected": collection.collected_at if collection else None,
        "received": first_received.at if first_received else None,
        "manufacturing": batch.started_at or batch.planned_at if batch else None,
        "released": batch.decided_at if batch and batch.state == "released" else None,
    }
    own = [
        name
        for name in STAGES
        if order.therapy.is_autologous or name not in ("collected", "received")
    ]
    ended = order.state in ("canceled", "failed")
    here = own.index(order.state) if order.state in own else len([one for one in own if at[one]])
    stages = [
        {
            "label": name.capitalize(),
            "state": _stage_state(place, here, is_ended=ended, is_last=name == "released"),
            "at": at[name],
            "note": _note(name, order, batch),
        }
        for place, name in enumerate(own)
    ]
    if ended:
        stages = [*stages[:here], {"label": order.state.capitalize(), "state": "stopped",
                                   "at": order.updated_at, "note": ""}]  # fmt: skip
    return stages


def _stage_state(place: int, here: int, *, is_ended: bool, is_last: bool) -> str:
    if place < here or (place == here and is_last):
        return "done"
    return "current" if place == here and not is_ended else "todo"


def _note(name: str, order: Order, batch: Batch | None) -> str:
    if name == "ordered":
        return order.site.code
    if name == "collected" and order.collection_planned_at and order.state == "ordered":
        return f"planned {order.collection_planned_at:%d %b %Y %H:%M} UTC"
    if name in ("received", "manufacturing") and order.state != "canceled":
        return order.made_at.code if name == "received" or batch is None else batch.number
    return ""


@require_POST
@roles_required(*REVEALERS)
def order_reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show once who the patient is; that it was shown, to whom and why, is in the ledger."""
    order = found_order(request, number)
    place = place_to_reveal(person_of(request), order)
    try:
        reason = text_from(
            request.POST.get("reason", ""), pointer="/reason", longest=LONGEST_REASON
        )
        content = reveal_patient(
            patient=order.patient,
            site_id=order.site_id if place is None else place,
            act=act_of_request(request, reason=reason),
        )
    except (Invalid, Conflict) as refusal:
        context = order_shown(request, order, reveal_error=refusal.detail)
        return render(request, "orders/order.html", context, status=refusal.status)
    response = render(
        request, "orders/revealed.html", {"order": order, "patient": content, "reason": reason}
    )
    response["Cache-Control"] = "no-store, private"
    return response


def place_to_reveal(user: User, order: Order) -> int | None:
    """Return the site by which a person may see who the patient is: the one that ordered, or makes."""
    sites = (order.site_id, order.made_at_id)
    return next((one for one in sites if holds(user, *REVEALERS, site_id=one)), None)


@require_POST
@roles_required("planner")
def order_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel an order that is not being made yet."""
    order = found_order(request, number)
    try:
        cancel_order(
            order_id=order.pk,
            seen=seen_version(request),
            reason=request.POST.get("reason", "")[: LONGEST_REASON + 1],
            act=act_of_request(request),
        )
    except Refusal as refusal:
        context = order_shown(request, found_order(request, number), refusal=refusal)
        return render(request, "orders/order.html", context, status=refusal.status)
    messages.success(request, f"Order {order.number} is canceled.")
    return go(f"/orders/{order.number}/")


@require_POST
@roles_required("planner")
def order_collect(request: HttpRequest, number: str) -> HttpResponse:
    """Report a collection by hand, as the hospital's software would."""
    order = found_order(request, number)
    if not holds(person_of(request), "planner", site_id=order.site_id):
        raise NotFound("There is no such order.")
    form = CollectionForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            report_collection(
                order_id=order.pk,
                donation_number=form.cleaned_data["donation_number"],
                collected_at=form.cleaned_data["collected_at"],
                bags=form.bags(),
                act=act_of_request(request),
            )
        except Refusal as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            messages.success(request, "The collection is reported.")
            return go(f"/orders/{order.number}/")
    context = order_shown(request, found_order(request, number), collection_form=form)
    return render(request, "orders/order.html", context, status=status)
