"""Signing forms: what an edge reads from the e-sign dialog, and what the dialog must ask for.

21 CFR 11.200(a)(1): the first signature of a continuous session takes user ID and password, later
ones the password; where the session was not continuous, and for everybody who is not the person
signed in (a witness), both. The user ID is then that of the session and cannot be another's.

A session is continuous for whoever signed in it last: the same person, the same session key (which
changes with every sign-in), and no more than 15 minutes since that signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest

from audit.commands.access import note_access
from audit.commands.challenges import ask_challenge
from audit.commands.lockout import lock_after_failures
from audit.edges import act_of_lock, now, origin_of
from audit.models import Recorded, SigningChallenge, User
from audit.passkeys import bound_to, passkeys
from audit.queries.accountability import has_accepted
from audit.signing import Answered, Proof, reauthenticate, subject_of
from kernel.errors import NotPermitted, Unauthenticated, WrongCredentials

LONGEST_USERNAME = 64
SESSION_KEY = "signed_last"
# Whether whoever is signed in has a passkey: kept with the session, so that no dialog asks.
HAS_PASSKEY = "has_passkey"
# A session in which nobody signed for so long is not continuous any more.
CONTINUOUS = timedelta(minutes=15)


def session_of(request: HttpRequest) -> str:
    """Return the digest of the session's key: what may be kept of it."""
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()


def is_continuous(request: HttpRequest) -> bool:
    """Say whether the person signed in has signed in this session a short while ago."""
    kept = request.session.get(SESSION_KEY)
    if not isinstance(kept, dict) or request.session.session_key is None:
        return False
    if (kept.get("user"), kept.get("session")) != (request.user.pk, session_of(request)):
        return False
    return timedelta(0) <= now() - datetime.fromisoformat(str(kept["at"])) <= CONTINUOUS


def end_continuity(request: HttpRequest) -> None:
    """Ask for both components again, from now on: the screen was locked."""
    request.session.pop(SESSION_KEY, None)


def proof_of_signer(request: HttpRequest) -> Proof:
    """Return the proof of the person signed in, from ``username`` and ``password`` of the form.

    Raises:
        WrongCredentials: they do not belong together, or one is missing that is needed.
        NotPermitted: they are another person's.
    """
    user = _signed_in(request)
    username = request.POST.get("username", "").strip()
    if not username and is_continuous(request):
        username = user.username
    if not username:
        raise WrongCredentials("The first signature of a session takes user ID and password.")

    def keep() -> None:
        """Note it in the transaction of the signature: one commit, and never one without the other."""
        request.session[SESSION_KEY] = {
            "user": user.pk,
            "session": session_of(request),
            "at": now().isoformat(),
        }
        try:
            request.session.save()
        except UpdateError:
            raise Unauthenticated("This session ended meanwhile. Nothing was signed.") from None
        request.session.modified = False

    proof = _proof(request, username, on_signed=keep)
    if proof.user.pk != user.pk:
        raise NotPermitted(f"{user.full_name} is signed in here: only they can sign with this.")
    # The same person: what they hold was read for this request already.
    proof.user.known_grants(user.grants_held())
    return proof


def proof_of_witness(request: HttpRequest, *, prefix: str = "witness_") -> Proof:
    """Return the proof of a second person, who always shows both components.

    Args:
        prefix: what comes before ``username`` and ``password`` in the form.

    Raises:
        WrongCredentials: they do not belong together, or one is missing.
    """
    username = request.POST.get(f"{prefix}username", "").strip()
    return _proof(request, username, prefix=prefix)


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Unauthenticated("Sign in first.")
    return request.user


def _proof(request: HttpRequest, username: str, prefix: str = "", **more: Any) -> Proof:
    password = request.POST.get(f"{prefix}password", "")
    credential = request.POST.get(f"{prefix}passkey", "") if not password else ""
    if not username or not (password or credential):
        raise WrongCredentials("User ID and password are both needed.")
    # No account has such a name, and the counter of failures could not keep it.
    if "\x00" in username or "\x00" in password or len(username) > LONGEST_USERNAME:
        raise WrongCredentials("User ID and password do not match, or the account is locked.")
    answered = _answered(request, f"{prefix}challenge")
    at = now()
    if credential:
        more["has_shown"] = _passkey_asked(answered, credential)
    try:
        return reauthenticate(
            username=username, password=password, at=at, answered=answered, **more
        )
    except WrongCredentials:
        _failed(request, username)
        raise


def _passkey_asked(answered: Answered, credential: str) -> Callable[[User], bool]:
    """Return the question whether a passkey of somebody answered to this very dialog."""
    dialog = SigningChallenge.objects.filter(pk=answered.challenge).first()
    known = passkeys()

    def has_shown(user: User) -> bool:
        if dialog is None or known is None:
            return False
        return known.is_shown(user, credential, bound_to(dialog))

    return has_shown


def _failed(request: HttpRequest, username: str) -> None:
    """Note that a password was wrong; the fifth in a row locks the account."""
    name = username.casefold()
    is_locked = User.objects.filter(username=name, locked_at__isnull=False).exists()
    _note(request, name, "locked" if is_locked else "failed")
    if is_locked:
        return
    screen_of = _signed_in(request)
    if lock_after_failures(username=name, screen_of=screen_of, act=act_of_lock(request)):
        _note(request, name, "locked")
        raise WrongCredentials(
            "Five wrong passwords: the account is locked until somebody of quality opens it again."
            " Another person may sign meanwhile.",
            code="locked",
        )


def _note(request: HttpRequest, username: str, outcome: str) -> None:
    note_access(
        username=username,
        outcome=outcome,
        origin=origin_of(request),
        path=request.path,
        agent=request.META.get("HTTP_USER_AGENT", ""),
        at=now(),
    )


def _answered(request: HttpRequest, name: str) -> Answered:
    """Return the dialog that a form came from.

    Raises:
        WrongCredentials: from none of ours.
    """
    try:
        challenge = UUID(request.POST.get(name, ""))
    except ValueError:
        raise WrongCredentials(
            "This does not come from a signing dialog. Look again, and sign there.",
            code="challenge_missing",
        ) from None
    return Answered(
        challenge=challenge, session=session_of(request), person_id=_signed_in(request).pk
    )


def witness_facts(
    request: HttpRequest, *, shown: Recorded | str, digest: str, meaning: str
) -> dict[str, Any]:
    """Return what the dialog of a second person holds: the challenge of this one showing."""
    return {"challenge": _dialog(request, shown=shown, digest=digest, meaning=meaning).pk}


def _dialog(
    request: HttpRequest, *, shown: Recorded | str, digest: str, meaning: str
) -> SigningChallenge:
    return ask_challenge(
        person=_signed_in(request),
        session=session_of(request),
        subject=subject_of(shown),
        meaning=meaning,
        digest=digest,
        at=now(),
    )


def signer_facts(
    request: HttpRequest, *, shown: Recorded | str, digest: str, meaning: str
) -> dict[str, Any]:
    """Return what the dialog of the signed-in person shows: who, the user ID when it is fixed.

    Whoever has not accepted the statement of accountability is led to it instead.

    Args:
        shown: what the dialog is about; ``sign`` must be told the same.
        digest: of the statement it shows.
    """
    user = _signed_in(request)
    if not has_accepted(user):
        back = urlencode({"next": request.get_full_path() if request.method == "GET" else "/"})
        return {"who": user.full_name, "accept_href": f"/accountability/?{back}"}
    dialog = _dialog(request, shown=shown, digest=digest, meaning=meaning)
    known = passkeys() if request.session.get(HAS_PASSKEY) else None
    return {
        "who": user.full_name,
        "fixed_username": user.username if is_continuous(request) else "",
        "challenge": dialog.pk,
        "passkey": json.dumps(known.options(user, bound_to(dialog))) if known else "",
    }
