"""Fields that take what they say and nothing else, each with its reason in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.api.body import NumberText
from kernel.errors import Invalid
from kernel.quantities import decimal_from

DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
MOMENT = re.compile(
    r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})$", re.ASCII
)


class Strict(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values, or name every field that is unknown or wrong."""
        if isinstance(data, Mapping):
            unknown = {
                str(name): [serializers.ErrorDetail("There is no such field.", code="unknown")]
                for name in data
                if name not in self.fields
            }
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Text: a JSON string, not blank, without control characters."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text without the white space around it."""
        if not isinstance(data, str) or isinstance(data, NumberText):
            raise serializers.ValidationError("Send text.", code="not_text")
        text = data.strip()
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
            raise serializers.ValidationError("Text holds no control characters.", code="control")
        return text


@extend_schema_field({"type": "string", "format": "date"})
class Day(serializers.Field[date, Any, str, Any]):
    """A day, as YYYY-MM-DD."""

    def to_internal_value(self, data: Any) -> date:
        """Return the day."""
        if not isinstance(data, str) or not DAY.match(data):
            raise serializers.ValidationError("Send a date as YYYY-MM-DD.", code="date")
        try:
            return date.fromisoformat(data)
        except ValueError:
            raise serializers.ValidationError("There is no such day.", code="date") from None

    def to_representation(self, value: date) -> str:
        """Return the day as text."""
        return value.isoformat()


@extend_schema_field({"type": "string", "format": "date-time"})
class Moment(serializers.Field[datetime, Any, str, Any]):
    """A moment with its zone (RFC 3339)."""

    def to_internal_value(self, data: Any) -> datetime:
        """Return the moment in UTC."""
        if not isinstance(data, str) or not MOMENT.match(data):
            raise serializers.ValidationError(
                "Send a time with its zone, as 2027-01-11T08:00:00Z.", code="datetime"
            )
        try:
            return datetime.fromisoformat(data.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise serializers.ValidationError("There is no such time.", code="datetime") from None

    def to_representation(self, value: datetime) -> str:
        """Return the moment as text, in UTC."""
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "pattern": r"^\d{1,6}(\.\d{1,6})?$"},
            {"type": "number", "exclusiveMinimum": 0, "maximum": 999999},
        ]
    }
)
class Quantity(serializers.Field[Decimal, Any, str, Any]):
    """A number for a record: a decimal text, or a JSON number taken as it was written."""

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the number, exactly as it was sent."""
        if isinstance(data, bool) or not isinstance(data, str | int):
            raise serializers.ValidationError("Send a number.", code="not_a_number")
        try:
            return decimal_from(str(data))
        except Invalid as refusal:
            raise serializers.ValidationError(refusal.detail, code=refusal.code) from None

    def to_representation(self, value: Decimal) -> str:
        """Return the number as text."""
        return format(value.normalize(), "f")
