"""The changeovers of a room, the screen: each with its time, their median, and all of them as CSV."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.views import EVERYBODY, roles_required
from batches.queries import changeovers_of
from batches.views.clearing import room_asked, shown

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
    """Show how long a room stood between its batches, and how it is cleared now."""
    room = room_asked(request, code)
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
    return render(request, "batches/changeovers.html", shown(request, room))
