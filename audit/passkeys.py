"""Passkeys in signatures: a place where the roof plugs in who checks them.

Note [What a passkey signs]: its challenge is a digest of the signing dialog as it is kept: which
showing, whose session, which record, meaning and content. The answer of a passkey to one dialog
signs nothing else, and once.
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from audit.models import SigningChallenge, User
from kernel.canonical import canonical


class Passkeys(Protocol):
    """Knows the passkeys of people."""

    def options(self, user: User, challenge: bytes) -> dict[str, Any]:
        """Return what the browser of a person is asked."""

    def is_shown(self, user: User, credential: str, challenge: bytes) -> bool:
        """Say whether this is the answer of a passkey of the person, who was verified by it."""


_plugged: list[Passkeys] = []


def set_passkeys(passkeys: Passkeys) -> None:
    """Plug in who knows them."""
    _plugged[:] = [passkeys]


def passkeys() -> Passkeys | None:
    """Return who knows them, if anybody does."""
    return _plugged[0] if _plugged else None


def bound_to(dialog: SigningChallenge) -> bytes:
    """Return the challenge of a passkey for one dialog: see Note [What a passkey signs]."""
    told = {
        "id": str(dialog.pk),
        "person": dialog.person_id,
        "session": dialog.session,
        "subject": dialog.subject,
        "meaning": dialog.meaning,
        "digest": dialog.digest,
    }
    return hashlib.sha256(f"onelot signature {canonical(told)}".encode()).digest()
