"""The page of one unit: what it shows, to whom it offers what, and how it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from audit.edges import now
from audit.forms import signer_facts
from audit.permissions import holds, sites_of
from audit.signing import digest_of
from audit.views.asking import person_of
from kernel.errors import NotFound, Refusal
from supply.commands.logbook import MAINTAINERS
from supply.commands.parts import PLACERS
from supply.commands.reservations import RESERVERS
from supply.commands.service import DOERS, REASONED, SIGNED
from supply.commands.upkeep import CHECKERS, RECORDERS
from supply.models import Calibration, Equipment
from supply.queries import (
    calibration_statement,
    class_coded,
    equipment_seen,
    logbook_of,
    reservations_of,
    unit_statement,
    uses_of,
)
from supply.rules.fitness import calibration_standing, is_check_due
from supply.rules.hierarchy import LEVELS
from supply.states import EQUIPMENT, QUALIFICATION

PAGE = 50
SHORT = 10
# What each move is called on its button, and what is told after it.
MOVES = {
    "begin_cleaning": ("Begin cleaning", "is being cleaned"),
    "clean": ("Sign: cleaned", "is clean and ready"),
    "retire": ("Take out of service", "is out of service"),
    "return_to_service": ("Return to service", "is back, and is cleaned before use"),
    "disqualify": ("Take qualification away", "is not qualified"),
    "qualify": ("Declare qualified", "is qualified"),
}


def unit_asked(request: HttpRequest, code: str) -> Equipment:
    """Return the unit of the address.

    Raises:
        NotFound: the person's sites have none of that code.
    """
    found = None
    if "\x00" not in code:
        found = equipment_seen(sites_of(person_of(request))).filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no equipment {code[:40]}.")
    return found


def shown(request: HttpRequest, unit: Equipment, refusal: Refusal | None = None) -> dict[str, Any]:
    """Return what the page of a unit shows to this person."""
    person, at = person_of(request), now()
    may = [verb for verb in _verbs(unit) if holds(person, *DOERS[verb], site_id=unit.site_id)]
    known = class_coded(unit.equipment_class)
    waiting = unit.calibrations.filter(state="recorded").exclude(recorded_by=person)
    may_accept = holds(person, "qa", site_id=unit.site_id)
    is_checked = known is not None and known.check_hours is not None
    return {
        "unit": unit,
        "class": known,
        "lines": list(logbook_of(unit)[:SHORT]),
        "may_note": holds(person, *MAINTAINERS, site_id=unit.site_id),
        "reservations": list(reservations_of(unit, at=at)[:PAGE]),
        "may_reserve": holds(person, *RESERVERS, site_id=unit.site_id),
        "parts": list(unit.parts.order_by("code")[:PAGE]),
        "levels": [(one, one.replace("_", " ")) for one in LEVELS],
        "may_place": holds(person, *PLACERS, site_id=unit.site_id),
        "uses": list(uses_of(unit)[:PAGE]),
        "calibration": calibration_standing(unit.calibration_due_on, at.date()),
        "calibrations": list(unit.calibrations.select_related("recorded_by")[:SHORT]),
        "checks": list(unit.checks.select_related("by")[:SHORT]),
        "is_checked": is_checked,
        "is_check_due": is_check_due(known.check_hours if known else None, unit.checked_until, at),
        "may_check": is_checked and holds(person, *CHECKERS, site_id=unit.site_id),
        "is_scale": known is not None and known.is_scale,
        "may_connect": holds(person, "engineer", site_id=unit.site_id),
        "scale_lines": sorted(settings.SCALE_LINES),
        "is_read": unit.scale_line in settings.SCALE_LINES,
        "may_record": holds(person, *RECORDERS, site_id=unit.site_id),
        "plain_moves": [(verb, MOVES[verb][0]) for verb in may if verb == "begin_cleaning"],
        "reasoned_moves": [
            (verb, MOVES[verb][0]) for verb in may if verb in REASONED and verb not in SIGNED
        ],
        "signings": [
            *(_signing(request, unit, verb) for verb in may if verb in SIGNED),
            *(_accepting(request, unit, one) for one in waiting if may_accept),
        ],
        "declinable": [one.pk for one in unit.calibrations.filter(state="recorded")]
        if may_accept
        else [],
        "refusal": refusal,
    }


def _verbs(unit: Equipment) -> tuple[str, ...]:
    """Return what the tables allow a person now; what a batch or the clock does has no button."""
    moves = EQUIPMENT.verbs_from(unit.state) + QUALIFICATION.verbs_from(unit.qualification)
    return tuple(verb for verb in moves if verb in DOERS)


def _signing(request: HttpRequest, unit: Equipment, verb: str) -> dict[str, Any]:
    statement = unit_statement(unit, verb)
    digest, meaning = digest_of(statement), SIGNED[verb]
    words = MOVES[verb][0]
    return {
        "id": f"sign-{verb}",
        "action": f"/equipment/{unit.code}/sign/",
        **signer_facts(request, shown=unit, digest=digest, meaning=meaning),
        "what": f"{words.removeprefix('Sign: ').capitalize()}: {unit.name}",
        "opens": words,
        "meaning": meaning,
        "values": [
            {"label": "Equipment", "value": f"{unit.code}, {unit.name}"},
            {"label": "State now", "value": unit.state.replace("_", " ")},
            {"label": "Qualification now", "value": unit.qualification.replace("_", " ")},
        ],
        "digest": digest,
        "submit": words if words.startswith("Sign") else f"Sign: {words.lower()}",
        "reason": "required" if verb in REASONED else "",
        "hidden": [{"name": "verb", "value": verb}],
    }


def _accepting(request: HttpRequest, unit: Equipment, one: Calibration) -> dict[str, Any]:
    statement = calibration_statement(one)
    digest = digest_of(statement)
    return {
        "id": f"sign-calibration-{one.pk}",
        "action": f"/equipment/{unit.code}/calibrations/{one.pk}/accept/",
        **signer_facts(request, shown=one, digest=digest, meaning="approved"),
        "what": f"Calibration of {unit.name}, certificate {one.certificate}",
        "opens": f"Accept certificate {one.certificate}",
        "meaning": "approved",
        "values": [
            {"label": "Done by", "value": one.done_by},
            {"label": "Done on", "value": one.done_on},
            {"label": "Due on", "value": one.due_on},
            {"label": "Result", "value": statement["result"]},
        ],
        "digest": digest,
        "submit": "Sign: accept calibration",
    }


def answer(request: HttpRequest, code: str, act: Callable[[Equipment], str]) -> HttpResponse:
    """Do what a form of the page asks, and show the page again, with what was refused.

    Args:
        act: does it to the unit, and returns what to tell.
    """
    try:
        said = act(unit_asked(request, code))
    except Refusal as refusal:
        context = shown(request, unit_asked(request, code), refusal)
        return render(request, "supply/equipment.html", context, status=refusal.status)
    messages.success(request, said)
    response = redirect("equipment", code=code)
    response.status_code = 303
    return response
