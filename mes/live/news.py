"""What is new in the database, and who is asking: the only reads of the live push.

Everything here runs on the hub's own thread, and so on its one connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest

from audit.edges import now
from audit.permissions import sites_of
from mes.accounts.sessions import seconds_left
from monitoring.queries import last_readings
from monitoring.rules.quality import word_of

BACKLOG = 1000
# One statement, so that xmin and rows are of one snapshot: see Note [Live order].
LOOK = """
SELECT now.xmin, f.id, f.txid, f.site_id, f.kind, f.subject, f.payload::text
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) AS now
  LEFT JOIN LATERAL (
       SELECT * FROM audit_feedevent WHERE txid >= %s ORDER BY id DESC LIMIT %s) AS f ON TRUE
 ORDER BY f.id
"""


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

    id: int
    txid: int
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
    """Return who has this session, or None when nobody does, or somebody without any right.

    To listen is no activity: the session ends as if nobody did.
    """
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user: Any = get_user(request)
    if not user.is_authenticated or not user.grants_held():
        return None
    if seconds_left(request.session, user, now()) <= 0:
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


def look(since: int | None, listener: Listener | None = None) -> tuple[int, list[Told]]:
    """Return where the next look starts, and the feed events since the last one, in order of id.

    Args:
        since: what the last look returned; None looks at nothing and only says where to start.
        listener: leave out what this listener may not see.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [2**62 if since is None else since, BACKLOG])
        rows = cursor.fetchall()
    told = [
        Told(
            id=row[1],
            txid=row[2],
            site_id=row[3],
            kind=row[4],
            subject=row[5],
            payload=json.loads(row[6]),
        )
        for row in rows
        if row[1] is not None and (listener is None or listener.may_see(row[3]))
    ]
    return int(rows[0][0]), told


def newest_readings() -> list[Shown]:
    """Return the newest reading of every active sensor."""
    return [
        Shown(
            sensor=code,
            site_id=site_id,
            at=at,
            value=None if value is None or quality < 0 else f"{value:.{decimals}f}",
            quality=word_of(quality),
        )
        for code, site_id, decimals, at, value, quality in last_readings()
    ]
