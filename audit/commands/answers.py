"""Answers given once: a repeated request with the same key acts once and is answered the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from audit.acts import Act, command
from audit.models import RememberedAnswer
from kernel.canonical import plain
from kernel.errors import Conflict, Invalid


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
    _hold(act.by.pk, key)
    known = RememberedAnswer.objects.filter(user=act.by, key=key).first()
    if known is not None:
        if known.request_digest != request_digest:
            raise Invalid("This Idempotency-Key was used for another request.", code="key_reused")
        return Answer(status=known.status, body=known.body, headers=known.headers, is_replayed=True)
    made = make()
    body = plain(made.body)
    RememberedAnswer.objects.create(
        user=act.by,
        key=key,
        request_digest=request_digest,
        status=made.status,
        headers=made.headers,
        body=body,
        created_at=act.at,
    )
    return Answer(status=made.status, body=body, headers=made.headers)


def _hold(user_id: int, key: UUID) -> None:
    """Hold the key until commit, so that of two requests at once the second does not wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [f"{user_id}:{key}"]
        )
        (held,) = cursor.fetchone()
    if not held:
        raise Conflict("The first request with this key is still in flight.", code="in_flight")
