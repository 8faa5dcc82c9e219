"""Orders, the list: filtered by what the address says, page by page, or all of it as CSV."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.permissions import holds, sites_of
from audit.views import EVERYBODY, roles_required
from batches.models import Order
from batches.queries import orders_seen
from batches.states import ORDER
from batches.views.forms import person_of
from recipes.queries import therapies

PAGE = 50
LONGEST_SEARCH = 64
COLUMNS = (
    "order", "external_id", "state", "therapy", "ordered_at", "site", "made_at", "patient",
    "chain_of_identity", "weight_kg", "height_cm", "collection_planned_at", "administer_from",
    "administer_to", "prescriber", "consent", "updated_at",
)  # fmt: skip


@require_safe
@roles_required(*EVERYBODY)
def order_list(request: HttpRequest) -> HttpResponseBase:
    """Show the orders of this person's sites, newest first; the address holds the filter."""
    user = person_of(request)
    offered = [one.code for one in therapies()]
    chosen = chosen_from(request, offered)
    found = filtered(orders_seen(sites_of(user)), chosen)
    if request.GET.get("format") == "csv":
        return csv_response(request, "orders", COLUMNS, map(csv_row, found.iterator(500)))
    rows, pager = page_of(request, found, chosen)
    context = {
        "rows": [row_of(order) for order in rows],
        "pager": pager,
        "chosen": chosen,
        "is_filtered": any(chosen.values()),
        "states": [name for name, _ in ORDER.choices()],
        "therapies": offered,
        "csv_href": "?" + urlencode({**kept(chosen), "format": "csv"}),
        "may_order": holds(user, "planner"),
    }
    return render(request, "orders/list.html", context)


def chosen_from(request: HttpRequest, therapy_codes: list[str]) -> dict[str, str]:
    """Return the filter of the address; what is not offered filters nothing."""
    state, therapy = request.GET.get("state", ""), request.GET.get("therapy", "")
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    return {
        "state": state if state in ORDER.states else "",
        "therapy": therapy if therapy in therapy_codes else "",
        "q": search if search.isprintable() else "",
    }


def filtered(orders: QuerySet[Order], chosen: dict[str, str]) -> QuerySet[Order]:
    """Return the orders that a filter leaves, newest first."""
    if chosen["state"]:
        orders = orders.filter(state=chosen["state"])
    if chosen["therapy"]:
        orders = orders.filter(therapy__code=chosen["therapy"])
    if chosen["q"]:
        asked = chosen["q"]
        orders = orders.filter(
            Q(number__icontains=asked)
            | Q(external_id__icontains=asked)
            | Q(chain__value__icontains=asked)
            | Q(patient__code__iexact=asked)
        )
    return orders.order_by("-pk")


def kept(chosen: dict[str, str]) -> dict[str, str]:
    """Return what of a filter stands in a link."""
    return {name: value for name, value in chosen.items() if value}


def page_of(
    request: HttpRequest, found: QuerySet[Order], chosen: dict[str, str]
) -> tuple[list[Order], dict[str, Any]]:
    """Return one page by cursor, and the pager's links."""
    total = found.count()
    before, after = cursor_in(request, "before"), cursor_in(request, "after")
    if after is not None:
        rows = list(found.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        has_newer, has_older, rows = len(rows) > PAGE, True, rows[:PAGE][::-1]
    else:
        older = found if before is None else found.filter(pk__lt=before)
        rows = list(older[: PAGE + 1])
        has_newer, has_older, rows = before is not None, len(rows) > PAGE, rows[:PAGE]

    def link(name: str, row: Order) -> str:
        return "?" + urlencode({**kept(chosen), name: row.pk})

    return rows, {
        "shown": len(rows),
        "total": total,
        "noun": "orders",
        "prev_href": link("after", rows[0]) if rows and has_newer else "",
        "next_href": link("before", rows[-1]) if rows and has_older else "",
    }


def cursor_in(request: HttpRequest, name: str) -> int | None:
    """Return a cursor of the address; one that was not made here is none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def row_of(order: Order) -> dict[str, Any]:
    """Return an order as a row of the list."""
    window = f"{order.administer_from:%d %b %Y} to {order.administer_to:%d %b %Y}"
    return {
        "href": f"/orders/{order.number}/",
        "cells": [
            {"text": order.number, "note": order.external_id},
            {"state": order.state},
            {"text": order.patient.code, "note": order.chain.value},
            {"text": order.therapy.code, "note": order.therapy.name},
            {"text": order.site.code, "note": f"made at {order.made_at.code}"},
            {"text": window},
            {"at": order.ordered_at},
        ],
    }


def csv_row(order: Order) -> list[Any]:
    """Return an order as a row of the export: nothing in it names the patient."""
    return [
        order.number, order.external_id, order.state, order.therapy.code, order.ordered_at,
        order.site.code, order.made_at.code, order.patient.code, order.chain.value,
        order.weight_kg, order.height_cm, order.collection_planned_at, order.administer_from,
        order.administer_to, order.prescriber_identifier, order.consent_reference,
        order.updated_at,
    ]  # fmt: skip
