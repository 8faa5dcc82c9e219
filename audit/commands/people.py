"""Sites, people, their roles and their credentials."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from audit.acts import Act, command, record
from audit.commands.grants import end_grant, reason_of
from audit.models import ApiToken, Site, User
from audit.permissions import (
    EMPLOYEE_ID,
    GENERIC,
    ROLE_ASKERS,
    SCOPES,
    USERNAME,
    require,
    sites_of,
)
from audit.queries import next_id
from kernel.errors import Conflict, Invalid

# The account under which the software itself acts.
SYSTEM = "system"


@command
def add_site(*, code: str, name: str, kind: str, time_zone: str = "UTC", act: Act) -> Site:
    """Add a site."""
    site = Site(code=code, name=name, kind=kind, time_zone=time_zone)
    site.save(force_insert=True)
    record(act, "add", site)
    return site


def create_system_user(*, at: datetime) -> User:
    """Create the account under which the software itself acts, unless it is there.

    It is the first account of a house, so it is its own cause.
    """
    known = User.objects.filter(username=SYSTEM).first()
    if known is not None:
        return known
    system = User(
        id=next_id(User),
        username=SYSTEM,
        full_name="OneLot",
        kind=User.Kind.SERVICE,
        created_at=at,
    )
    system.set_password(None)
    act = Act(id=uuid4(), by=system, at=at, reason="the house is founded", origin="shell")
    _found(system=system, act=act)
    return system


@command
def _found(*, system: User, act: Act) -> None:
    system.save(force_insert=True)
    record(act, "add", system)


def folded(username: str) -> str:
    """Return the one form of a user name: NFKC, case folded, so that look-alikes collide."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def _free_username(username: str, kind: str) -> str:
    """Return the user name as it is kept, if nobody ever had it."""
    name = folded(username)
    if not name:
        raise Invalid("A user name is needed.", pointer="/username", code="blank")
    if not re.fullmatch(USERNAME, name):
        raise Invalid(
            "A user name is made of letters a to z, digits, and . _ - @.",
            pointer="/username",
            code="letters",
        )
    if kind == User.Kind.PERSON and re.fullmatch(GENERIC, name):
        raise Invalid(
            "An account belongs to one person: this is the name of a job, not of somebody.",
            pointer="/username",
            code="generic",
        )
    if User.objects.filter(username=name).exists():
        raise Invalid("This user name was used before.", pointer="/username", code="used")
    return name


def _free_employee_id(employee_id: str | None, kind: str) -> str | None:
    """Return the employee number as it is kept, if it is nobody else's."""
    number = unicodedata.normalize("NFKC", employee_id or "").strip()
    if not number:
        if kind == User.Kind.PERSON:
            raise Invalid("A person has an employee number.", pointer="/employee_id", code="blank")
        return None
    if not re.fullmatch(EMPLOYEE_ID, number):
        raise Invalid(
            "An employee number is made of letters, digits, and . _ - /.",
            pointer="/employee_id",
            code="letters",
        )
    if User.objects.filter(employee_id__iexact=number).exists():
        raise Invalid(
            "This person has an account already, open or closed: one person, one account.",
            pointer="/employee_id",
            code="used",
        )
    return number


@command
def add_user(
    *,
    username: str,
    full_name: str,
    employee_id: str | None,
    act: Act,
    kind: str = User.Kind.PERSON,
    password: str | None = None,
    is_own_password: bool = False,
) -> User:
    """Add a person or a service account; a person waits until ``activate_person``.

    Args:
        is_own_password: nobody else knows it. Otherwise the person chooses another one first.

    Raises:
        NotPermitted: the actor is a person who may not open accounts.
        Invalid: the user name is not plain, names a job, or was ever used by anybody; the
            employee number is missing, or is another person's.
    """
    require(
        not act.by.is_person or sites_of(act.by, *ROLE_ASKERS) is None,
        "open accounts",
    )
    name = _free_username(username, kind)
    user = User(
        username=name,
        full_name=full_name,
        employee_id=_free_employee_id(employee_id, kind),
        kind=kind,
        is_waiting=kind == User.Kind.PERSON,
        created_at=act.at,
    )
    user.set_password(password)
    user.must_change_password = user.must_change_password and not is_own_password
    user.save(force_insert=True)
    record(act, "add", user)
    return user


@command
def deactivate_user(*, user: User, act: Act) -> None:
    """Close an account for good: its roles and tokens end with it; all that was signed stays.

    A session ends at its next request: a closed account is nobody's any more.

    Raises:
        NotPermitted: the actor is a person who may not close accounts.
        Conflict: it is closed already, or it is the software itself.
        Invalid: a person gave no reason.
    """
    by_person = act.by.is_person
    require(not by_person or sites_of(act.by, "admin", "qa") is None, "close accounts")
    if not user.is_active or user.username == SYSTEM:
        raise Conflict("This account is closed, or never is.", code="closed")
    if by_person:
        reason_of(act.reason)
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(act, "deactivate", user)
    for grant in user.grants.filter(revoked_at=None):
        end_grant(grant, "the account was closed", act)
    for token in user.tokens.filter(revoked_at=None):
        token.revoked_at = act.at
        token.save()
        record(act, "revoke", token)


def digest_of_token(token: str) -> str:
    """Return the stored form of a token; a token has 256 random bits, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@command
def create_token(
    *, user: User, site: Site, scopes: Iterable[str], days: int, act: Act
) -> tuple[ApiToken, str]:
    """Create a credential for a service account; the text is returned once and never stored.

    Raises:
        Invalid: a scope that does not exist, or an account of a person.
        Conflict: the account is closed.
    """
    wanted = sorted(set(scopes))
    for scope in wanted:
        if scope not in SCOPES:
            raise Invalid(f"There is no scope {scope}.", pointer="/scopes", code="unknown")
    if user.is_person:
        raise Invalid("Tokens are for service accounts.", pointer="/user", code="person")
    if not user.is_active:
        raise Conflict("The account is closed.", code="closed")
    text = f"mes_live_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=user,
        site=site,
        prefix=text[:16],
        digest=digest_of_token(text),
        scopes=wanted,
        created_at=act.at,
        expires_at=act.at + timedelta(days=days),
    )
    token.save(force_insert=True)
    record(act, "create_token", token)
    return token, text
