"""Who asks: the session and the person of a request, read by prepared queries.

Both are asked for by every request, and are Django's own otherwise.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import AllowAllUsersModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import User
from kernel.prepared import prepared, statement


class People(AllowAllUsersModelBackend):
    """People by user ID and password; a closed account is told apart after the password."""

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session."""
        return next(iter(_people(int(user_id))), None)


class SessionStore(db.SessionStore):
    """Sessions in the database: read by one prepared query, kept by one statement."""

    def _get_session_from_db(self) -> Session | None:
        key = self.session_key or ""
        found = next(iter(_sessions(key)), None) if "\x00" not in key else None
        if found is None or found.expire_date <= timezone.now():
            self._session_key: str | None = None
            return None
        return found

    def save(self, must_create: bool = False) -> None:
        """Keep the session; one that ended meanwhile is not brought back.

        Raises:
            UpdateError: it ended.
        """
        if self.session_key is None or must_create:
            super().save(must_create)
            return
        content = self._get_session()  # type: ignore[attr-defined]  # of Django's base, not in the stubs
        made: Any = self.create_model_instance(content)
        with statement(
            "UPDATE django_session SET session_data = %s, expire_date = %s WHERE session_key = %s",
            [made.session_data, made.expire_date, made.session_key],
        ) as cursor:
            if cursor.rowcount == 0:
                raise UpdateError


@prepared
def _people(user_id: int) -> QuerySet[User]:
    return User.objects.filter(pk=user_id)


@prepared
def _sessions(session_key: str) -> QuerySet[Session]:
    return Session.objects.filter(session_key=session_key)
