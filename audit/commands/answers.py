"""Answers given once: a repeated request with the same key acts once and is answered the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg2.extras import Json

from audit.acts import Act, command
from kernel.canonical import plain
from kernel.errors import Conflict, Invalid
from kernel.transactions import write_later


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered: a status, headers, and a body in plain JSON terms."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    is_replayed: bool = False


@command(may_be_silent=True)
def answer_once(*, key: UUID, request_digest: str, make: Callable[[], Answer], act: Act) -> Answer:
    """Run ``make`` for the first request with ``key``, and give its answer to every repeat.

    The answer commits in the same transaction as what ``make`` did, or not at all.

    Args:
        request_digest: what the request asked for; a repeat must ask for the same.

    Raises:
        Conflict: the first request with this key is still being worked on.
        Invalid: the key was used for another request.
    """
    known = _held(act.by.pk, key)
    if known is not None:
        digest, status, headers, body = known
        if digest != request_digest:
            raise Invalid("This Idempotency-Key was used for another request.", code="key_reused")
        return Answer(status=status, body=body, headers=headers, is_replayed=True)
    made = make()
    body = plain(made.body)
    write_later(
        "INSERT INTO audit_rememberedanswer"
        " (user_id, key, request_digest, status, headers, body, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [act.by.pk, key, request_digest, made.status, Json(made.headers), Json(body), act.at],
    )
    return Answer(status=made.status, body=body, headers=made.headers)


def _held(user_id: int, key: UUID) -> tuple[str, int, dict[str, str], dict[str, Any]] | None:
    """Hold the key until commit, and return the answer it was given, if it was.

    Of two requests at once the second does not wait. The key is held by a statement of its own:
    one that also looked would look at the moment before it held.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [f"{user_id}:{key}"]
        )
        (held,) = cursor.fetchone()
        if not held:
            raise Conflict("The first request with this key is still in flight.", code="in_flight")
        cursor.execute(
            "SELECT request_digest, status, headers::text, body::text"
            " FROM audit_rememberedanswer WHERE user_id = %s AND key = %s",
            [user_id, key],
        )
        found = cursor.fetchone()
    if found is None:
        return None
    digest, status, headers, body = found
    return digest, status, json.loads(headers), json.loads(body)
