"""Cells: values of entries, rows and history in one comparable form, strict and small.

Texts, whole numbers and nothing stay what they are. All else becomes a tuple of its JSON text, or
of a digest where that is long: so true is not 1, and the keys of an object have one order.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from kernel.canonical import plain

ATOMS = frozenset((str, int, type(None)))
# Longer texts are held as their digest: a whole stream of documents must not be.
LONGEST = 100


def cell(value: Any) -> Any:
    """Return a value of an entry, as JSON has it, in its comparable form."""
    if value.__class__ in ATOMS:
        return value
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if len(text) > LONGEST:
        return ("sha256", sha256(text.encode()).digest())
    return (text,)


def cells(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of an entry in their comparable form: the same object, changed."""
    for name, value in values.items():
        if value.__class__ not in ATOMS:
            values[name] = cell(value)
    return values


def stored_cell(value: Any) -> Any:
    """Return a value of a row in its comparable form.

    Raises:
        ValueError, TypeError: no record holds such a value.
    """
    if value.__class__ in ATOMS:
        return value
    if value.__class__ is datetime and value.tzinfo is UTC and value.year > 999:
        return f"{value.isoformat(timespec='microseconds')[:26]}Z"
    return cell(plain(value))
