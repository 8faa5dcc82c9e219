"""Pages: by cursor, never by offset; and only parameters that exist."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.refusals import Malformed
from kernel.errors import Invalid


def cursor_page(
    request: Request, rows: QuerySet[Any], shown: Callable[[Any], dict[str, Any]]
) -> Response:
    """Return one page of ``rows``, newest first, with the cursor of the next and previous ones.

    Raises:
        Invalid: the limit or the cursor is not one of ours.
    """
    limit = limit_of(request)
    before, after = _cursor(request, "cursor"), _cursor(request, "prev")
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: limit + 1])
        more_newer, found = len(found) > limit, list(reversed(found[:limit]))
        more_older = True
    else:
        chosen = rows if before is None else rows.filter(pk__lt=before)
        found = list(chosen.order_by("-pk")[: limit + 1])
        more_older, found = len(found) > limit, found[:limit]
        more_newer = before is not None
    return Response(
        {
            "results": [shown(row) for row in found],
            "next": _written(found[-1].pk) if found and more_older else None,
            "prev": _written(found[0].pk) if found and more_newer else None,
        }
    )


def limit_of(request: Request) -> int:
    """Return how many rows are asked for.

    Raises:
        Invalid: not a number from 1 to 200.
    """
    text = request.query_params.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9] or 0) <= 200:
        raise Invalid("limit is a number from 1 to 200.", pointer="#/query/limit", code="range")
    return int(text)


def _written(pk: int) -> str:
    return base64.urlsafe_b64encode(str(pk).encode()).decode().rstrip("=")


def _cursor(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        value = int(base64.urlsafe_b64decode(text.encode("ascii") + b"==").decode("ascii"))
        if not 0 <= value < 2**62:
            raise ValueError
    except ValueError:
        raise Invalid(
            "This cursor was not made here.", pointer=f"#/query/{name}", code="cursor"
        ) from None
    return value


def only_known(request: Request, *names: str) -> None:
    """Refuse a query parameter that the resource does not have (unknown filter = 400)."""
    for name in request.query_params:
        if name not in names:
            raise Malformed(
                f"There is no parameter {name[:60]}.",
                pointer=f"#/query/{name[:60]}",
                code="unknown",
            )
