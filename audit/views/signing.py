"""Pages around signatures: the statement of accountability, and accounts that were locked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.commands import accept_accountability, unlock_account
from audit.edges import act_of_request
from audit.permissions import ROLE_ASKERS, ROLES
from audit.queries import has_accepted, locked_accounts, person_seen
from audit.rules.accountability import accountability
from audit.views import roles_required
from audit.views.asking import person_of
from audit.views.people import LONGEST_REASON, person_screen
from kernel.errors import Conflict, Invalid, NotPermitted, StaleView

PEOPLE = tuple(role for role in ROLES if role != "service")


def _back(request: HttpRequest) -> str:
    """Return the page of ours that somebody was led away from."""
    asked = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours and asked.startswith("/") else "/"


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required(*PEOPLE)
def statement(request: HttpRequest) -> HttpResponse:
    """Show the statement behind every signature; accept it, and go back to where one was."""
    back, problem, status = _back(request), "", 200
    if request.method == "POST":
        try:
            digest = request.POST.get("digest", "")
            accept_accountability(digest=digest, act=act_of_request(request))
            return redirect(back)
        except StaleView as refusal:
            problem, status = refusal.detail, refusal.status
    current = accountability()
    title, _, text = current.text.partition("\n")
    context = {
        "title": title,
        "lines": [line.partition(". ")[2] for line in text.splitlines() if line],
        "current": current,
        "is_accepted": has_accepted(person_of(request)),
        "back": back,
        "problem": problem,
    }
    return render(request, "audit/accountability.html", context, status=status)


@require_safe
@roles_required(*ROLE_ASKERS)
def locks(request: HttpRequest) -> HttpResponse:
    """Show the accounts that are locked, for the alert of whoever looks after access."""
    context = {"locked": list(locked_accounts(person_of(request)))}
    return render(request, "audit/_locks.html", context)


@require_POST
@roles_required(*ROLE_ASKERS)
def account_unlock(request: HttpRequest, username: str) -> HttpResponse:
    """Open a locked account again."""
    user = person_seen(username, person_of(request))
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    try:
        unlock_account(username=user.username, act=act_of_request(request, reason=reason))
    except (Invalid, Conflict, NotPermitted) as refusal:
        return person_screen(request, username, refusal=refusal)
    return redirect("person", username)
