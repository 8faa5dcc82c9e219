"""What-if replay, the screen: a version of a recipe over past batches."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.permissions import sites_of
from audit.views import roles_required
from batches.queries import replay_of
from batches.views.forms import person_of
from recipes.queries import version_numbered, version_title

EFFECTS = {
    "raised": "Would be an exception",
    "refused": "Would be refused",
    "gone": "Would be none",
    "changed": "Another result",
    "absent": "Not in this version",
}


@require_safe
@roles_required("engineer", "qa", "qp")
def replay(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """Show what a version would have said of past batches; as CSV where that is asked for."""
    version = version_numbered(code, number)
    found = replay_of(version, sites=sites_of(person_of(request)))
    rows = [
        (one.batch.number, each.code, EFFECTS[each.effect], each.was, each.then, each.now)
        for one in found.batches
        for each in one.found
    ]
    if request.GET.get("format") == "csv":
        titles = ("batch", "step", "effect", "recorded", "verdict then", "now")
        return csv_response(request, f"replay-{code}-{number}", titles, rows)
    context = {
        "version": version,
        "title": version_title(version),
        "replay": found,
        "rows": rows,
        "counts": [(words, found.counts[effect]) for effect, words in EFFECTS.items()],
    }
    return render(request, "batches/replay.html", context)
