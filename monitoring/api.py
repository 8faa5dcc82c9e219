"""Readings over REST: a window of one sensor, page by page."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api import Malformed, only_known, sites_seen
from audit.api.schema import refusals
from audit.edges import now
from kernel.errors import Invalid
from monitoring.permissions import READERS
from monitoring.queries import page_of_readings, sensor_coded
from monitoring.rules.intake import exact, microseconds, moment_of
from monitoring.rules.quality import word_of

HOUR = timedelta(hours=1)
LONGEST = timedelta(days=31)


class ReadingOut(serializers.Serializer[Any]):
    """One reading."""

    sensor = serializers.CharField()
    at = serializers.DateTimeField(help_text="When the sensor measured.")
    received_at = serializers.DateTimeField(help_text="When the reading arrived.")
    value = serializers.CharField(allow_null=True, help_text="A decimal number; null when bad.")
    unit = serializers.CharField(help_text="UCUM")
    quality = serializers.ChoiceField(choices=["good", "uncertain", "bad"])


class ReadingPage(serializers.Serializer[Any]):
    """One page of readings, oldest first."""

    results = ReadingOut(many=True)
    next = serializers.CharField(allow_null=True)
    prev = serializers.CharField(allow_null=True)


def _parameter(name: str, kind: Any, text: str, *, is_required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, kind, required=is_required, description=text)


class Readings(APIView):
    """The readings of a sensor."""

    scopes = {"GET": "readings:read"}
    roles = {"GET": READERS}

    @extend_schema(
        operation_id="readings_list",
        parameters=[
            _parameter("sensor", OpenApiTypes.STR, "The code of the sensor.", is_required=True),
            _parameter("from", OpenApiTypes.DATETIME, "Default: an hour before ``to``."),
            _parameter("to", OpenApiTypes.DATETIME, "Default: now. At most 31 days after."),
            _parameter("limit", OpenApiTypes.INT, "1 to 200; default 50."),
            _parameter("cursor", OpenApiTypes.STR, "``next`` of the page before."),
            _parameter("prev", OpenApiTypes.STR, "``prev`` of the page after."),
        ],
        responses={200: ReadingPage, **refusals(400, 401, 403, 404, 422)},
    )
    def get(self, request: Request) -> Response:
        """Return one page of the readings of a sensor between two times, oldest first."""
        only_known(request, "sensor", "from", "to", "limit", "cursor", "prev")
        code = request.query_params.get("sensor", "")
        if not code.isprintable():
            raise Malformed("Name a sensor.", pointer="#/query/sensor", code="unreadable")
        if not code:
            raise Malformed("Name a sensor.", pointer="#/query/sensor", code="required")
        sensor = sensor_coded(code, sites=sites_seen(request))
        end = _time(request, "to") or now()
        start = _time(request, "from") or end - HOUR
        if not timedelta(0) <= end - start <= LONGEST:
            raise Invalid("A window has at most 31 days.", pointer="#/query/from", code="range")
        limit = _limit(request)
        after, before = _place(request, "cursor"), _place(request, "prev")
        rows, has_older, has_newer = page_of_readings(
            sensor.pk, start, end, limit=limit, after=after, before=before
        )
        results = [
            {
                "sensor": sensor.code,
                "at": _text(at),
                "received_at": _text(received_at),
                "value": None if value is None or quality < 0 else format(exact(value), "f"),
                "unit": sensor.unit,
                "quality": word_of(quality),
            }
            for at, received_at, value, quality in rows
        ]
        return Response(
            {
                "results": results,
                "next": _written(rows[-1][0]) if rows and has_newer else None,
                "prev": _written(rows[0][0]) if rows and has_older else None,
            }
        )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None or not 1970 <= at.year <= 2500:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(
            f"{name} is a time with a zone, like 2026-11-22T14:05:09Z.",
            pointer=f"#/query/{name}",
            code="time",
        ) from None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "50")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 200:
        raise Invalid("limit is a number from 1 to 200.", pointer="#/query/limit", code="range")
    return int(text)


def _written(at: datetime) -> str:
    return base64.urlsafe_b64encode(str(microseconds(at)).encode()).decode().rstrip("=")


def _place(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        value = int(base64.urlsafe_b64decode(text.encode("ascii") + b"==").decode("ascii"))
        return moment_of(value)
    except (ValueError, OverflowError):
        raise Invalid(
            "This cursor was not made here.", pointer=f"#/query/{name}", code="cursor"
        ) from None
