"""Signing in through the identity provider of a site (OpenID Connect), where one is configured.

An account is found by the stable subject that the provider gives a person, and by nothing else: no
name and no address is compared, nobody signs up, and a subject is connected to an account from the
shell only. What a second factor, a lock or a closed account forbids stays forbidden.
"""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.db.models.signals import pre_save
from django.http import HttpRequest
from django.shortcuts import redirect

from audit.commands import note_access
from audit.edges import now, origin_of
from audit.models import AccessEvent, NoAct, User
from kernel.transactions import current_scope


def connect() -> None:
    """Hear what is connected."""
    pre_save.connect(_connecting, sender=SocialAccount, dispatch_uid="identities")


class Identities(DefaultSocialAccountAdapter):
    """Closed: only who is connected comes in, and nobody connects themselves."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Say no."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Turn away whom we do not know, and whose account is closed.

        Raises:
            ImmediateHttpResponse: back to the door.
        """
        user = sociallogin.user if sociallogin.is_existing else None
        is_sign_in = sociallogin.state.get("process") == "login"
        if user is None or not is_sign_in or not _is_open(user):
            name = user.username if user is not None else ""
            raise self._away(request, name)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **_: Any) -> None:
        """Turn away whom the provider did not vouch for.

        Raises:
            ImmediateHttpResponse: back to the door.
        """
        raise self._away(request, "")

    def _away(self, request: HttpRequest, username: str) -> ImmediateHttpResponse:
        note_access(
            username=username,
            outcome=AccessEvent.Outcome.FAILED,
            origin=origin_of(request),
            path=request.path,
            agent=request.META.get("HTTP_USER_AGENT", ""),
            at=now(),
        )
        return ImmediateHttpResponse(redirect("/accounts/login/?refused=1"))


def _is_open(user: User) -> bool:
    return user.is_active and not user.is_locked and not user.is_waiting


def _connecting(*, instance: SocialAccount, **_: Any) -> None:
    """Refuse a connection made outside a command.

    Raises:
        NoAct: nobody recorded it.
    """
    if instance.pk is None and current_scope() is None:
        raise NoAct("an identity is connected inside a command only")
