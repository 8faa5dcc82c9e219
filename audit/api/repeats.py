"""Repeats and versions: Idempotency-Key, ETag and If-Match."""

from __future__ import annotations

import hashlib
import json
from typing import cast
from uuid import UUID

from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.refusals import Malformed
from audit.models import RememberedAnswer, User
from kernel.errors import Conflict, Invalid


def etag_of(version: int) -> str:
    """Return the entity tag of a record's version."""
    return f'"{version}"'


def idempotency_key(request: Request) -> UUID:
    """Return the Idempotency-Key header.

    Raises:
        Invalid: it is absent or not a UUID.
    """
    text = request.headers.get("Idempotency-Key", "")
    try:
        return UUID(text)
    except ValueError:
        raise Malformed(
            "An Idempotency-Key header with a UUID is required.",
            pointer="#/header/Idempotency-Key",
            code="idempotency_key",
        ) from None


def digest_of_request(request: Request) -> str:
    """Return the digest of what was asked: method, path and body, whatever its white space."""
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.path} {body}".encode()).hexdigest()


def remembered(request: Request, key: UUID) -> Response | None:
    """Return the answer already given to this key, or None.

    Raises:
        Invalid: the key was used for another request.
    """
    known = RememberedAnswer.objects.filter(user=cast(User, request.user), key=key).first()
    if known is None:
        return None
    if known.request_digest != digest_of_request(request):
        raise Invalid("This Idempotency-Key was used for another request.", code="key_reused")
    response = Response(known.body, status=known.status)
    for name, value in known.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def hold_key(request: Request, key: UUID) -> None:
    """Hold the key until the end of the transaction; call it first inside the command's scope.

    Raises:
        Conflict: the first request with this key is still being worked on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))",
            [f"{request.user.pk}:{key}"],
        )
        (held,) = cursor.fetchone()
    if not held:
        raise Conflict("The first request with this key is still in flight.", code="in_flight")
