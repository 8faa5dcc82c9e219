"""Equipment, the screens: what stands where, what holds it, whether it is fit for use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.edges import now
from audit.permissions import sites_of
from audit.views import EVERYBODY, roles_required
from audit.views.asking import person_of
from supply.models import Equipment
from supply.queries import equipment_seen
from supply.rules.fitness import DUE_WITHIN_DAYS, calibration_standing
from supply.states import EQUIPMENT
from supply.views.unit import PAGE, shown, unit_asked

LONGEST_SEARCH = 64
COLUMNS = ("code", "name", "class", "room", "site", "state", "held by", "calibration due")


@require_safe
@roles_required(*EVERYBODY)
def equipment_list(request: HttpRequest) -> HttpResponseBase:
    """Show rooms and units of the person's sites; the address holds the filter."""
    state = request.GET.get("state", "")
    chosen = {"state": state} if state in EQUIPMENT.states else {}
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    if search and search.isprintable():
        chosen["q"] = search
    today, due_by = now().date(), None
    if request.GET.get("calibration") == "due":
        chosen["calibration"], due_by = "due", today + timedelta(days=DUE_WITHIN_DAYS)
    found = equipment_seen(
        sites_of(person_of(request)),
        state=chosen.get("state", ""),
        q=chosen.get("q", ""),
        due_by=due_by,
    )
    if request.GET.get("format") == "csv":
        return csv_response(request, "equipment", COLUMNS, (_cells(one) for one in found))
    after = request.GET.get("after", "")
    rows = list((found.filter(code__gt=after) if after.isprintable() else found)[: PAGE + 1])
    more = {**chosen, "after": rows[PAGE - 1].code} if len(rows) > PAGE else {}
    context = {
        "rows": [(one, calibration_standing(one.calibration_due_on, today)) for one in rows[:PAGE]],
        "chosen": chosen,
        "states": EQUIPMENT.choices(),
        "csv_href": f"?{urlencode({**chosen, 'format': 'csv'})}",
        "next_href": f"?{urlencode(more)}" if more else "",
        "first_href": f"?{urlencode(chosen)}" if after else "",
    }
    return render(request, "supply/equipment_list.html", context)


def _cells(one: Equipment) -> tuple[Any, ...]:
    return (
        one.code, one.name, one.equipment_class, one.room.code if one.room else "", one.site.code,
        one.state, getattr(one, "held_by", None) or "", one.calibration_due_on or "",
    )  # fmt: skip


@require_safe
@roles_required(*EVERYBODY)
def equipment_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one room or unit: its state, what holds it, its uses, and what may be done now."""
    return render(request, "supply/equipment.html", shown(request, unit_asked(request, code)))
