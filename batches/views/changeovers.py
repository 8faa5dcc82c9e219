"""The changeovers of a room, the screen: each with its time, their median, and all of them as CSV."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.permissions import sites_of
from audit.views import EVERYBODY, roles_required
from batches.queries import changeovers_of
from batches.rules.changeovers import median_of
from batches.views.forms import person_of
from kernel.errors import NotFound
from supply.queries import equipment_seen

PAGE = 50
COLUMNS = (
    "room",
    "ended",
    "batch before",
    "therapy before",
    "began",
    "batch",
    "therapy",
    "minutes",
)


@require_safe
@roles_required(*EVERYBODY)
def changeovers(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show how long a room stood between its batches."""
    seen = equipment_seen(sites_of(person_of(request)))
    room = seen.filter(code=code).first() if "\x00" not in code else None
    if room is None:
        raise NotFound(f"There is no room {code[:40]}.")
    found = changeovers_of(room.pk)
    if request.GET.get("format") == "csv":
        rows = (
            (
                room.code,
                one.before.ended_at.isoformat() if one.before.ended_at else "",
                one.before.number,
                one.before.therapy,
                one.after.began_at.isoformat(),
                one.after.number,
                one.after.therapy,
                int(one.lasted.total_seconds()) // 60,
            )
            for one in found
        )
        return csv_response(request, f"changeovers-{room.code}", COLUMNS, rows)
    context = {
        "room": room,
        "changeovers": found[:PAGE],
        "count": len(found),
        "median": median_of(found),
        "median_of_switches": median_of([one for one in found if one.is_other_therapy]),
    }
    return render(request, "batches/changeovers.html", context)
