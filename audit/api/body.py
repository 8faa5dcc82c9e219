"""Bodies: JSON as RFC 8259 has it, at most 1 MB, at most 32 levels deep, each key once."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from rest_framework.parsers import BaseParser

from audit.api.refusals import Malformed
from kernel.errors import TooLarge

MAX_BODY = 1_048_576
MAX_DEPTH = 32


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not a JSON number.")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise Malformed(f"The key {key[:60]!r} stands twice in one object.")
        made[key] = value
    return made


class NumberText(str):
    """A JSON number with a fraction or an exponent, kept as it was written."""

    __slots__ = ()


def _finite(text: str) -> NumberText:
    """Keep a number as it was written; what a double cannot hold is refused."""
    if not math.isfinite(float(text)):
        raise Malformed("A number is too large.")
    return NumberText(text)


def _check(value: Any, depth: int = 0) -> None:
    """Refuse nesting beyond reason, lone surrogates and NUL."""
    if depth > MAX_DEPTH:
        raise Malformed("The body is nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Malformed("Text may not hold NUL or unpaired surrogates.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth + 1)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it, at most 1 MB; a number with a fraction arrives as it was written."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value of the body.

        Raises:
            TooLarge: more than 1 MB.
            Malformed: not UTF-8, not JSON, too deep, duplicate keys, NaN or Infinity.
        """
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLarge("A body has at most 1 MB.")
        try:
            value = json.loads(
                body.decode("utf-8"),
                parse_float=_finite,
                parse_constant=_refuse_constant,
                object_pairs_hook=_no_duplicates,
            )
        except (
            UnicodeDecodeError,
            json.JSONDecodeError,
            RecursionError,
            ValueError,
        ) as error:
            raise Malformed("The body is not valid JSON in UTF-8.") from error
        _check(value)
        return value
