"""Middleware: deny by default, and fail closed when the database is away."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.edges import now
from audit.models import User
from kernel.errors import NotFound, NotPermitted, Refusal, TooLarge, Unauthenticated, Unavailable
from mes.accounts import factors, sessions
from mes.problems import Broken, is_api, problem_response

Answer = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger()

# The only paths that a stranger may ask for.
OPEN_PATHS = (
    "/accounts/login/",
    "/accounts/password/link/",
    "/accounts/factors/authenticate/",
    "/healthz",
    "/readyz",
    "/static/",
)
OF_PROVIDER = "/accounts/oidc/"
# All that somebody may do who has to choose a password of their own first, or a second factor.
CHOOSE, SECOND = "/accounts/password/", "/accounts/factors/"
BEFORE_CHOOSING = (CHOOSE, "/accounts/logout/", "/accounts/session/", *OPEN_PATHS)
BEFORE_SECOND = ("/accounts/", *OPEN_PATHS)
CHOOSE_FIRST = NotPermitted("Choose a password of your own first.", code="password_change")
SECOND_FIRST = NotPermitted("This needs a second factor: set one up first.", code="second_factor")


def is_open(path: str) -> bool:
    """Say whether a stranger may ask for a path."""
    return path.startswith(OPEN_PATHS) or (
        bool(settings.OIDC_SERVER) and path.startswith(OF_PROVIDER)
    )


class FailClosedMiddleware:
    """Answer 503 with Retry-After while PostgreSQL is away, and refusals as what they are."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError):
            return self.away(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a refusal, or the absence of the database, into its answer."""
        if isinstance(error, Refusal):
            return problem_response(request, error)
        if isinstance(error, OperationalError | InterfaceError):
            return self.away(request)
        if isinstance(error, RequestDataTooBig):
            return problem_response(request, TooLarge("This form is longer than any of ours."))
        if isinstance(error, Http404):
            return problem_response(request, NotFound("There is no such page."))
        log.error("unhandled", kind=type(error).__name__, exc_info=True)
        return problem_response(request, Broken("Something went wrong on our side."))

    def away(self, request: HttpRequest) -> HttpResponse:
        """Say that nothing is written now, and when to ask again.

        The page is drawn for nobody: who is asking stands in the database, too.
        """
        request.user = AnonymousUser()
        response = problem_response(
            request, Unavailable("The database does not answer. Nothing was written.")
        )
        response["Retry-After"] = "5"
        return response


class SignedInMiddleware:
    """Send a stranger to the sign-in page, whatever page was asked for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let through who is known, what is open, and the API, which checks for itself."""
        if isinstance(request.user, User):
            # The person, not Django's promise of one: each look through it costs a little.
            request.user = getattr(request.user, "_wrapped", request.user)
            # Over, or the account was closed or locked: it ends with this request.
            if sessions.seconds_left(request.session, request.user, now()) <= 0:
                logout(request)
            else:
                sessions.note_activity(request)
        if getattr(request.user, "must_change_password", False) and not request.path.startswith(
            BEFORE_CHOOSING
        ):
            response = self.led_away(request, CHOOSE, CHOOSE_FIRST)
        elif (
            isinstance(request.user, User)
            and not request.path.startswith(BEFORE_SECOND)
            and factors.is_second_missing(request, request.user)
        ):
            response = self.led_away(request, SECOND, SECOND_FIRST)
        elif request.user.is_authenticated or is_open(request.path) or is_api(request):
            response = self.get_response(request)
        else:
            response = self.stranger(request)
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response

    def led_away(self, request: HttpRequest, path: str, refusal: Refusal) -> HttpResponse:
        """Lead somebody to what they have to do before anything else."""
        if is_api(request) or sessions.is_asked_by_page(request):
            return problem_response(request, refusal)
        return redirect(path)

    def stranger(self, request: HttpRequest) -> HttpResponse:
        """Lead a person to the door; tell a page that asked by itself that it must."""
        if not sessions.is_asked_by_page(request):
            return redirect(sessions.way_in(request))
        response = problem_response(request, Unauthenticated("Sign in first."))
        if request.headers.get("HX-Request"):
            response["HX-Redirect"] = sessions.way_in(request)
        return response
