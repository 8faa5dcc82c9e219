"""Accounts that wrong signing passwords have locked, for whoever looks after access."""

from __future__ import annotations

from django.db.models import QuerySet

from audit.models import User
from audit.permissions import holds
from audit.queries.people import LOOKERS, people_seen


def locked_accounts(by: User) -> QuerySet[User]:
    """Return the locked accounts that a person looks after, the longest locked first."""
    if not holds(by, *LOOKERS):
        return User.objects.none()
    return people_seen(by).filter(locked_at__isnull=False).order_by("locked_at", "pk")


def may_unlock(by: User, user: User) -> bool:
    """Say whether a person may open this account again: never their own."""
    is_seen = holds(by, *LOOKERS) and people_seen(by).filter(pk=user.pk).exists()
    return by.pk != user.pk and is_seen
