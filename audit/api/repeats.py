"""Repeats and versions: Idempotency-Key, ETag and If-None-Match."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.acts import Act
from audit.api.refusals import Malformed
from audit.commands.answers import Answer, answer_once


def etag_of(version: int) -> str:
    """Return the entity tag of a record's version."""
    return f'"{version}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Say whether the client has this version already (If-None-Match)."""
    known = request.headers.get("If-None-Match", "")
    return etag in [one.strip().removeprefix("W/") for one in known.split(",")]


def idempotency_key(request: Request) -> UUID:
    """Return the Idempotency-Key header.

    Raises:
        Malformed: it is absent or not a UUID.
    """
    text = request.headers.get("Idempotency-Key", "").strip()
    try:
        if len(text) != 36:
            raise ValueError
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


def answered_once(request: Request, act: Act, make: Callable[[], Answer]) -> Response:
    """Answer a request that carries an Idempotency-Key: act once, answer each repeat the same."""
    answer = answer_once(
        key=idempotency_key(request),
        request_digest=digest_of_request(request),
        make=make,
        act=act,
    )
    response = Response(answer.body, status=answer.status)
    for name, value in answer.headers.items():
        response[name] = value
    if answer.is_replayed:
        response["Idempotency-Replayed"] = "true"
    return response
