"""Who accepted the statement of accountability that is in force."""

from __future__ import annotations

from audit.models import Acceptance, User
from audit.rules.accountability import accountability


def has_accepted(person: User) -> bool:
    """Say whether a person accepted the version in force."""
    current = accountability()
    return Acceptance.objects.filter(
        person=person, version=current.version, digest=current.digest
    ).exists()
