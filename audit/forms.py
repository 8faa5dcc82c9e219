"""Signing forms: what an edge reads from the e-sign dialog, and what the dialog must ask for.

21 CFR 11.200(a)(1): the first signature of a continuous session takes user ID and password, later
ones the password; where the session was not continuous, and for everybody who is not the person
signed in (a witness), both. The user ID is then that of the session and cannot be another's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from audit.edges import now
from audit.models import User
from audit.signing import Proof, reauthenticate
from kernel.errors import NotPermitted, Unauthenticated, WrongCredentials

LONGEST_USERNAME = 64
SESSION_KEY = "signed_last"
# A session in which nobody signed for so long is not continuous any more.
CONTINUOUS = timedelta(minutes=15)


def is_continuous(request: HttpRequest) -> bool:
    """Say whether the person signed in has signed in this session a short while ago."""
    kept = request.session.get(SESSION_KEY)
    if not isinstance(kept, dict) or kept.get("user") != request.user.pk:
        return False
    return now() - datetime.fromisoformat(str(kept["at"])) <= CONTINUOUS


def proof_of_signer(request: HttpRequest) -> Proof:
    """Return the proof of the person signed in, from ``username`` and ``password`` of the form.

    Raises:
        WrongCredentials: they do not belong together, or one is missing that is needed.
        NotPermitted: they are another person's.
    """
    user = request.user
    if not isinstance(user, User):
        raise Unauthenticated("Sign in first.")
    username = request.POST.get("username", "").strip()
    if not username and is_continuous(request):
        username = user.username
    if not username:
        raise WrongCredentials("The first signature of a session takes user ID and password.")
    proof = _proof(request, username, request.POST.get("password", ""))
    if proof.user.pk != user.pk:
        raise NotPermitted(f"{user.full_name} is signed in here: only they can sign with this.")
    request.session[SESSION_KEY] = {"user": user.pk, "at": now().isoformat()}
    return proof


def proof_of_witness(request: HttpRequest, *, prefix: str = "witness_") -> Proof:
    """Return the proof of a second person, who always shows both components.

    Args:
        prefix: what comes before ``username`` and ``password`` in the form.

    Raises:
        WrongCredentials: they do not belong together, or one is missing.
    """
    username = request.POST.get(f"{prefix}username", "").strip()
    return _proof(request, username, request.POST.get(f"{prefix}password", ""))


def _proof(request: HttpRequest, username: str, password: str) -> Proof:
    if not username or not password:
        raise WrongCredentials("User ID and password are both needed.")
    # No account has such a name, and the counter of failures could not keep it.
    if "\x00" in username or "\x00" in password or len(username) > LONGEST_USERNAME:
        raise WrongCredentials("User ID and password do not match, or the account is locked.")
    return reauthenticate(request, username=username, password=password, at=now())


def signer_facts(request: HttpRequest) -> dict[str, Any]:
    """Return what the dialog of the signed-in person shows: who, and the user ID when it is fixed."""
    user = request.user
    assert isinstance(user, User), "a signing page is open to people only"
    return {
        "who": user.full_name,
        "fixed_username": user.username if is_continuous(request) else "",
    }
