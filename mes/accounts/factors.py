"""The second factor: who needs one, and what the ledger and the session are told of it.

A factor is shown once, at the sign-in: a code of an authenticator, a passkey, or a recovery code.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_used
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse

from audit.acts import Act, command
from audit.commands.grants import reason_of
from audit.commands.passwords import end_password, note_factor
from audit.edges import act_of_request, origin_of
from audit.forms import HAS_PASSKEY
from audit.models import NoAct, User
from audit.permissions import require
from audit.queries import may_unlock
from kernel.errors import Conflict, NotPermitted
from kernel.transactions import current_scope

R = TypeVar("R")

SHOWN = "second_factor"
TOO_FAR = "A second factor is set up at the site: from elsewhere, only with the one you have."
REAL = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def connect() -> None:
    """Hear what is done with second factors."""
    post_save.connect(_saved, sender=Authenticator, dispatch_uid="factors")
    post_delete.connect(_deleted, sender=Authenticator, dispatch_uid="factors")
    authenticator_used.connect(_used, dispatch_uid="factors")
    user_logged_in.connect(_came_in, dispatch_uid="factors")


def has_factor(user: User) -> bool:
    """Say whether a person shows a second factor when they sign in."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=REAL).exists())


def is_second_missing(request: HttpRequest, user: User) -> bool:
    """Say whether this person may not go on without a second factor.

    The roles of ``MFA_ROLES`` need one everywhere, and everybody does outside ``SITE_NETWORKS``.
    """
    if request.session.get(SHOWN) == user.pk:
        return False
    held = {grant.role for grant in user.grants_held()}
    return bool(held & set(settings.MFA_ROLES)) or is_away(origin_of(request))


def is_away(origin: str) -> bool:
    """Say whether an address is none of the site's; where no network is named, none is."""
    if not settings.SITE_NETWORKS:
        return False
    try:
        address = ipaddress.ip_address(origin)
    except ValueError:
        return True
    return not any(address in network for network in settings.SITE_NETWORKS)


@command
def revoke_factors(*, username: str, act: Act) -> User:
    """Take every second factor of a person away at once: one was lost (21 CFR 11.300(c)).

    Their sessions end, and so does the password, which whoever found the factor may know: the
    person begins anew with a one-time link.

    Raises:
        NotPermitted: it is one's own account, or one does not look after it.
        Conflict: there is none.
        Invalid: no reason was given.
    """
    user = User.objects.select_for_update().get(username=username)
    require(not act.by.is_person or may_unlock(act.by, user), "take these second factors away")
    reason_of(act.reason)
    if not Authenticator.objects.filter(user_id=user.pk).exists():
        raise Conflict("This account has no second factor.", code="no_factor")
    Authenticator.objects.filter(user_id=user.pk).delete()
    user.refresh_from_db()
    end_password(user=user, act=act)
    return user


def _came_in(*, request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is not None:
        # Only now: the session of somebody else in the same browser is thrown away by the sign-in.
        if getattr(request, SHOWN, None) == user.pk:
            request.session[SHOWN] = user.pk
        kinds = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
        request.session[HAS_PASSKEY] = kinds.exists()


def is_too_far(request: HttpRequest, user: User) -> bool:
    """Say whether a factor may not be set up from here: a password alone proves too little."""
    return is_away(origin_of(request)) and request.session.get(SHOWN) != user.pk


def _used(*, request: HttpRequest, user: User, **_: Any) -> None:
    setattr(request, SHOWN, user.pk)


@command(may_be_silent=True)
def in_one_act(*, doing: Callable[[], R], act: Act) -> R:
    """Do what allauth does in one transaction, with what the ledger is told of it."""
    return doing()


def told(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Run a page that adds or removes factors as one act of the person signed in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return view(request, *args, **kwargs)
        if is_too_far(request, request.user):
            raise NotPermitted(TOO_FAR, code="away")
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        return in_one_act(doing=lambda: view(request, *args, **kwargs), act=act_of_request(request))

    return guarded


def _saved(*, instance: Authenticator, created: bool, **_: Any) -> None:
    if created:
        _note(instance, "add_factor", is_last=False)


def _deleted(*, instance: Authenticator, **_: Any) -> None:
    is_last = instance.type in REAL and not has_factor(instance.user)
    _note(instance, "remove_factor", is_last=is_last)


def _note(factor: Authenticator, verb: str, *, is_last: bool) -> None:
    """Tell the ledger, in the transaction that added or removed the factor.

    Raises:
        NoAct: there is none: nothing is added or removed on the side.
    """
    scope = current_scope()
    if scope is None:
        raise NoAct("a second factor is added and removed inside a command only")
    user = User.objects.get(pk=factor.user_id)
    note_factor(user=user, verb=verb, factor=str(factor.type), is_last=is_last, act=scope.act)
    request = context.request
    if request is None or request.user.pk != user.pk:
        return
    passkeys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    request.session[HAS_PASSKEY] = passkeys.exists()
    if verb == "add_factor" and factor.type in REAL:
        request.session[SHOWN] = user.pk
