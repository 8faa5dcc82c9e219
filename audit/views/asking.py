"""What the filters of an address say: whatever is not understood filters nothing."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from audit.models import User
from kernel.errors import Unauthenticated

LONGEST = 64


def person_of(request: HttpRequest) -> User:
    """Return who is asking."""
    if not isinstance(request.user, User):
        raise Unauthenticated("Sign in first.")
    return request.user


def is_part(request: HttpRequest) -> bool:
    """Say whether only the list of the page is asked for; a page from the history is whole."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in headers


def text_in(given: Any, name: str) -> str:
    """Return a text of the address."""
    text = str(given.get(name, "")).strip()[:LONGEST]
    return text if text.isprintable() else ""


def day_in(given: Any, name: str) -> date | None:
    """Return a day of the address."""
    try:
        return date.fromisoformat(text_in(given, name))
    except ValueError:
        return None


def number_in(given: Any, name: str) -> int | None:
    """Return a cursor of the address."""
    text = text_in(given, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def address(chosen: dict[str, str], **more: object) -> str:
    """Return the address of the same page with these filters."""
    return "?" + urlencode({**chosen, **more})
