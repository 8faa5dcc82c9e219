"""The access log: every attempt to sign in is noted, good or not."""

from __future__ import annotations

from datetime import datetime

from audit.models import AccessEvent, User

LONGEST_USERNAME, LONGEST_PATH = 64, 200


def note_access(
    *, username: str, outcome: str, origin: str, path: str, agent: str, at: datetime
) -> AccessEvent:
    """Note an attempt. No command: nobody is known yet, and nothing is changed.

    Args:
        username: as it was typed, whoever's it is, or nobody's.
    """
    name = _kept(username.casefold(), LONGEST_USERNAME)
    made: AccessEvent = AccessEvent.objects.create(
        at=at,
        username=name,
        user=User.objects.filter(username=name).first(),
        outcome=outcome,
        origin=origin,
        path=_kept(path, LONGEST_PATH),
        agent=_kept(agent, LONGEST_PATH),
    )
    return made


def _kept(text: str, longest: int) -> str:
    """Return what of a text can be stored and read."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:longest])
