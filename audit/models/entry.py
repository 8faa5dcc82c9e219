"""The ledger: one row for every recorded change, chained per stream by a database trigger."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

# The reason as it stands in the text of an entry, still escaped. A pattern, because reading the
# entry as JSON would fail where an attacker has left noise, and nobody could look at it.
REASON = r'"origin":"(?:[^"\\]|\\.)*","reason":"((?:[^"\\]|\\.)*)"'


class ReasonOf(models.Func):
    """The reason in the text of an entry."""

    function = "substring"
    template = "%(function)s(%(expressions)s)"
    arity = 2


class LedgerEntry(models.Model):
    """A link of a chain. Only ``stream`` and ``entry`` are given; the trigger makes the rest."""

    stream = models.CharField(max_length=64)
    seq = models.BigIntegerField()
    entry = models.TextField()
    recorded_at = models.DateTimeField()
    act = models.UUIDField()
    actor_id = models.BigIntegerField()
    verb = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    # Means something until the commit only: a restored database counts its transactions anew.
    txid = models.BigIntegerField(null=True, editable=False)
    reason = models.GeneratedField(
        expression=ReasonOf("entry", models.Value(REASON)),
        output_field=models.TextField(null=True),
        db_persist=True,
    )

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("stream", "seq"), name="ledger_has_no_fork"),
            models.CheckConstraint(
                condition=models.Q(stream__regex=r"^[a-z0-9:_-]+$"),
                name="ledger_stream_is_plain",
            ),
        )
        indexes = (
            models.Index(fields=("subject_type", "subject_id"), name="ledger_by_subject"),
            models.Index(fields=("act",), name="ledger_by_act"),
            models.Index(fields=("txid",), name="ledger_by_transaction"),
            models.Index(fields=("recorded_at", "id"), name="ledger_by_time"),
            models.Index(fields=("actor_id", "recorded_at", "id"), name="ledger_by_person"),
            models.Index(fields=("verb", "recorded_at", "id"), name="ledger_by_verb"),
            GinIndex(
                OpClass(Upper("reason"), "gin_trgm_ops"),
                name="ledger_by_reason",
                condition=models.Q(reason__gt=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.stream} {self.seq}"


class Checkpoint(models.Model):
    """A signed statement of all stream heads; its line also stands in a file outside."""

    at = models.DateTimeField()
    root = models.CharField(max_length=64)
    line = models.TextField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.pk} {self.root[:12]}"
