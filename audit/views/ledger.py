"""The ledger as people read it: who changed what from what to what, when, why, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.commands import forget_search, save_search
from audit.csv import csv_response
from audit.edges import act_of_request
from audit.models import LedgerEntry, User
from audit.queries import (
    Asked,
    Told,
    entries_asked,
    in_one_line,
    page_by_time,
    saved_searches,
    told_entries,
    vocabulary,
)
from audit.views import EVERYBODY, roles_required
from audit.views.asking import address, day_in, is_part, number_in, person_of, text_in

PAGE = 50
CSV_PAGE = 500
COLUMNS = (
    "recorded_at", "done_at", "person", "user_id", "verb", "action", "record_kind", "record_id",
    "record", "changes", "reason", "origin", "stream", "seq", "hash",
)  # fmt: skip
FILTERS = ("person", "record", "verb", "from", "to", "why", "critical")


def asked_in(given: Any) -> tuple[Asked, dict[str, str]]:
    """Return what an address looks for, and its filters as they stand in a link."""
    verb, is_critical = text_in(given, "verb"), text_in(given, "critical") == "1"
    asked = Asked(
        person=text_in(given, "person"),
        record=text_in(given, "record"),
        verb=verb if verb in vocabulary().verbs else "",
        since=day_in(given, "from"),
        until=day_in(given, "to"),
        why=text_in(given, "why"),
        is_critical=is_critical,
    )
    chosen = {
        "person": asked.person,
        "record": asked.record,
        "verb": asked.verb,
        "from": asked.since.isoformat() if asked.since else "",
        "to": asked.until.isoformat() if asked.until else "",
        "why": asked.why,
        "critical": "1" if is_critical else "",
    }
    return asked, {name: value for name, value in chosen.items() if value}


@require_safe
@roles_required(*EVERYBODY)
def ledger(request: HttpRequest) -> HttpResponseBase:
    """Show the entries that the address asks for, newest first, page by page, or all as CSV."""
    person = person_of(request)
    asked, chosen = asked_in(request.GET)
    found = entries_asked(asked, person)
    if request.GET.get("format") == "csv":
        return csv_response(request, "ledger", COLUMNS, map(_csv_row, _all_told(found)))
    context = {**page_shown(request, found, chosen), **_around(person, chosen)}
    if not is_part(request):
        return render(request, "audit/ledger.html", context)
    response = render(request, "audit/_ledger.html", context)
    response["HX-Push-Url"] = f"{request.path}{address(chosen) if chosen else ''}"
    return response


def page_shown(
    request: HttpRequest, found: QuerySet[LedgerEntry], chosen: dict[str, str]
) -> dict[str, Any]:
    """Return one page of entries in words, and the links to the others."""
    before, after = number_in(request.GET, "before"), number_in(request.GET, "after")
    rows, has_newer, has_older = page_by_time(found, size=PAGE, before=before, after=after)
    is_all = not has_newer and not has_older
    return {
        "rows": told_entries(rows),
        "pager": {
            "shown": len(rows),
            "total": len(rows) if is_all else None,
            "noun": "entries",
            "prev_href": address(chosen, after=rows[0].pk) if rows and has_newer else "",
            "next_href": address(chosen, before=rows[-1].pk) if rows and has_older else "",
        },
    }


def _around(person: User, chosen: dict[str, str]) -> dict[str, Any]:
    verbs = sorted(vocabulary().verbs.items(), key=lambda pair: pair[1])
    return {
        "chosen": chosen,
        "verbs": verbs,
        "searches": [
            {"id": one.pk, "name": one.name, "href": address(one.filters)}
            for one in saved_searches(person)
        ],
        "csv_href": address(chosen, format="csv"),
        "clear_href": "/ledger/",
    }


def _all_told(found: QuerySet[LedgerEntry]) -> Iterator[Told]:
    """Yield all entries in words; page after page, so that no statement takes long."""
    before = None
    for _ in count():
        rows, _, has_older = page_by_time(found, size=CSV_PAGE, before=before)
        yield from told_entries(rows)
        if not has_older:
            return
        before = rows[-1].pk


def _csv_row(told: Told) -> list[Any]:
    entry = told.entry
    return [
        entry.recorded_at, told.done_at, told.who, told.username, entry.verb, told.verb,
        entry.subject_type, entry.subject_id, told.record.text, in_one_line(told.changes),
        told.reason, told.origin, entry.stream, entry.seq, entry.hash,
    ]  # fmt: skip


@require_POST
@roles_required(*EVERYBODY)
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the page under a name."""
    _, chosen = asked_in(request.POST)
    save_search(name=request.POST.get("name", ""), filters=chosen, act=act_of_request(request))
    return redirect(f"/ledger/{address(chosen)}")


@require_POST
@roles_required(*EVERYBODY)
def forget(request: HttpRequest, search_id: int) -> HttpResponse:
    """Remove a search of one's own."""
    forget_search(search_id=search_id, act=act_of_request(request))
    return redirect("/ledger/")
