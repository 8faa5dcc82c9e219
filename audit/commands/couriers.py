"""What a transaction promises to tell: feed rows for clients, outbox rows for workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from audit.acts import Act
from audit.models import OutboxMessage
from kernel.canonical import canonical
from kernel.events import Event


def write_to_feed(event: Event) -> None:
    """Write a public event to the feed, in the transaction that made it a fact."""
    if not event.kind:
        return
    payload = canonical({name: getattr(event, name) for name in event.public})
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_feedevent (txid, at, kind, site_id, subject, payload)"
            " VALUES (pg_current_xact_id()::text::bigint, %s, %s, %s, %s, %s)",
            [event.act.at, event.kind, event.site_id, event.subject, payload],
        )


def enqueue(*, kind: str, payload: dict[str, Any], act: Act, delay_s: int = 0) -> OutboxMessage:
    """Promise slow work: the message commits with the fact that needs it, or not at all."""
    message: OutboxMessage = OutboxMessage.objects.create(
        kind=kind,
        payload=payload,
        created_at=act.at,
        due_at=act.at + timedelta(seconds=delay_s),
    )
    return message
