"""What a signing dialog was shown for, and who accepted the statement behind every signature."""

from __future__ import annotations

from django.db import models

from audit.models.recorded import Recorded
from audit.models.user import User


class SigningChallenge(models.Model):
    """One signing dialog on one screen; its signature takes it away, so that it serves once.

    The table is unlogged: it costs no write-ahead log, and after a crash it is empty, so that an
    old dialog never serves again. It names its person without a foreign key, which would lock
    the row of the account.
    """

    id = models.UUIDField(primary_key=True)
    person_id = models.BigIntegerField()
    session = models.CharField(max_length=64)
    subject = models.CharField(max_length=96)
    meaning = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.meaning} {self.subject}"


class Acceptance(Recorded):
    """That a person accepted one version of the statement of accountability; never changed."""

    chained_in = ("people", None)
    append_only = True
    person = models.ForeignKey(User, models.PROTECT, related_name="acceptances")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    accepted_at = models.DateTimeField()
    origin = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person", "version", "digest"), name="statement_is_accepted_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id} accepted {self.version}"
