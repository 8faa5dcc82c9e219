"""Who came in, who tried to, and what people keep of their searches."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models.user import User


class AccessEvent(models.Model):
    """One attempt to show credentials, good or not; only ever added (draft Annex 11, 11).

    The user ID stands as it was typed (folded), for nobody may have it; ``user`` is whose it is.
    """

    class Outcome(models.TextChoices):
        SIGNED_IN = "signed_in", "Signed in"
        FAILED = "failed", "Failed"
        LOCKED = "locked", "Locked"
        SIGNED_OUT = "signed_out", "Signed out"

    at = models.DateTimeField()
    username = models.CharField(max_length=64)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=16, choices=Outcome)
    origin = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("at", "id"), name="access_by_time"),
            models.Index(fields=("username", "at", "id"), name="access_by_person"),
        )

    def __str__(self) -> str:
        return f"{self.username} {self.outcome}"


class SavedSearch(models.Model):
    """A filter of the ledger that somebody wants to find again; nothing is changed by it."""

    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    filters: Any = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("person", "name"), name="search_is_named_once"),
        )

    def __str__(self) -> str:
        return self.name
