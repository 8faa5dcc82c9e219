"""Hears who signs in, fails to, is locked out and signs out; an edge, for it reads the clock."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from audit.commands import note_access
from audit.commands.lockout import lock_after_attempts
from audit.edges import act_of_lock, now, origin_of
from audit.forms import end_continuity
from audit.models import AccessEvent

Outcome = AccessEvent.Outcome


def connect() -> None:
    """Connect the readers of the signals of Django and of the counter of failures."""
    user_logged_in.connect(_came_in, dispatch_uid="access_log")
    user_login_failed.connect(_failed, dispatch_uid="access_log")
    user_logged_out.connect(_left, dispatch_uid="access_log")
    user_locked_out.connect(_locked, dispatch_uid="access_log")


def _note(request: HttpRequest | None, username: str, outcome: Outcome) -> None:
    note_access(
        username=username,
        outcome=outcome,
        origin="shell" if request is None else origin_of(request),
        path="" if request is None else request.path,
        agent="" if request is None else request.META.get("HTTP_USER_AGENT", ""),
        at=now(),
    )


def _came_in(*, request: HttpRequest | None, user: Any, **_: Any) -> None:
    if request is not None:
        # Whoever signs in anew begins anew: Django keeps the session of the same person.
        end_continuity(request)
    _note(request, user.get_username(), Outcome.SIGNED_IN)


def _failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    username = str(credentials.get("username", ""))
    _note(request, username, Outcome.FAILED)
    if request is not None:
        lock_after_attempts(username=username.casefold()[:64], act=act_of_lock(request))


def _left(*, request: HttpRequest | None, user: Any, **_: Any) -> None:
    if user is not None:
        _note(request, user.get_username(), Outcome.SIGNED_OUT)


def _locked(*, username: str | None = None, request: HttpRequest | None = None, **_: Any) -> None:
    _note(request, username or "", Outcome.LOCKED)
