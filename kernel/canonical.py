"""One canonical form for everything that is hashed: RFC 8785 (JCS), with Decimals as strings.

Source: RFC 8785 sections 3.2.2 and 3.2.3. Floats are refused rather than formatted: no number
that goes on a record is a float. Keys are ours and stay within the basic plane, where the code
point order used here and the UTF-16 order of the RFC agree; other keys are refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

EMPTY_HASH = "0" * 64
_AS_IT_IS = frozenset((str, int, bool, type(None)))
_encoder = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
)


def plain(value: Any) -> Any:
    """Return ``value`` in JSON terms: Decimal and UUID as text, times as UTC with microseconds."""
    if type(value) in _AS_IT_IS:
        return value
    match value:
        case int() | str():
            return value
        case Decimal():
            if not value.is_finite():
                raise ValueError("a record holds finite numbers only")
            return format(value.normalize(), "f") if value else "0"
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a record holds times with a zone only")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return "sha256:" + hashlib.sha256(bytes(value)).hexdigest()
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form")


def _key(key: Any) -> str:
    if type(key) is str and key.isascii():
        return key
    if not isinstance(key, str) or any(ord(letter) > 0xFFFF for letter in key):
        raise TypeError("keys of a canonical object are plain text")
    return key


def canonical(value: Any) -> str:
    """Return the RFC 8785 text of ``value``."""
    return _encoder.encode(plain(value))


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical text, in lower-case hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def chained(previous: str, text: str) -> str:
    """Return the next hash of a chain: SHA-256 over the previous hash in hex, then the text."""
    return hashlib.sha256((previous + text).encode()).hexdigest()
