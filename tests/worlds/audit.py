"""People and sites for tests, made by the commands, so that every world is a legal one."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from audit.acts import Act
from audit.commands import (
    accept_accountability,
    activate_person,
    add_site,
    add_user,
    create_token,
    grant_role,
    record_training,
)
from audit.commands.challenges import ask_challenge
from audit.edges import now, system_user
from audit.models import ApiToken, Recorded, RoleGrant, Site, Training, User
from audit.queries import procedures
from audit.rules.accountability import accountability
from audit.signing import Proof, subject_of
from tests.conftest import NOON

PASSWORD = "correct horse battery staple"


def act_by(user: User | None = None, *, at: datetime = NOON, reason: str = "") -> Act:
    """An act of a person, or of the software."""
    return Act(id=uuid4(), by=user or system_user(), at=at, reason=reason, origin="test")


def proof_of(user: User, *, at: datetime = NOON) -> Proof:
    """What a person has after showing user ID and password."""
    return Proof(user=user, at=at)


def shown_in(client: Any, shown: Recorded | str, meaning: str, digest: str) -> str:
    """The challenge of a signing dialog on the screen of a client where somebody is signed in."""
    key = client.session.session_key
    return str(
        ask_challenge(
            person=User.objects.get(pk=client.session["_auth_user_id"]),
            session=hashlib.sha256(key.encode()).hexdigest(),
            subject=subject_of(shown),
            meaning=meaning,
            digest=digest,
            at=now(),
        ).pk
    )


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
        is_own_password=True,
        act=act_by(),
    )
    activated(user)
    for role in roles:
        grant_role(user=user, role=role, site=at_site, act=act_by(reason="the world of a test"))
    if {"operator", "verifier"} & set(roles):
        train(user)
    accept_accountability(digest=accountability().digest, act=act_by(user))
    return User.objects.get(pk=user.pk)


def activated(user: User) -> User:
    """The same person, whose identity somebody has verified."""
    activate_person(
        username=user.username, evidence="Passport", verifier="Tessa Trust", act=act_by()
    )
    user.refresh_from_db()
    return user


def train(*users: User) -> None:
    """Train people, or everybody who makes or verifies, on all that they are not trained on yet."""
    makers = RoleGrant.objects.filter(role__in=("operator", "verifier"), revoked_at=None)
    known = set(Training.objects.values_list("user_id", "procedure", "version"))
    for user in users or User.objects.filter(grants__in=makers, is_active=True).distinct():
        for one in procedures():
            if (user.pk, one.code, one.version) in known:
                continue
            record_training(
                user=user,
                procedure=one.code,
                version=one.version,
                trained_by=person("tessa", "engineer"),
                evidence="Sheet 17",
                valid_until=NOON + timedelta(days=400),
                act=act_by(),
            )


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
