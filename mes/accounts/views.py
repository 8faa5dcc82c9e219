"""Pages of an account: how long its session lasts, and its password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from audit.commands import note_access
from audit.commands.passwords import (
    ask_password_link,
    choose_password,
    end_sessions,
    use_password_link,
)
from audit.edges import act_of_lock, act_of_request, now, origin_of
from audit.models import AccessEvent, User
from audit.permissions import ROLE_ASKERS
from audit.queries import person_seen
from audit.views import roles_required
from audit.views.asking import person_of
from audit.views.people import LONGEST_REASON, person_screen
from kernel.errors import Invalid, Refusal, Unauthenticated, WrongCredentials
from mes.accounts.passwords import LONGEST
from mes.accounts.sessions import seconds_left


@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Say how long the session lasts; a POST says that somebody touched the screen just now."""
    if not isinstance(request.user, User):
        raise Unauthenticated("Sign in first.")
    return JsonResponse({"left": seconds_left(request.session, request.user, now())})


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Choose another password: the person alone, who shows the one of now."""
    user = person_of(request)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            wanted = _wanted(request)
            shown = request.POST.get("password", "")[: LONGEST + 1]
            if authenticate(request, username=user.username, password=shown) is None:
                raise WrongCredentials("The password of now is not this one.")
            choose_password(user=user, password=wanted, act=act_of_request(request))
            # This session goes on under a new key; all others are over.
            update_session_auth_hash(request, user)
            return redirect("/")
        except (Invalid, WrongCredentials) as refused:
            refusal = refused
    return _form(request, "account/password.html", refusal, must=user.must_change_password)


@require_http_methods(["GET", "HEAD", "POST"])
def password_link(request: HttpRequest) -> HttpResponse:
    """Choose a password with a one-time link; nobody is signed in by it."""
    refusal: Refusal | None = None
    username = request.POST.get("username", "").strip()[:64]
    if request.method == "POST":
        try:
            wanted = _wanted(request)
            code = request.POST.get("code", "").strip()
            act = act_of_lock(request)
            use_password_link(username=username, code=code, password=wanted, act=act)
            return redirect("login")
        except Invalid as refused:
            refusal = refused
        except WrongCredentials as refused:
            refusal = refused
            note_access(
                username=username,
                outcome=AccessEvent.Outcome.FAILED,
                origin=origin_of(request),
                path=request.path,
                agent=request.META.get("HTTP_USER_AGENT", ""),
                at=now(),
            )
    return _form(request, "account/password_link.html", refusal, username=username)


@require_POST
@roles_required(*ROLE_ASKERS)
def send_link(request: HttpRequest, username: str) -> HttpResponse:
    """Send a person a one-time link; whoever asks for it does not see it."""
    user = person_seen(username, person_of(request))
    act = act_of_request(request, reason=request.POST.get("reason", "")[:LONGEST_REASON])
    address = request.build_absolute_uri("/accounts/password/link/")
    try:
        ask_password_link(username=user.username, address=address, act=act)
    except Refusal as refusal:
        return person_screen(request, username, refusal=refusal)
    return redirect("person", username)


@require_POST
@roles_required(*ROLE_ASKERS)
def sessions_end(request: HttpRequest, username: str) -> HttpResponse:
    """End every session of a person."""
    user = person_seen(username, person_of(request))
    act = act_of_request(request, reason=request.POST.get("reason", "")[:LONGEST_REASON])
    try:
        end_sessions(username=user.username, act=act)
    except Refusal as refusal:
        return person_screen(request, username, refusal=refusal)
    return redirect("person", username)


def _wanted(request: HttpRequest) -> str:
    """Return the password that was typed twice, whole.

    Raises:
        Invalid: it was typed in two ways.
    """
    first, again = request.POST.get("new", ""), request.POST.get("again", "")
    if first != again:
        raise Invalid("The new password was typed in two ways.", pointer="/again", code="differs")
    return first


def _form(
    request: HttpRequest, template: str, refusal: Refusal | None, **more: Any
) -> HttpResponse:
    status = 200 if refusal is None else refusal.status
    return render(request, template, {"refusal": refusal, **more}, status=status)
