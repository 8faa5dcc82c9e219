"""People and their roles: who may do what, asked by one and approved by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.commands import (
    activate_person,
    add_user,
    approve_role,
    ask_role,
    deactivate_user,
    decline_role,
    revoke_role,
    withdraw_role_request,
)
from audit.edges import act_of_request, now
from audit.models import Activation, RoleGrant, RoleRequest, Site, User
from audit.permissions import ROLE_ASKERS, ROLE_DECIDERS, ROLE_TAKERS, ROLES, sites_of
from audit.queries import (
    grants_of,
    may_unlock,
    people_seen,
    person_seen,
    reviews_due,
    sites_offered,
    waiting_requests,
)
from audit.views import roles_required
from audit.views.asking import address, person_of, text_in
from audit.views.training_shown import training_shown
from kernel.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal

PAGE = 50
LONGEST_REASON = 500


def _is_over(by: User, site_id: int | None, *roles: str) -> bool:
    """Say whether a person holds one of ``roles`` over that site, or over all when it is None."""
    sites = sites_of(by, *roles)
    return sites is None or (site_id is not None and site_id in sites)


def _told(request: RoleRequest, by: User) -> dict[str, Any]:
    is_other = by.pk not in (request.asked_by_id, request.user_id)
    return {
        "request": request,
        "may_decide": is_other and _is_over(by, request.site_id, *ROLE_DECIDERS),
        "may_withdraw": by.pk == request.asked_by_id,
    }


@require_safe
@roles_required(*ROLE_ASKERS)
def people(request: HttpRequest) -> HttpResponse:
    """Show the accounts, their roles, and what waits for a decision."""
    by = person_of(request)
    name, state = text_in(request.GET, "name"), text_in(request.GET, "state")
    found = people_seen(by).order_by("full_name", "pk")
    if name:
        found = found.filter(full_name__icontains=name) | found.filter(username__startswith=name)
    if state in ("open", "closed"):
        found = found.filter(is_active=state == "open")
    page_text = text_in(request.GET, "page")
    page = int(page_text) if page_text.isascii() and page_text.isdigit() else 1
    page = min(max(page, 1), 10_000)
    rows = list(found[(page - 1) * PAGE : page * PAGE + 1])
    chosen = {key: value for key, value in (("name", name), ("state", state)) if value}
    context = {
        "rows": rows[:PAGE],
        "may_open": _is_over(by, None, *ROLE_ASKERS),
        "chosen": chosen,
        "overdue": [
            one
            for one in reviews_due(
                sites_offered(by), whole=_is_over(by, None, *ROLE_ASKERS), on=now().date()
            )
            if one.is_overdue
        ],
        "waiting": [_told(one, by) for one in waiting_requests(by)[:PAGE]],
        "pager": {
            "shown": len(rows[:PAGE]),
            "total": None if page > 1 or len(rows) > PAGE else len(rows),
            "noun": "accounts",
            "prev_href": address(chosen, page=page - 1) if page > 1 else "",
            "next_href": address(chosen, page=page + 1) if len(rows) > PAGE else "",
        },
    }
    return render(request, "audit/people.html", context)


@require_safe
@roles_required(*ROLE_ASKERS)
def person(request: HttpRequest, username: str) -> HttpResponse:
    """Show one account: the roles held now and before, and what may be done about them."""
    return person_screen(request, username)


def person_screen(
    request: HttpRequest, username: str, *, refusal: Refusal | None = None, **typed: str
) -> HttpResponse:
    """Return the page of an account, with what was refused on it."""
    by = person_of(request)
    user = person_seen(username, by)
    is_other = user.pk != by.pk
    grants = list(grants_of(user, by))
    context = {
        "person": user,
        "held": [
            {"grant": one, "may_end": _may_end(by, one)} for one in grants if one.revoked_at is None
        ],
        "former": [one for one in grants if one.revoked_at is not None],
        "waiting": [_told(one, by) for one in waiting_requests(by, user=user)],
        "may_ask": is_other and user.is_active,
        "activation": Activation.objects.filter(person=user).first(),
        "may_unlock": user.is_locked and may_unlock(by, user),
        "may_close": is_other and user.is_active and _is_over(by, None, *ROLE_TAKERS),
        **training_shown(by, user),
        "roles": [role for role in ROLES if (role == "service") != user.is_person],
        "sites": sites_offered(by),
        "is_everywhere": _is_over(by, None, *ROLE_ASKERS),
        "typed": typed,
        "refusal": refusal,
        "now": now(),
    }
    return render(request, "audit/person.html", context, status=refusal.status if refusal else 200)


def _may_end(by: User, grant: RoleGrant) -> bool:
    return _is_over(by, grant.site_id, *ROLE_TAKERS)


@require_POST
@roles_required(*ROLE_ASKERS)
def role_ask(request: HttpRequest, username: str) -> HttpResponse:
    """Ask that somebody be given a role."""
    by = person_of(request)
    user = person_seen(username, by)
    typed = {name: text_in(request.POST, name) for name in ("role", "site")}
    reason = request.POST.get("reason", "")[:LONGEST_REASON]
    try:
        site = _site_typed(typed["site"], by)
        ask_role(
            user=user, role=typed["role"], site=site, reason=reason, act=act_of_request(request)
        )
    except Refusal as refusal:
        return person_screen(request, username, refusal=refusal, **typed, reason=reason)
    return redirect("person", username)


def _site_typed(code: str, by: User) -> Site | None:
    """Return the site that was chosen; ``*`` is everywhere."""
    if code == "*":
        return None
    found = next((one for one in sites_offered(by) if one.code == code), None)
    if found is None:
        raise Invalid("Say at which site.", pointer="/site", code="unknown")
    return found


def _request_seen(request: HttpRequest, request_id: int) -> RoleRequest:
    found = waiting_requests(person_of(request)).filter(pk=request_id).first()
    if found is None:
        raise NotFound("There is no such request, or it was decided.")
    return found


def _decided(
    request: HttpRequest, request_id: int, decide: Callable[[RoleRequest], object]
) -> HttpResponse:
    asked = _request_seen(request, request_id)
    try:
        decide(asked)
    except Invalid as refusal:
        return person_screen(request, asked.user.username, refusal=refusal)
    return redirect("person", asked.user.username)


@require_POST
@roles_required(*ROLE_DECIDERS)
def role_approve(request: HttpRequest, request_id: int) -> HttpResponse:
    """Approve a role that another person asked for."""
    act = act_of_request(request)
    return _decided(request, request_id, lambda one: approve_role(request_id=one.pk, act=act))


@require_POST
@roles_required(*ROLE_DECIDERS)
def role_decline(request: HttpRequest, request_id: int) -> HttpResponse:
    """Decline a role that another person asked for."""
    act, reason = act_of_request(request), request.POST.get("reason", "")
    return _decided(
        request, request_id, lambda one: decline_role(request_id=one.pk, reason=reason, act=act)
    )


@require_POST
@roles_required(*ROLE_ASKERS)
def role_withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take back what one asked oneself."""
    act = act_of_request(request)
    return _decided(
        request, request_id, lambda one: withdraw_role_request(request_id=one.pk, act=act)
    )


@require_POST
@roles_required(*ROLE_TAKERS)
def role_revoke(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Take a role away, at once."""
    by = person_of(request)
    grant = RoleGrant.objects.select_related("user").filter(pk=grant_id, revoked_at=None).first()
    if grant is None or not _may_end(by, grant):
        raise NotFound("There is no such role.")
    try:
        revoke_role(
            grant_id=grant.pk, reason=request.POST.get("reason", ""), act=act_of_request(request)
        )
    except Invalid as refusal:
        return person_screen(request, grant.user.username, refusal=refusal)
    return redirect("person", grant.user.username)


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required(*ROLE_ASKERS)
def account_open(request: HttpRequest) -> HttpResponse:
    """Open an account without a password; it waits until another person verified who it is."""
    typed = {name: text_in(request.POST, name) for name in ("username", "full_name", "employee_id")}
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            user = add_user(
                username=typed["username"],
                full_name=typed["full_name"],
                employee_id=typed["employee_id"],
                act=act_of_request(request),
            )
            return redirect("person", user.username)
        except (Invalid, NotPermitted) as refused:
            refusal = refused
    context = {"typed": typed, "refusal": refusal}
    status = refusal.status if refusal else 200
    return render(request, "audit/account_open.html", context, status=status)


@require_POST
@roles_required(*ROLE_ASKERS)
def account_activate(request: HttpRequest, username: str) -> HttpResponse:
    """Note that one verified who a person is: the account opens from now on."""
    user = person_seen(username, person_of(request))
    evidence = request.POST.get("evidence", "")
    try:
        activate_person(username=user.username, evidence=evidence, act=act_of_request(request))
    except (Invalid, Conflict, NotPermitted) as refusal:
        return person_screen(request, username, refusal=refusal)
    return redirect("person", username)


@require_POST
@roles_required(*ROLE_TAKERS)
def account_close(request: HttpRequest, username: str) -> HttpResponse:
    """Close an account for good."""
    user = person_seen(username, person_of(request))
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    try:
        deactivate_user(user=user, act=act_of_request(request, reason=reason))
    except Invalid as refusal:
        return person_screen(request, username, refusal=refusal)
    return redirect("person", username)
