"""What is new in the database, and who is asking: the only reads of the live push.

Everything here runs on the hub's own thread, and so on its one connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest

from audit.models import FeedEvent, User
from audit.permissions import sites_of
from audit.queries import feed_after
from monitoring.queries import sensors_seen
from monitoring.rules.quality import word_of

Cursor = tuple[int, int]
BACKLOG = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who listens, and what they may see (``sites`` None: everything)."""

    user_id: int
    session_key: str
    sites: frozenset[int] | None

    def may_see(self, site_id: int | None) -> bool:
        """Say whether news of that site are for this listener."""
        return self.sites is None or site_id in self.sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A feed event on its way to the listeners."""

    cursor: Cursor
    site_id: int | None
    kind: str
    subject: str
    payload: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The newest reading of a sensor, as screens show it."""

    sensor: str
    site_id: int
    at: datetime
    value: str | None
    quality: str


def listener_of(session_key: str) -> Listener | None:
    """Return who has this session, or None when nobody does, or somebody without any right."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active or not user.grants_held():
        return None
    sites = sites_of(user)
    return Listener(
        user_id=user.pk,
        session_key=session_key,
        sites=None if sites is None else frozenset(site for site in sites if site is not None),
    )


def still_there(listeners: Iterable[Listener]) -> set[Listener]:
    """Return the listeners whose session and rights are what they were when they came."""
    return {one for one in set(listeners) if listener_of(one.session_key) == one}


def head() -> Cursor:
    """Return the place of the newest feed event that no other can come before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT txid, id FROM audit_feedevent"
            " WHERE txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " ORDER BY txid DESC, id DESC LIMIT 1"
        )
        row = cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def told_after(cursor: Cursor, listener: Listener | None = None) -> list[Told]:
    """Return the feed events after ``cursor``, oldest first: for one listener, or for all."""
    sites = None if listener is None else listener.sites
    return [_told(event) for event in feed_after(cursor, sites=sites, limit=BACKLOG)]


def _told(event: FeedEvent) -> Told:
    return Told(
        cursor=(event.txid, event.pk),
        site_id=event.site_id,
        kind=event.kind,
        subject=event.subject,
        payload=event.payload,
    )


def newest_readings() -> list[Shown]:
    """Return the newest reading of every active sensor."""
    shown: list[Shown] = []
    for sensor in sensors_seen(None).only(
        "code",
        "site_id",
        "decimals",
        "condition__last_at",
        "condition__last_value",
        "condition__last_quality",
    ):
        last = sensor.condition
        if last.last_at is None:
            continue
        is_bad = last.last_quality < 0 or last.last_value is None
        shown.append(
            Shown(
                sensor=sensor.code,
                site_id=sensor.site_id,
                at=last.last_at,
                value=None if is_bad else f"{last.last_value:.{sensor.decimals}f}",
                quality=word_of(last.last_quality),
            )
        )
    return shown
