"""What is kept for a while beside the records: one-time links, and what is remembered briefly."""

from __future__ import annotations

from django.db import models

from audit.models.recorded import Recorded, kept_history
from audit.models.user import User


class PasswordLink(Recorded):
    """A one-time link with which a person chooses a password; stored as a digest only."""

    chained_in = ("people", None)
    unrecorded = ("digest",)
    person = models.ForeignKey(User, models.PROTECT, related_name="password_links")
    digest = models.CharField(max_length=64, unique=True, null=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person",), condition=models.Q(ended_at=None), name="one_link_is_open"
            ),
            models.CheckConstraint(
                condition=~models.Q(made_by=models.F("person")), name="nobody_links_themselves"
            ),
        )

    def __str__(self) -> str:
        return f"for {self.person_id}"


class Remembered(models.Model):
    """A line of the cache (Django's ``DatabaseCache``): spent codes and counters of attempts.

    It stands in the database so that every process sees it: a code is used once, anywhere.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
