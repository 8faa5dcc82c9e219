"""Signing dialogs: what each was shown for is kept until it is signed or too old."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from audit.models import SigningChallenge, User

DIALOG_LASTS = timedelta(minutes=10)


def ask_challenge(
    *, person: User, session: str, subject: str, meaning: str, digest: str, at: datetime
) -> SigningChallenge:
    """Note that a signing dialog is shown. No command: nothing is signed, nothing is changed.

    Args:
        person: who is signed in where it is shown.
        session: the digest of that session's key.
        subject: what it is about (``audit.signing.subject_of``).
    """
    made: SigningChallenge = SigningChallenge.objects.create(
        id=uuid4(),
        person_id=person.pk,
        session=session,
        subject=subject,
        meaning=meaning,
        digest=digest,
        expires_at=at + DIALOG_LASTS,
    )
    return made


def sweep_challenges(*, at: datetime) -> int:
    """Forget the dialogs that nobody signed in time; return how many."""
    return SigningChallenge.objects.filter(expires_at__lt=at).delete()[0]
