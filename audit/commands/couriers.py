"""What a transaction promises to tell: feed rows for clients, outbox rows for workers.

Note [Outbox]: a message commits with the fact that needs it. Whoever sweeps first counts the try
and puts the next one off, in a transaction of its own, so that a message that kills its worker
cannot stop the others; then the handler runs in one transaction with the mark "delivered", so its
effect in the database happens once, whatever the broker loses or repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from audit.acts import Act, command
from audit.models import OutboxMessage
from kernel.canonical import canonical
from kernel.events import Event
from kernel.prepared import statement

LONGEST_WAIT = timedelta(hours=1)

# Told the payload of a message, and the act under which it is delivered.
Handler = Callable[[Mapping[str, Any], Act], None]
_handlers: dict[str, Handler] = {}


def set_handlers(handlers: Mapping[str, Handler]) -> None:
    """Replace the table of who handles which kind of message; the roof hands it down."""
    _handlers.clear()
    _handlers.update(handlers)


def write_to_feed(event: Event) -> None:
    """Write a public event to the feed, in the transaction that made it a fact."""
    if not event.kind:
        return
    payload = canonical({name: getattr(event, name) for name in event.public})
    statement(
        "INSERT INTO audit_feedevent (txid, at, kind, site_id, subject, payload)"
        " VALUES (pg_current_xact_id()::text::bigint, %s, %s, %s, %s, %s)",
        [event.act.at, event.kind, event.site_id, event.subject, payload],
    ).close()


def enqueue(*, kind: str, payload: dict[str, Any], act: Act, delay_s: int = 0) -> OutboxMessage:
    """Promise slow work: the message commits with the fact that needs it, or not at all."""
    message: OutboxMessage = OutboxMessage.objects.create(
        kind=kind,
        payload=payload,
        created_at=act.at,
        due_at=act.at + timedelta(seconds=delay_s),
    )
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that was taken, and which try this is."""

    message_id: int
    attempt: int


def wait_after(attempt: int) -> timedelta:
    """Return how long after a try the next one is due: 2 s, 4 s, 8 s … one hour."""
    return min(timedelta(seconds=2 ** min(attempt, 12)), LONGEST_WAIT)


@command(may_be_silent=True)
def claim_messages(*, limit: int, act: Act) -> list[Claim]:
    """Take up to ``limit`` messages that are due; what another sweeper holds is left to it."""
    due = OutboxMessage.objects.select_for_update(skip_locked=True)
    taken = []
    for message in due.filter(delivered_at=None, due_at__lte=act.at).order_by("due_at", "pk")[
        :limit
    ]:
        message.attempts += 1
        message.due_at = act.at + wait_after(message.attempts)
        message.save(update_fields=["attempts", "due_at"])
        taken.append(Claim(message_id=message.pk, attempt=message.attempts))
    return taken


@command(may_be_silent=True)
def deliver_message(*, claim: Claim, act: Act) -> bool:
    """Run the handler of a message, and mark it as delivered, in one transaction.

    Returns:
        Whether it was delivered here; False when somebody else did or is doing so.

    Raises:
        NoHandler: nobody here knows this kind of message.
    """
    waiting = OutboxMessage.objects.select_for_update(skip_locked=True)
    message = waiting.filter(pk=claim.message_id, attempts=claim.attempt, delivered_at=None).first()
    if message is None:
        return False
    handler = _handlers.get(message.kind)
    if handler is None:
        raise NoHandler(f"nobody handles {message.kind}")
    handler(message.payload, act)
    message.delivered_at = act.at
    message.error = ""
    message.save(update_fields=["delivered_at", "error"])
    return True


class NoHandler(RuntimeError):
    """A message of a kind that nobody handles; a later release may."""


@command(may_be_silent=True)
def note_failure(*, claim: Claim, error: str, act: Act) -> None:
    """Keep why a try failed; the next one is due already."""
    waiting = OutboxMessage.objects.select_for_update().filter(pk=claim.message_id)
    message = waiting.filter(attempts=claim.attempt, delivered_at=None).first()
    if message is not None:
        message.error = error
        message.save(update_fields=["error"])
