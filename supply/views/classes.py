"""Classes of equipment, the screens: what is asked of every unit of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_request
from audit.permissions import holds
from audit.views import EVERYBODY, roles_required
from audit.views.asking import number_in, person_of
from kernel.canonical import plain
from kernel.errors import NotFound, Refusal
from kernel.quantities import unit_label
from supply import commands
from supply.commands.equipment_classes import HOURS, WEIGHTS
from supply.models import EquipmentClass
from supply.queries import class_coded, classes_seen

LABELS = {
    "range_min": "Weighs from",
    "range_max": "Weighs up to",
    "resolution": "Resolution",
    "minimum_weight": "Minimum weight",
    "check_weight": "Check weight",
    "check_tolerance": "Tolerance of the check",
}


@require_safe
@roles_required(*EVERYBODY)
def class_list(request: HttpRequest) -> HttpResponse:
    """Show every class of equipment."""
    return render(request, "supply/classes.html", {"classes": list(classes_seen())})


def _class(code: str) -> EquipmentClass:
    found = class_coded(code) if "\x00" not in code else None
    if found is None:
        raise NotFound(f"There is no class {code[:40]} of equipment.")
    return found


@require_safe
@roles_required(*EVERYBODY)
def class_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one class, and the form that describes it to whoever may."""
    return render(request, "supply/class.html", _shown(request, _class(code)))


def _shown(
    request: HttpRequest, known: EquipmentClass, refusal: Refusal | None = None
) -> dict[str, Any]:
    typed = request.POST if refusal is not None else {}
    stored = {name: getattr(known, name) for name in WEIGHTS}
    return {
        "class": known,
        "name": typed.get("name", known.name),
        "unit": typed.get("unit", unit_label(known.unit) if known.unit else ""),
        "weights": [
            (name, LABELS[name], typed.get(name, "" if value is None else plain(value)))
            for name, value in stored.items()
        ],
        "check_hours": typed.get("check_hours", known.check_hours),
        "clean_hold_hours": typed.get("clean_hold_hours", known.clean_hold_hours),
        "may_describe": holds(person_of(request), "engineer", "qa"),
        "refusal": refusal,
    }


@require_POST
@roles_required("engineer", "qa")
def describe(request: HttpRequest, code: str) -> HttpResponse:
    """Say what a class is, and what is asked of its units."""
    known, given = _class(code), request.POST
    try:
        commands.describe_class(
            code=known.code,
            name=given.get("name", ""),
            unit=given.get("unit", ""),
            weights={name: given.get(name, "") for name in WEIGHTS},
            hours={name: number_in(given, name) for name in HOURS},
            reason=given.get("reason", ""),
            act=act_of_request(request),
        )
    except Refusal as refusal:
        context = _shown(request, known, refusal)
        return render(request, "supply/class.html", context, status=refusal.status)
    messages.success(request, f"{known.code} is described anew.")
    response = redirect("equipment-class", code=known.code)
    response.status_code = 303
    return response
