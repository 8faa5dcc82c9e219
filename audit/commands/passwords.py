"""Passwords: chosen by the person alone; whoever looks after accounts sends a one-time link.

Note [Nobody else's secret]: the code of a link is made when the link is sent, goes to the person,
and is stored as a digest only. Whoever asked for it never sees it, nor any password.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit.acts import Act, command, record
from audit.commands.couriers import enqueue
from audit.commands.grants import reason_of
from audit.commands.witnessing import post
from audit.models import PasswordLink, User
from audit.permissions import require
from audit.queries.lockout import may_unlock
from kernel.errors import Conflict, FieldError, Invalid, Unavailable, WrongCredentials

LINK_LASTS = timedelta(hours=24)
SEND_LINK = "audit.password_link"
REFUSED = "User ID and code do not belong together, or the code was used or is too old."


def _digest_of(code: str) -> str:
    """Return the stored form of a code; it has 256 random bits, so one SHA-256 is enough."""
    return hashlib.sha256(code.encode()).hexdigest()


@command
def choose_password(*, user: User, password: str, act: Act) -> None:
    """Keep the password that a person has chosen; all their other sessions end with it.

    Raises:
        Invalid: it may be guessed, or is the one of before; the errors say why.
    """
    try:
        validate_password(password, user)
    except ValidationError as refused:
        faults = [
            FieldError(pointer="/password", code=one.code or "invalid", detail=text)
            for one, text in zip(refused.error_list, refused.messages, strict=True)
        ]
        raise Invalid(" ".join(refused.messages), errors=faults) from None
    if user.check_password(password):
        raise Invalid("This is the password of before.", pointer="/password", code="same")
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(act, "set_password", user)
    for link in PasswordLink.objects.filter(person=user, ended_at=None):
        _end(link, act)


@command
def ask_password_link(*, username: str, address: str, act: Act) -> PasswordLink:
    """Promise a person a one-time link with which they choose a new password.

    Until they did, they neither sign in nor sign: their sessions and their password are over.

    Args:
        address: of the page on which the code is used.

    Raises:
        NotPermitted: it is one's own account, or one does not look after it.
        Conflict: it is no account of a person, or closed; or links are not sent from here.
        Invalid: no reason was given.
    """
    if not settings.PERSON_WEBHOOK:
        raise Conflict(
            "No messenger is set up that could bring the link to the person. It can be made at"
            " the server, with the person beside: manage.py password_link.",
            code="no_messenger",
        )
    link = _made(username=username, act=act)
    enqueue(kind=SEND_LINK, payload={"link": link.pk, "address": address}, act=act)
    return link


@command
def make_password_link(*, username: str, act: Act) -> str:
    """Make a one-time link at the server's own shell, and return its code: shown once."""
    return _coded(_made(username=username, act=act), act)


@command(may_be_silent=True)
def send_password_link(*, link_id: int, address: str, act: Act) -> None:
    """Make the code of a link and hand it to the messenger, who knows how to reach the person.

    Raises:
        Unavailable: the messenger did not take it; nothing was made, and the outbox tries again.
    """
    link = PasswordLink.objects.select_for_update().get(pk=link_id)
    if link.ended_at is not None:
        return
    code = _coded(link, act)
    person = link.person
    told = {
        "kind": SEND_LINK,
        "username": person.username,
        "employee_id": person.employee_id,
        "link": f"{address}#{code}",
        "expires_at": link.expires_at.isoformat(),
    }
    try:
        post(told, to="PERSON_WEBHOOK")
    except OSError as error:
        raise Unavailable("The messenger did not answer.") from error


def send_link(payload: Mapping[str, Any], act: Act) -> None:
    """Send a link (an outbox message)."""
    send_password_link(link_id=payload["link"], address=payload["address"], act=act)


@command
def use_password_link(*, username: str, code: str, password: str, act: Act) -> User:
    """Choose a password with a one-time link.

    Raises:
        WrongCredentials: the code is not this person's, was used, or is too old.
        Invalid: the password may be guessed.
    """
    link = (
        PasswordLink.objects.select_for_update(of=("self",))
        .select_related("person")
        .filter(digest=_digest_of(code), ended_at=None, expires_at__gt=act.at)
        .first()
    )
    if link is None or link.person.username != username.strip().casefold():
        raise WrongCredentials(REFUSED)
    if not link.person.is_active:
        raise WrongCredentials(REFUSED)
    by_person = Act(id=act.id, by=link.person, at=act.at, reason=act.reason, origin=act.origin)
    choose_password(user=link.person, password=password, act=by_person)
    return link.person


@command
def end_sessions(*, username: str, act: Act) -> User:
    """End every session of a person: each is over at its next request.

    Raises:
        NotPermitted: one does not look after this account.
        Invalid: no reason was given.
    """
    user = User.objects.select_for_update().get(username=username)
    require(user.pk == act.by.pk or _looks_after(act.by, user), "end these sessions")
    if user.pk != act.by.pk:
        reason_of(act.reason)
    user.sessions_ended_at = act.at
    user.save(update_fields=["sessions_ended_at"])
    record(act, "end_sessions", user)
    return user


@command
def end_password(*, user: User, act: Act) -> None:
    """End password and sessions of a person at once: somebody else may know them by now."""
    user.set_password(None)
    user.must_change_password, user.sessions_ended_at = True, act.at
    user.save(update_fields=["password", "must_change_password", "sessions_ended_at"])
    record(act, "ask_new_password", user)


def _looks_after(by: User, user: User) -> bool:
    return not by.is_person or may_unlock(by, user)


def _made(*, username: str, act: Act) -> PasswordLink:
    user = User.objects.select_for_update().get(username=username)
    require(_looks_after(act.by, user), "send a password link to this person")
    if not user.is_person or not user.is_active or user.is_waiting:
        raise Conflict("Only a person with an open account has a password.", code="closed")
    reason_of(act.reason)
    end_password(user=user, act=act)
    for former in PasswordLink.objects.filter(person=user, ended_at=None):
        _end(former, act)
    link = PasswordLink(person=user, made_by=act.by, made_at=act.at, expires_at=act.at + LINK_LASTS)
    link.save(force_insert=True)
    record(act, "add", link)
    return link


def _coded(link: PasswordLink, act: Act) -> str:
    code = secrets.token_urlsafe(32)
    link.digest = _digest_of(code)
    link.save(update_fields=["digest"])
    record(act, "send_link", link)
    return code


def _end(link: PasswordLink, act: Act) -> None:
    link.ended_at = act.at
    link.save(update_fields=["ended_at"])
    record(act, "end_link", link)


@command
def note_factor(*, user: User, verb: str, factor: str, is_last: bool = False, act: Act) -> None:
    """Tell the ledger that a person added or removed a second factor; never its secret.

    Args:
        is_last: none is left: the password stands alone, and is chosen anew, long enough for that.
    """
    if is_last:
        user.must_change_password = True
        user.save(update_fields=["must_change_password"])
    record(act, verb, user, factor=factor)
