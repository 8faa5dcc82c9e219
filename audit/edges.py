"""Edges: where an act is made from a request, a task or a shell. The only reader of the clock."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from uuid import uuid4

from django.http import HttpRequest

from audit.acts import Act
from audit.commands.people import SYSTEM
from audit.models import User
from audit.signing import Proof
from kernel.errors import Unauthenticated, Unavailable


def now() -> datetime:
    """Return the time of this moment, in UTC."""
    return datetime.now(UTC)


def origin_of(request: HttpRequest) -> str:
    """Return the address of the terminal; a forwarded header is not believed here."""
    address = request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "local"


def act_of_request(request: HttpRequest, *, reason: str = "") -> Act:
    """Return a new act of the person or service account that makes this request.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    user = request.user
    if not isinstance(user, User):
        raise Unauthenticated("Sign in first.")
    return Act(id=uuid4(), by=user, at=now(), reason=reason, origin=origin_of(request))


def act_of_proof(request: HttpRequest, proof: Proof, *, reason: str = "") -> Act:
    """Return a new act of the person who has just proved who they are (signer or witness)."""
    return Act(id=uuid4(), by=proof.user, at=now(), reason=reason, origin=origin_of(request))


def act_of_lock(request: HttpRequest) -> Act:
    """Return a new act of the software, caused by what somebody tried at this terminal."""
    return Act(id=uuid4(), by=system_user(), at=now(), origin=origin_of(request))


def system_user() -> User:
    """Return the account under which the software itself acts.

    Raises:
        Unavailable: the database was never set up.
    """
    try:
        return User.objects.get(username=SYSTEM)
    except User.DoesNotExist:
        raise Unavailable("The system account is missing: run the migrations.") from None


def act_of_task(name: str, *, reason: str = "") -> Act:
    """Return a new act of the software, caused by the named task."""
    return Act(
        id=uuid4(),
        by=system_user(),
        at=now(),
        reason=reason,
        origin=f"task:{name}",
    )


def act_of_shell(reason: str) -> Act:
    """Return a new act from a management command; the reason is required."""
    return Act(id=uuid4(), by=system_user(), at=now(), reason=reason, origin="shell")
