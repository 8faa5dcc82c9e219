"""System checks: settings that would be unsafe in production are errors, not advice."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


def unsafe_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Return an error for every setting that production may not have."""
    found: list[CheckMessage] = []
    if settings.ONELOT_ENV != "prod":
        return found
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5:
        found.append(Error("SECRET_KEY is too short or too simple.", id="onelot.E001"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS must name the hosts.", id="onelot.E002"))
    if settings.DEBUG:
        found.append(Error("DEBUG must be off.", id="onelot.E003"))
    user = settings.DATABASES["default"].get("USER", "")
    if user in ("postgres", "onelot_owner"):
        found.append(
            Error(
                f"The application runs as the database role {user}, which could alter the ledger.",
                id="onelot.E004",
            )
        )
    if not settings.SESSION_COOKIE_SECURE or not settings.SECURE_SSL_REDIRECT:
        found.append(Error("Production is served over TLS only.", id="onelot.E005"))
    return found


def register_all() -> None:
    """Register the checks of the house."""
    register(unsafe_settings, Tags.security, deploy=True)
