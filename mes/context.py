"""What every page knows."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from audit.edges import now


def house(request: HttpRequest) -> dict[str, Any]:
    """Return the server time, the kind of house, and the roles and draft key of whoever looks."""
    user = request.user if hasattr(request, "user") else None
    roles: list[str] = []
    draft_key = ""
    if user is not None and user.is_authenticated:
        roles = sorted({grant.role for grant in user.grants_held()})
        draft_key = draft_key_of(user.pk)
    return {
        "server_now": now(),
        "onelot_env": settings.ONELOT_ENV,
        "roles": roles,
        "draft_key": draft_key,
    }


def draft_key_of(user_id: int) -> str:
    """Return the key (base64, 256 bits) that a person's drafts on a tablet are encrypted with.

    It is derived and kept nowhere, so a draft can be read again after the browser crashed and the
    same person signed in; a new SECRET_KEY makes older drafts unreadable.
    """
    return b64encode(salted_hmac("mes.drafts", str(user_id), algorithm="sha256").digest()).decode()
