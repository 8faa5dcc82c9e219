"""The audit trail of a batch, the screen: what a reviewer must see, and the signature that it was."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.queries import critical_entries, judged, signatures_of, told_entries
from audit.views import roles_required
from audit.views.asking import is_part
from audit.views.ledger import page_shown
from batches.queries import batch_numbered
from kernel.errors import Invalid, WrongCredentials
from quality import commands
from quality.permissions import QUALITY_UNIT, REVIEWERS
from quality.queries import (
    WAITING,
    last_review,
    late_entries,
    reopening_entries,
    trail_counts,
    trail_of,
    trail_statement,
)
from quality.views.review import is_independent, person_of
from quality.views.signing import proof_and_act, seen_version, signing

MOST_REOPENING = 20


def _dialog(request: HttpRequest, batch: Any, error: str) -> dict[str, Any]:
    return signing(
        request,
        key="trail",
        action=f"/batches/{batch.number}/trail/sign/",
        statement=trail_statement(batch),
        meaning="reviewed",
        what=f"Audit trail of batch {batch.number}",
        submit="Sign: audit trail reviewed",
        version=batch.version,
        shown=batch,
        reason="optional",
        error=error,
    )


def trail_screen(
    request: HttpRequest, number: str, *, error: str = "", status: int = 200
) -> HttpResponse:
    """Show the trail of a batch, with who reviewed it, and what has come since."""
    person = person_of(request)
    batch = batch_numbered(number, person)
    late = late_entries(batch)
    found = trail_of(batch)
    chosen = {}
    if request.GET.get("critical") == "1":
        chosen["critical"] = "1"
        found = found.filter(critical_entries() | Q(pk__in=late))
    context = {"batch": batch, "chosen": chosen, **page_shown(request, found, chosen)}
    if is_part(request):
        return render(request, "quality/_trail_list.html", context)
    review = last_review(batch, "trail")
    since = None if review is None else reopening_entries(batch, review)
    is_current = since is not None and not since.exists()
    may = is_independent(person, batch)
    is_open = batch.state in WAITING and not is_current
    context |= {
        "counts": trail_counts(batch, late),
        "review": review,
        "signature": None if review is None else next(iter(judged(signatures_of(review))), None),
        "is_current": is_current,
        "since": [] if since is None else told_entries(since[:MOST_REOPENING]),
        "since_count": 0 if since is None else since.count(),
        "may_review": may,
        "is_waiting": batch.state in WAITING,
        "signing": _dialog(request, batch, error) if may and is_open else None,
    }
    return render(request, "quality/trail.html", context, status=status)


@require_safe
@roles_required(*REVIEWERS)
def trail_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show the audit trail of a batch."""
    return trail_screen(request, number)


@require_POST
@roles_required(*QUALITY_UNIT)
def sign_trail(request: HttpRequest, number: str) -> HttpResponse:
    """Sign that the audit trail was reviewed."""
    batch = batch_numbered(number, person_of(request))
    try:
        proof, act = proof_and_act(request)
        commands.review_trail(
            batch_id=batch.pk,
            seen=seen_version(request),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            comment=request.POST.get("reason", ""),
            act=act,
        )
    except (WrongCredentials, Invalid) as refusal:
        return trail_screen(request, number, error=refusal.detail, status=refusal.status)
    return redirect(f"/batches/{number}/trail/")
