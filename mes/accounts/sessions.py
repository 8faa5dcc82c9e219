"""Sessions: how long one lasts, what keeps it alive, and who ends it.

Note [What counts]: a page that somebody opens and a form that they send are activity, and so is
the word of our own page that a key or the screen was touched. A part that a page fetches by
itself, and an event stream, are none, however often they come (draft Annex 11, 11; OWASP ASVS 7.3).
Nothing here can be set by a person, and no script takes part in ending a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from audit.edges import now
from audit.models import User

BEGAN, ACTIVE = "began_at", "active_at"
# Activity is noted once in so many seconds: a session ends so much earlier, never later.
NOTED_EVERY = 30
# A clock that was set right by so many seconds ends no session; one that says tomorrow does.
CLOCK_STEP = 300
# These stand at a shared screen beside the product.
MAKERS = frozenset({"operator", "verifier"})
SIGN_IN = "/accounts/login/"


def connect() -> None:
    """Begin a session with every sign-in; Django gives it a new key."""
    user_logged_in.connect(_begin, dispatch_uid="sessions")


def _begin(*, request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        request.session[BEGAN] = request.session[ACTIVE] = now().timestamp()


def seconds_left(session: Mapping[str, Any], user: User, at: datetime) -> int:
    """Return for how long a session lasts if nothing more happens in it; none is left at 0.

    A session that does not say when it began, or says it will, is over.
    """
    began, active = session.get(BEGAN), session.get(ACTIVE)
    if not isinstance(began, int | float) or not isinstance(active, int | float):
        return 0
    clock = at.timestamp()
    is_closed = not user.is_active or user.is_locked or user.is_waiting
    if is_closed or max(began, active) > clock + CLOCK_STEP:
        return 0
    ended = user.sessions_ended_at
    if ended is not None and began <= ended.timestamp():
        return 0
    whole = began + settings.SESSION_LONGEST.total_seconds() - clock
    return max(0, int(min(whole, active + idle_limit(user).total_seconds() - clock)))


def idle_limit(user: User) -> timedelta:
    """Return after how long without activity the session of this person ends."""
    held = {grant.role for grant in user.grants_held()}
    limit: timedelta = settings.SESSION_IDLE_MAKERS if held & MAKERS else settings.SESSION_IDLE
    return limit


def is_asked_by_page(request: HttpRequest) -> bool:
    """Say whether a page asked by itself, and nobody opened anything.

    Browsers say so (W3C Fetch Metadata); where they do not, over plain HTTP, a page that somebody
    opens is the one that asks for HTML.
    """
    if request.headers.get("HX-Request"):
        return True
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode != "navigate"
    accepts = request.headers.get("Accept")
    return accepts is not None and "text/html" not in accepts


def note_activity(request: HttpRequest) -> None:
    """Keep the session alive if this request is the doing of a person: see Note [What counts]."""
    if request.method in ("GET", "HEAD", "OPTIONS") and is_asked_by_page(request):
        return
    at = now().timestamp()
    if at - request.session[ACTIVE] >= NOTED_EVERY:
        request.session[ACTIVE] = at


def way_in(request: HttpRequest) -> str:
    """Return the address of the sign-in page that leads back to where this request came from."""
    back = request.path
    asked_from = request.headers.get("HX-Current-URL")
    if asked_from is None and request.method not in ("GET", "HEAD"):
        asked_from = request.headers.get("Referer", "/")
    if asked_from is not None:
        is_ours = url_has_allowed_host_and_scheme(asked_from, {request.get_host()})
        back = urlsplit(asked_from).path or "/" if is_ours else "/"
    return f"{SIGN_IN}?{urlencode({'next': back}, safe='/')}"
