"""What the signing dialogs of quality send, for tests that post them without reading a page."""

from __future__ import annotations

from typing import Any

from django.test import Client

from audit.models import User
from audit.signing import digest_of
from batches.models import Batch
from quality.models import Deviation
from tests.worlds.audit import PASSWORD, shown_in


def dialog(client: Client, statement: Any, who: User, version: int, **more: str) -> dict[str, Any]:
    """What the signing dialog on the screen of ``client`` sends."""
    is_deviation = statement["record"] == "deviation"
    found: Any = (
        Deviation.objects.get(number=statement["deviation"])
        if is_deviation
        else Batch.objects.get(number=statement["batch"])
    )
    meaning = "closed" if is_deviation else statement.get("decision", "reviewed")
    return {
        "challenge": shown_in(client, found, meaning, digest_of(statement)),
        "username": who.username,
        "password": PASSWORD,
        "digest": digest_of(statement),
        "version": version,
        **more,
    }
