"""The set-up of the house: what is still open, and what was recorded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.commands import change_setting
from audit.edges import act_of_request
from audit.permissions import SETTING_CHANGERS, sites_of
from audit.queries import set_up_items
from audit.views import roles_required
from audit.views.asking import person_of
from kernel.errors import Invalid, Refusal


@require_safe
@roles_required(*SETTING_CHANGERS)
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the items of the set-up."""
    return shown(request)


@require_POST
@roles_required(*SETTING_CHANGERS)
def set_up_change(request: HttpRequest, name: str) -> HttpResponse:
    """Record one of them."""
    try:
        change_setting(
            name=name,
            value=request.POST.get("value", ""),
            seen=request.POST.get("seen", ""),
            change_reference=request.POST.get("change_reference", ""),
            act=act_of_request(request),
        )
    except Invalid as refusal:
        return shown(request, refusal)
    return redirect("set-up")


def shown(request: HttpRequest, refusal: Refusal | None = None) -> HttpResponse:
    """Return the page, with what was refused and what was typed."""
    context = {
        "items": set_up_items(),
        "may_change": sites_of(person_of(request), *SETTING_CHANGERS) is None,
        "refusal": refusal,
        "typed": request.POST,
    }
    return render(request, "audit/set_up.html", context, status=refusal.status if refusal else 200)
