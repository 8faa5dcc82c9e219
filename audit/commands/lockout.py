"""Wrong signing passwords: five in a row lock the account, and quality hears of it (21 CFR 11.300(d)).

Note [What counts]: wrong passwords in signing dialogs, on any terminal and in whose session ever,
since the person last signed, signed in, or was locked. The access log holds each, so nothing else
is counted up. Wrong passwords at the door are counted by axes, per user ID and address, and
stop that door for a while. They lock no one, or anybody could lock anybody, until there are a
hundred of them in a row, from wherever (NIST SP 800-63B, 3.2.2).

Whoever has not signed in for ninety days is locked, too: an account that nobody uses is looked at
by somebody before it is used again (21 CFR 11.300(b)).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from axes.utils import reset
from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet

from audit.acts import Act, command, record
from audit.commands.couriers import enqueue
from audit.commands.grants import reason_of
from audit.commands.witnessing import post
from audit.models import AccessEvent, Signature, User
from audit.permissions import require
from audit.queries.lockout import may_unlock
from kernel.errors import Conflict, NotPermitted, Unavailable

FAILURES = 5
FAILURES_AT_DOOR = 100
DORMANT = timedelta(days=90)
ACCOUNT_LOCKED = "audit.account_locked"
# At the door: the failures there are another counter's.
DOOR = "/accounts/"


def failures_of(user: User) -> int:
    """Return how many wrong passwords were tried in a row in signing dialogs under this user ID."""
    Outcome = AccessEvent.Outcome
    tried = AccessEvent.objects.filter(username=user.username)
    last = tried.filter(outcome__in=(Outcome.SIGNED_IN, Outcome.LOCKED)).aggregate(Max("pk"))
    failed = tried.filter(outcome=Outcome.FAILED, pk__gt=last["pk__max"] or 0)
    signed = Signature.objects.filter(signer=user).order_by("-pk").first()
    if signed is not None:
        failed = failed.filter(at__gt=signed.signed_at)
    return failed.exclude(path__startswith=DOOR).count()


@command(may_be_silent=True)
def lock_after_failures(*, username: str, screen_of: User, act: Act) -> bool:
    """Lock an account whose password was wrong too often, and promise to tell those who watch.

    Args:
        screen_of: who is signed in where the passwords were tried.

    Returns:
        Whether it was locked just now.
    """
    user = _person(username)
    if user is None or user.is_locked:
        return False
    failures = failures_of(user)
    if failures < FAILURES:
        return False
    _lock(user, failures, act, screen_of=screen_of.username)
    return True


@command(may_be_silent=True)
def lock_after_attempts(*, username: str, act: Act) -> bool:
    """Lock an account whose password was tried too often at the door; return whether it was."""
    user = _person(username)
    if user is None or user.is_locked:
        return False
    failures = failures_at_door(user)
    if failures < FAILURES_AT_DOOR:
        return False
    _lock(user, failures, act, screen_of="")
    return True


def _person(username: str) -> User | None:
    """Return a person with an open account; a service has no password that anybody could try."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    return people.select_for_update().filter(username=username).first()


def failures_at_door(user: User) -> int:
    """Return how many wrong passwords were tried at the door since the person last came in.

    An account that was opened again begins anew.
    """
    tried = AccessEvent.objects.filter(username=user.username)
    last = tried.filter(outcome=AccessEvent.Outcome.SIGNED_IN).aggregate(Max("pk"))["pk__max"]
    failed = tried.filter(outcome=AccessEvent.Outcome.FAILED, path__startswith=DOOR)
    failed = failed.filter(pk__gt=last or 0)
    if user.unlocked_at is not None:
        failed = failed.filter(at__gt=user.unlocked_at)
    return failed.count()


def dormant_people(at: datetime) -> QuerySet[User]:
    """Return the people whose open account nobody has used for ninety days."""
    since = at - DORMANT
    came_in = AccessEvent.objects.filter(
        username=OuterRef("username"), outcome=AccessEvent.Outcome.SIGNED_IN, at__gte=since
    )
    people = User.objects.filter(
        kind=User.Kind.PERSON, is_active=True, locked_at=None, created_at__lt=since
    )
    return people.exclude(Exists(came_in)).exclude(unlocked_at__gte=since).order_by("pk")


@command(may_be_silent=True)
def lock_dormant(*, act: Act) -> list[str]:
    """Lock the accounts that nobody has used for ninety days; return the names."""
    found = list(dormant_people(act.at).select_for_update())
    for user in found:
        user.locked_at, user.locked_from, user.locked_after = act.at, act.origin, 0
        user.save(update_fields=["locked_at", "locked_from", "locked_after"])
        record(act, "lock", user, reason=f"nobody signed in for {DORMANT.days} days")
    return [user.username for user in found]


def _lock(user: User, failures: int, act: Act, *, screen_of: str) -> None:
    user.locked_at, user.locked_from, user.locked_after = act.at, act.origin, failures
    user.save(update_fields=["locked_at", "locked_from", "locked_after"])
    record(act, "lock", user, screen_of=screen_of)
    enqueue(
        kind=ACCOUNT_LOCKED,
        payload={
            "username": user.username,
            "full_name": user.full_name,
            "failures": failures,
            "terminal": act.origin,
            "screen_of": screen_of,
            "locked_at": act.at.isoformat(),
        },
        act=act,
    )


@command
def unlock_account(*, username: str, act: Act) -> User:
    """Open a locked account again: another person does, who says why.

    Raises:
        NotPermitted: it is one's own, or one does not look after the access of this person.
        Conflict: it is not locked.
        Invalid: no reason was given.
    """
    user = User.objects.select_for_update().get(username=username)
    if user.pk == act.by.pk:
        raise NotPermitted("Nobody opens their own account again.", code="same")
    require(not act.by.is_person or may_unlock(act.by, user), "open this account again")
    if not user.is_locked:
        raise Conflict("This account is not locked.", code="not_locked")
    reason_of(act.reason)
    user.locked_at, user.locked_from, user.locked_after = None, "", 0
    user.unlocked_at = act.at
    user.save(update_fields=["locked_at", "locked_from", "locked_after", "unlocked_at"])
    record(act, "unlock", user)
    reset(username=user.username)
    return user


def tell_security(payload: Mapping[str, Any], act: Act) -> None:
    """Tell the web address of those who watch that an account was locked (an outbox message).

    Raises:
        Unavailable: it did not take it; the outbox tries again.
    """
    if not settings.SECURITY_WEBHOOK:
        return
    try:
        post({"kind": ACCOUNT_LOCKED, **payload}, to="SECURITY_WEBHOOK")
    except OSError as error:
        raise Unavailable("The address of those who watch did not answer.") from error
