"""The logbook of a unit: filtered, page by page, or all of it as CSV."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.csv import csv_response
from audit.edges import act_of_request
from audit.permissions import holds
from audit.views import EVERYBODY, roles_required
from audit.views.asking import address, day_in, number_in, person_of, text_in
from supply import commands
from supply.commands.logbook import MAINTAINERS
from supply.models import Equipment, LogbookEntry
from supply.models.logbook import KINDS
from supply.queries import logbook_of
from supply.views.unit import PAGE, answer, unit_asked

COLUMNS = ("unit", "at", "kind", "what", "batch", "by", "signed as", "signature")


@require_safe
@roles_required(*EVERYBODY)
def logbook(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show the logbook of a unit; the address holds the filter."""
    unit, given = unit_asked(request, code), request.GET
    kind = text_in(given, "kind")
    asked: dict[str, Any] = {
        "kind": kind if kind in KINDS else "",
        "since": day_in(given, "since"),
        "until": day_in(given, "until"),
    }
    found = logbook_of(unit, **asked)
    if given.get("format") == "csv":
        lines = (_cells(unit, one) for one in found)
        return csv_response(request, f"logbook-{unit.code}", COLUMNS, lines)
    chosen = {name: str(value) for name, value in asked.items() if value}
    before = number_in(given, "before")
    rows = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    context = {
        "unit": unit,
        "lines": rows[:PAGE],
        "chosen": chosen,
        "kinds": KINDS,
        "may_note": holds(person_of(request), *MAINTAINERS, site_id=unit.site_id),
        "csv_href": address(chosen, format="csv"),
        "next_href": address(chosen, before=rows[PAGE - 1].pk) if len(rows) > PAGE else "",
        "first_href": address(chosen) if before else "",
    }
    return render(request, "supply/logbook.html", context)


def _cells(unit: Equipment, one: LogbookEntry) -> tuple[Any, ...]:
    signature = one.signature
    return (
        unit.code, one.at.isoformat(), one.kind, one.words, one.batch, one.by.full_name,
        signature.meaning if signature else "", signature.pk if signature else "",
    )  # fmt: skip


@require_POST
@roles_required(*MAINTAINERS)
def maintain(request: HttpRequest, code: str) -> HttpResponse:
    """Note what was maintained or repaired on a unit."""

    def act(unit: Equipment) -> str:
        words = request.POST.get("words", "")
        commands.note_maintenance(code=unit.code, words=words, act=act_of_request(request))
        return f"The logbook of {unit.name} has it."

    return answer(request, code, act)
