"""People and sites for tests, made by the commands, so that every world is a legal one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from audit.acts import Act
from audit.commands import add_site, add_user, create_token, grant_role
from audit.edges import system_user
from audit.models import ApiToken, Site, User
from audit.signing import Proof
from tests.conftest import NOON

PASSWORD = "correct horse battery staple"


def act_by(user: User | None = None, *, at: datetime = NOON, reason: str = "") -> Act:
    """An act of a person, or of the software."""
    return Act(id=uuid4(), by=user or system_user(), at=at, reason=reason, origin="test")


def proof_of(user: User, *, at: datetime = NOON) -> Proof:
    """What a person has after showing user ID and password."""
    return Proof(user=user, at=at)


def site(code: str = "PLANT", **changes: Any) -> Site:
    """A site, made once."""
    known = Site.objects.filter(code=code).first()
    if known is not None:
        return known
    kind = changes.get("kind", "plant" if code == "PLANT" else "hospital")
    return add_site(code=code, name=changes.get("name", code.title()), kind=kind, act=act_by())


def person(username: str, *roles: str, at_site: Site | None = None) -> User:
    """A person with roles; made once per name."""
    known = User.objects.filter(username=username).first()
    if known is not None:
        return known
    user = add_user(
        username=username,
        full_name=username.title() + " Example",
        employee_id=f"E-{username}",
        password=PASSWORD,
        act=act_by(),
    )
    for role in roles:
        grant_role(user=user, role=role, site=at_site, act=act_by())
    return User.objects.get(pk=user.pk)


def client_token(at_site: Site, *scopes: str, name: str = "portal") -> tuple[ApiToken, str]:
    """A REST client of a site, with its token."""
    user = User.objects.filter(username=name).first() or add_user(
        username=name, full_name=name.title(), employee_id=None, kind="service", act=act_by()
    )
    wanted = scopes or (
        "orders:read",
        "orders:write",
        "batches:read",
        "readings:read",
        "events:read",
    )
    return create_token(user=user, site=at_site, scopes=wanted, days=30, act=act_by())
