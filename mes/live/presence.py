"""Presence: who else looks at a step just now, told by printed initials, and never recorded.

Each open screen of a step asks every few seconds, and is seen by asking. What is known lies in the
broker and passes by itself; where that is away, nobody is shown, and work goes on.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from audit.models import User
from audit.views import EVERYBODY, roles_required
from batches.queries import step_found

# A screen asks every four seconds; one that has not asked for so long is gone (within 15 in all).
GONE_AFTER_S = 10
_FORGOTTEN_AFTER_S = 60
_PATIENCE_S = 0.3


@cache
def _broker() -> Any:
    return Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_timeout=_PATIENCE_S,
        socket_connect_timeout=_PATIENCE_S,
        decode_responses=True,
    )


def initials_of(user: User) -> str:
    """Return how a person is told: "V. N." for Vera Novak."""
    return " ".join(f"{name[0]}." for name in user.full_name.split() if name[0].isalpha())


def others_at(step_id: int, user: User, *, at: float | None = None) -> list[str]:
    """Note that a person looks at a step, and return who else does, by their initials.

    Args:
        at: seconds of the epoch; now when left out.
    """
    clock = time.time() if at is None else at
    key = f"presence:{step_id}"
    try:
        with _broker().pipeline(transaction=False) as asked:
            asked.hset(key, str(user.pk), f"{clock:.0f} {initials_of(user)}")
            asked.expire(key, _FORGOTTEN_AFTER_S)
            asked.hgetall(key)
            told: dict[str, str] = asked.execute()[-1]
    except RedisError:
        return []
    found = []
    for person, said in sorted(told.items()):
        seen_at, _, initials = said.partition(" ")
        if person != str(user.pk) and clock - float(seen_at) <= GONE_AFTER_S:
            found.append(initials)
    return found


@require_safe
@roles_required(*EVERYBODY)
def here(request: HttpRequest, number: str, code: str) -> JsonResponse:
    """Say who else looks at a step; asking is what others are told of."""
    assert isinstance(request.user, User), "roles_required let nobody else in"
    step = step_found(number, code, request.user)
    answer = JsonResponse({"others": others_at(step.pk, request.user)})
    answer["Cache-Control"] = "no-store"
    return answer
