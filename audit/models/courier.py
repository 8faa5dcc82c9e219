"""What leaves the transaction: the event feed, the outbox, jobs, and remembered answers.

None of these is a record under the ledger: each can be rebuilt from it, or only says how far a
courier got.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models.site import Site
from audit.models.user import User


class FeedEvent(models.Model):
    """An event as clients see it; ``txid`` orders the feed so that no reader skips one."""

    txid = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=48)
    site = models.ForeignKey(Site, models.PROTECT, null=True)
    subject = models.CharField(max_length=64, blank=True)
    payload: Any = models.JSONField(default=dict)

    class Meta:
        ordering = ("txid", "id")
        indexes = (models.Index(fields=("txid", "id"), name="feed_in_order"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class OutboxMessage(models.Model):
    """Slow work promised by a transaction; the sweeper hands it to a worker until it is done."""

    kind = models.CharField(max_length=48)
    payload: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("due_at",),
                condition=models.Q(delivered_at=None),
                name="outbox_waiting",
            ),
        )

    def __str__(self) -> str:
        return self.kind


class Job(models.Model):
    """Long work with a progress bar and a way to stop it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELED = "canceled"

    kind = models.CharField(max_length=48)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    payload: Any = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    result: Any = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class RememberedAnswer(models.Model):
    """The answer given to an idempotency key, so that a repeated request acts once."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    key = models.UUIDField()
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers: Any = models.JSONField(default=dict)
    body: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "key"), name="idempotency_key_acts_once"),
        )

    def __str__(self) -> str:
        return str(self.key)
