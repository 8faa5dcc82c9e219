"""Equipment, the screens: what stands where, what holds it, whether it is fit for use."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.csv import csv_response
from audit.edges import act_of_request, now
from audit.models import User
from audit.permissions import holds, sites_of
from audit.views import EVERYBODY, roles_required
from kernel.errors import Invalid, NotFound, Refusal
from supply import commands
from supply.models import Equipment
from supply.queries import equipment_seen, uses_of
from supply.states import EQUIPMENT

PAGE = 50
LONGEST_SEARCH = 64
COLUMNS = ("code", "name", "class", "room", "site", "state", "held by", "calibration due")
# What each move is called on its button, and what is told after it.
MOVES = {
    "begin_cleaning": ("Begin cleaning", "is being cleaned"),
    "clean": ("Cleaned", "is clean and ready"),
    "retire": ("Take out of service", "is out of service"),
    "return_to_service": ("Return to service", "is back, and is cleaned before use"),
}


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "roles_required let nobody else in"
    return request.user


@require_safe
@roles_required(*EVERYBODY)
def equipment_list(request: HttpRequest) -> HttpResponseBase:
    """Show rooms and units of the person's sites; the address holds the filter."""
    state = request.GET.get("state", "")
    chosen = {"state": state} if state in EQUIPMENT.states else {}
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    if search and search.isprintable():
        chosen["q"] = search
    found = equipment_seen(sites_of(_person(request)), **chosen)
    if request.GET.get("format") == "csv":
        return csv_response(request, "equipment", COLUMNS, (_cells(one) for one in found))
    after = request.GET.get("after", "")
    rows = list((found.filter(code__gt=after) if after.isprintable() else found)[: PAGE + 1])
    more = {**chosen, "after": rows[PAGE - 1].code} if len(rows) > PAGE else {}
    context = {
        "rows": rows[:PAGE],
        "chosen": chosen,
        "states": EQUIPMENT.choices(),
        "today": now().date(),
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


def _unit(request: HttpRequest, code: str) -> Equipment:
    found = None
    if "\x00" not in code:
        found = equipment_seen(sites_of(_person(request))).filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no equipment {code[:40]}.")
    return found


@require_safe
@roles_required(*EVERYBODY)
def equipment_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one room or unit: its state, what holds it, its uses, and what may be done now."""
    return render(request, "supply/equipment.html", _shown(request, _unit(request, code)))


def _shown(request: HttpRequest, unit: Equipment, refusal: Refusal | None = None) -> dict[str, Any]:
    person = _person(request)
    verbs = EQUIPMENT.verbs_from(unit.state)
    roles = {"begin_cleaning": ("operator", "qa"), "clean": ("operator", "qa"), "retire": ("qa",),
             "return_to_service": ("qa",)}  # fmt: skip
    return {
        "unit": unit,
        "uses": list(uses_of(unit)[:PAGE]),
        "is_overdue": unit.calibration_due_on is not None
        and unit.calibration_due_on < now().date(),
        "moves": [
            (verb, words)
            for verb, (words, _) in MOVES.items()
            if verb in verbs and holds(person, *roles[verb], site_id=unit.site_id)
        ],
        "refusal": refusal,
    }


@require_POST
@roles_required("operator", "qa")
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Begin or end the cleaning of a unit, or take it out of service."""
    unit, verb = _unit(request, code), request.POST.get("verb", "")
    try:
        if verb not in MOVES:
            raise Invalid("There is no such move.", pointer="/verb", code="unknown_word")
        commands.move_equipment(
            code=unit.code,
            verb=verb,
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )
    except Refusal as refusal:
        context = _shown(request, _unit(request, code), refusal)
        return render(request, "supply/equipment.html", context, status=refusal.status)
    messages.success(request, f"{unit.name} {MOVES[verb][1]}.")
    response = redirect("equipment", code=unit.code)
    response.status_code = 303
    return response
