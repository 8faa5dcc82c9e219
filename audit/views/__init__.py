"""Who may open a page: every page names its roles, and a page that names none opens for nobody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from audit.models import User
from audit.permissions import ROLES, holds
from kernel.errors import NotPermitted, Unauthenticated

Page = Callable[..., HttpResponseBase]
# For a page that every person with any role may open.
EVERYBODY = tuple(role for role in ROLES if role not in ("service", "admin"))


def roles_required(*roles: str) -> Callable[[Page], Page]:
    """Open the page for people who hold one of ``roles`` somewhere; the command checks the site."""

    def made(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User):
                raise Unauthenticated("Sign in first.")
            if not holds(user, *roles):
                raise NotPermitted("Your roles do not open this page.")
            return page(request, *args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]  # read by the architecture test
        return guarded

    return made
