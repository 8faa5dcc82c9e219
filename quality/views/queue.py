"""The queue of the reviewers: page by page, or all of it as CSV."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.csv import csv_response
from audit.views import roles_required
from quality.permissions import REVIEWERS
from quality.queries import WAITING, review_queue, waiting_after
from quality.views.review import number_in, person_of

PAGE = 50
COLUMNS = (
    "batch", "site", "patient", "order", "therapy", "state", "to_decide", "exceptions",
    "open_deviations", "ordered_at",
)  # fmt: skip


@require_safe
@roles_required(*REVIEWERS)
def queue(request: HttpRequest) -> HttpResponseBase:
    """Show the batches that wait for a review or a decision, the longest waiting patient first."""
    state = request.GET.get("state", "")
    chosen = {"state": state} if state in WAITING else {}
    waiting = review_queue(person_of(request), state=chosen.get("state", ""))
    if request.GET.get("format") == "csv":
        rows = map(_csv_row, waiting.iterator(500))
        return csv_response(request, "review", COLUMNS, rows)
    after = number_in(request, "after")
    later = waiting if after is None else waiting_after(waiting, after)
    batches = list(later[: PAGE + 1])
    page, has_more = batches[:PAGE], len(batches) > PAGE
    context = {
        "batches": page,
        "state": chosen.get("state", ""),
        "states": WAITING,
        "csv_href": f"?{urlencode({**chosen, 'format': 'csv'})}",
        "pager": {
            "shown": len(page),
            "total": waiting.count(),
            "noun": "batches",
            "prev_word": "First",
            "prev_href": f"?{urlencode(chosen)}" if after is not None else "",
            "next_word": "Next",
            "next_href": f"?{urlencode({**chosen, 'after': page[-1].pk})}" if has_more else "",
        },
    }
    return render(request, "quality/review_queue.html", context)


def _csv_row(batch: Any) -> list[Any]:
    order = batch.order
    return [
        batch.number, batch.site.code, order.patient.code, order.number, order.therapy.code,
        batch.state, batch.exceptions_undecided, batch.exceptions_in_all, batch.deviations_open,
        order.ordered_at,
    ]  # fmt: skip
