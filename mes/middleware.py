"""Middleware: deny by default, and fail closed when the database is away."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from kernel.errors import Refusal, TooLarge, Unavailable
from mes.problems import Broken, is_api, problem_response

Answer = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger()

# The only paths that a stranger may ask for.
OPEN_PATHS = ("/accounts/login/", "/healthz", "/readyz", "/static/")


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
        user = request.user
        if user.is_authenticated and (not user.is_active or user.is_locked):
            # The account was closed or locked: its session ends with this request (draft Annex 11, 11).
            logout(request)
        if request.user.is_authenticated or request.path.startswith(OPEN_PATHS) or is_api(request):
            response = self.get_response(request)
        else:
            response = redirect(f"/accounts/login/?next={request.path}")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response
