"""Pages of the roof: health, readiness, the documentation of the interface, and the locked door."""

from __future__ import annotations

import json
import os
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.permissions import AllowAny

from audit.api import Malformed
from kernel.errors import NotFound, NotPermitted
from mes.api import refusal_of
from mes.appearance import word
from mes.problems import Broken, problem_response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process lives."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can work: the database answers and checkpoints can be kept."""
    found: dict[str, str] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found["database"] = "ok"
    except Error:
        found["database"] = "no answer"
    folder = settings.CHECKPOINT_FILE.parent
    found["checkpoints"] = "ok" if os.access(folder, os.W_OK) else "not writable"
    is_ready = all(word == "ok" for word in found.values())
    response = JsonResponse({"status": "ok" if is_ready else "not ready", **found})
    if not is_ready:
        response.status_code = 503
        response["Retry-After"] = "5"
    return response


class SignIn(LoginView):
    """The door. A demo names its accounts there, and nothing else does."""

    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo accounts, without their password."""
        return super().get_context_data(
            demo_accounts=demo_accounts(),
            provider=settings.OIDC_NAME if settings.OIDC_SERVER else "",
            is_turned_away="refused" in self.request.GET,
            **kwargs,
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let in whoever has no second factor; ask the others for it first."""
        user: Any = form.get_user()
        login = Login(user=user, redirect_url=self.get_success_url())
        answer: HttpResponse = perform_password_login(
            self.request, {"username": user.get_username()}, login
        )
        return answer


def demo_accounts() -> list[dict[str, str]]:
    """Return who may sign in to a demo; nobody anywhere else."""
    if settings.ONELOT_ENV != "demo" or not settings.DEMO_FILE.exists():
        return []
    told = json.loads(settings.DEMO_FILE.read_text())
    return [
        {
            "username": one["username"],
            "name": one["full_name"],
            "role": ", ".join(map(word, one["roles"])),
        }
        for one in told.get("accounts", [])
    ]


class ApiDocs(SpectacularSwaggerView):
    """The interactive documentation; its library styles inline, so this page alone allows it."""

    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    @method_decorator(csp_update({"style-src": "'unsafe-inline'", "script-src": "'unsafe-inline'"}))
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Show the page."""
        return super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # theirs


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Answer who was wrong five times."""
    refusal = NotPermitted(
        "Too many failed attempts. This account is locked here for 15 minutes.",
        code="locked",
    )
    if request.path == "/accounts/login/":
        return render(request, "registration/login.html", {"locked": True}, status=403)
    return problem_response(request, refusal)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself found wrong."""
    return problem_response(request, refusal_of(exception) or Malformed("This cannot be read."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself did not permit."""
    return problem_response(request, NotPermitted("This is not permitted."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a path that is not there."""
    return problem_response(request, NotFound("There is no such page."))


def broken(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours; what it was stands in the log only."""
    return problem_response(request, Broken("Something went wrong on our side."))
