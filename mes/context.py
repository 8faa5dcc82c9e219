"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from audit.edges import now


def house(request: HttpRequest) -> dict[str, Any]:
    """Return the server time, the kind of house, and the roles of whoever looks."""
    user = request.user if hasattr(request, "user") else None
    roles: list[str] = []
    if user is not None and user.is_authenticated:
        roles = sorted({grant.role for grant in user.grants_held()})
    return {"server_now": now(), "onelot_env": settings.ONELOT_ENV, "roles": roles}
