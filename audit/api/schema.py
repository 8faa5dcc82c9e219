"""The OpenAPI document: what every resource has in common."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    required=True,
    description="A UUID of the client's choice; a repeat with the same key acts once.",
)
MAY_REPEAT = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    description="A UUID of the client's choice; a repeat with the same key acts once.",
)
PAGING = [
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the page before."),
    OpenApiParameter("prev", OpenApiTypes.STR, description="`prev` of the page after."),
]
WORDS = {
    400: "The request cannot be read.",
    401: "Nobody known is asking.",
    403: "This asker may not do that.",
    404: "There is no such record, or not for this asker.",
    405: "The resource has no such method.",
    409: "The record is not in a condition for this.",
    413: "The body is larger than 1 MB.",
    415: "Only JSON is taken.",
    422: "The input is understood and wrong.",
    503: "The database does not answer; try again.",
}


class FaultOut(serializers.Serializer[Any]):
    """One fault: where, which, and in words."""

    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    errors = FaultOut(many=True)  # type: ignore[assignment]  # RFC 9457 names it so


def refusals(*statuses: int) -> dict[Any, Any]:
    """Return the documented refusals of a resource, each a problem document."""
    return {
        (status, "application/problem+json"): OpenApiResponse(Problem, WORDS[status])
        for status in statuses
    }


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # theirs
    """How a token is shown."""

    target_class = "audit.api.access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "mes_live_…"}
