"""The access log: who came in, who tried to, when, and from where (draft Annex 11, 11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.models import AccessEvent
from audit.queries import EVENT_ORDERS, access_events
from audit.views import roles_required
from audit.views.asking import address, day_in, is_part, number_in, text_in

PAGE = 50
CSV_PAGE = 1000
COLUMNS = ("at", "user_id", "person", "outcome", "origin", "where", "program")
ORDERS = {"newest": "Newest first", "oldest": "Oldest first", "person": "By user ID"}
LOOKS = {"signed_in": "ok", "failed": "attention", "locked": "stop", "signed_out": "canceled"}


def _asked_in(request: HttpRequest) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the address looks for, and its filters as they stand in a link."""
    outcome, order = text_in(request.GET, "outcome"), text_in(request.GET, "order")
    since, until = day_in(request.GET, "from"), day_in(request.GET, "to")
    asked = {
        "person": text_in(request.GET, "person"),
        "outcome": outcome if outcome in AccessEvent.Outcome.values else "",
        "origin": text_in(request.GET, "origin"),
        "since": since,
        "until": until,
        "order": order if order in EVENT_ORDERS else "newest",
    }
    chosen = {
        "person": asked["person"],
        "outcome": asked["outcome"],
        "origin": asked["origin"],
        "from": since.isoformat() if since else "",
        "to": until.isoformat() if until else "",
        "order": "" if asked["order"] == "newest" else asked["order"],
    }
    return asked, {name: str(value) for name, value in chosen.items() if value}


@require_safe
@roles_required("admin", "qa")
def access_log(request: HttpRequest) -> HttpResponseBase:
    """Show the attempts to sign in that the address asks for, page by page, or all as CSV."""
    asked, chosen = _asked_in(request)
    if request.GET.get("format") == "csv":
        return csv_response(request, "access-log", COLUMNS, map(_csv_row, _all_of(asked)))
    after = number_in(request.GET, "after")
    some = list(access_events(**asked, after=after)[: PAGE + 1])
    page = some[:PAGE]
    context = {
        "events": [{"event": one, "look": LOOKS[one.outcome]} for one in page],
        "chosen": chosen,
        "outcomes": AccessEvent.Outcome.choices,
        "orders": ORDERS,
        "order": asked["order"],
        "csv_href": address(chosen, format="csv"),
        "pager": {
            "shown": len(page),
            "total": None,
            "noun": "attempts",
            "prev_word": "First",
            "prev_href": f"/access-log/{address(chosen)}" if after is not None else "",
            "next_word": "Next",
            "next_href": address(chosen, after=page[-1].pk) if len(some) > PAGE else "",
        },
    }
    if not is_part(request):
        return render(request, "audit/access_log.html", context)
    response = render(request, "audit/_access_log.html", context)
    response["HX-Push-Url"] = f"{request.path}{address(chosen) if chosen else ''}"
    return response


def _all_of(asked: dict[str, Any]) -> Iterator[AccessEvent]:
    after = None
    while page := list(access_events(**asked, after=after)[:CSV_PAGE]):
        yield from page
        after = page[-1].pk


def _csv_row(one: AccessEvent) -> list[Any]:
    return [
        one.at, one.username, one.user.full_name if one.user else "", one.outcome, one.origin,
        one.path, one.agent,
    ]  # fmt: skip
