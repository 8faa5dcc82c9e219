"""Who asks at the programming interface: a token with a site and scopes, or a signed-in person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from audit.commands.people import digest_of_token
from audit.models import ApiToken, User
from audit.permissions import sites_of
from kernel.errors import NotPermitted, Unauthenticated


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer mes_live_…``"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the service account and its token, or None when no token was shown.

        Raises:
            Unauthenticated: the token is unknown, expired, revoked, or its account is closed or locked.
        """
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.isascii():
            raise Unauthenticated("Use an Authorization header with a Bearer token.")
        token = (
            ApiToken.objects.select_related("user", "site")
            .filter(digest=digest_of_token(text.strip()), revoked_at=None)
            .first()
        )
        is_open = token is not None and token.user.is_active and not token.user.is_locked
        if token is None or not is_open or token.expires_at <= timezone.now():
            raise Unauthenticated("The token is not known, or no longer valid.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 answer."""
        return 'Bearer realm="onelot"'


class Scoped(BasePermission):
    """Deny by default: a view names the scopes and roles it accepts, else nobody comes in.

    A view has ``scopes = {"GET": "orders:read", …}`` for tokens and
    ``roles = {"GET": ("planner", …), …}`` for signed-in people.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether this asker may use this method of this view."""
        if not request.user or not request.user.is_authenticated:
            raise Unauthenticated("Sign in, or show a token.")
        method = "GET" if request.method in ("HEAD", "OPTIONS") else str(request.method)
        if isinstance(request.auth, ApiToken):
            wanted = getattr(view, "scopes", {}).get(method)
            if wanted is None or wanted not in request.auth.scopes:
                raise NotPermitted(f"The token does not have the scope {wanted or 'for this'}.")
            return True
        roles = getattr(view, "roles", {}).get(method)
        if not roles or not any(grant.role in roles for grant in request.user.grants_held()):
            raise NotPermitted("Your roles do not allow this.")
        return True


def sites_seen(request: Request) -> set[int] | None:
    """Return the ids of the sites this asker may see; None is all."""
    if isinstance(request.auth, ApiToken):
        return {request.auth.site_id}
    return sites_of(request.user)
