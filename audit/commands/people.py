"""Sites, people, their roles and their credentials."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from audit.acts import Act, command, record
from audit.models import ApiToken, RoleGrant, Site, User
from audit.permissions import CONFLICTS, ROLES, SCOPES
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


@command
def add_user(
    *,
    username: str,
    full_name: str,
    employee_id: str | None,
    act: Act,
    kind: str = User.Kind.PERSON,
    password: str | None = None,
) -> User:
    """Add a person or a service account.

    Raises:
        Invalid: the user name is empty, or was ever used by anybody.
    """
    name = folded(username)
    if not name:
        raise Invalid("A user name is needed.", pointer="/username", code="blank")
    if User.objects.filter(username=name).exists():
        raise Invalid("This user name was used before.", pointer="/username", code="used")
    user = User(
        username=name,
        full_name=full_name,
        employee_id=employee_id,
        kind=kind,
        created_at=act.at,
    )
    user.set_password(password)
    user.save(force_insert=True)
    record(act, "add", user)
    return user


@command
def set_password(*, user: User, password: str, act: Act) -> None:
    """Set the password of a person; the ledger says that, not what."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record(act, "set_password", user)


@command
def deactivate_user(*, user: User, act: Act) -> None:
    """Close an account; the person and all they signed stay."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    record(act, "deactivate", user)


@command
def grant_role(*, user: User, role: str, site: Site | None, act: Act) -> RoleGrant:
    """Give a person a role at a site, or everywhere when ``site`` is None.

    Raises:
        Conflict: the role may not be held together with one already held.
    """
    if role not in ROLES:
        raise Invalid(f"There is no role {role}.", pointer="/role", code="unknown")
    held = {grant.role for grant in user.grants.filter(revoked_at=None)}
    for other in sorted(held):
        if frozenset((role, other)) in CONFLICTS:
            raise Conflict(f"One person may not be both {role} and {other}.", code="duties")
    grant = RoleGrant(user=user, role=role, site=site, granted_by=act.by, granted_at=act.at)
    grant.save(force_insert=True)
    record(act, "grant", grant)
    return grant


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
    """
    wanted = sorted(set(scopes))
    for scope in wanted:
        if scope not in SCOPES:
            raise Invalid(f"There is no scope {scope}.", pointer="/scopes", code="unknown")
    if user.is_person:
        raise Invalid("Tokens are for service accounts.", pointer="/user", code="person")
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
