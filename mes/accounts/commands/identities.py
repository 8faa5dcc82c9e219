"""Connecting accounts to the identity provider of the site."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from audit.acts import Act, command, record
from audit.commands.grants import reason_of
from audit.models import User
from kernel.errors import Conflict, Invalid

LONGEST_SUBJECT = 191


@command
def link_identity(*, username: str, subject: str, act: Act) -> None:
    """Connect a subject of the site's provider to an account, for good.

    Raises:
        Conflict: no provider is configured, the account is no open one of a person, or either
            is connected already.
        Invalid: the subject is none, or no reason was given.
    """
    user = User.objects.select_for_update().get(username=username)
    reason_of(act.reason)
    if not settings.OIDC_SERVER:
        raise Conflict("No identity provider is configured.", code="no_provider")
    if not user.is_person or not user.is_active:
        raise Conflict("Only a person with an open account is connected.", code="closed")
    if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise Invalid("This is no subject of a provider.", pointer="/subject", code="invalid")
    known = SocialAccount.objects.filter(provider=settings.OIDC_ID)
    if known.filter(uid=subject).exists() or known.filter(user_id=user.pk).exists():
        raise Conflict("The subject or the account is connected already.", code="connected")
    SocialAccount.objects.create(user_id=user.pk, provider=settings.OIDC_ID, uid=subject)
    record(act, "link_identity", user, provider=settings.OIDC_ID, identity=subject)
