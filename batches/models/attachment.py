"""Attachments: photos, files and printed labels of a batch, kept as they are, byte for byte."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, User
from batches.models.batch import Batch
from batches.models.step import Step


class Encoded(models.Func):
    """The text of bytes in hexadecimal digits (PostgreSQL's encode)."""

    function = "encode"
    output_field: Any = models.CharField()


class Hashed(models.Func):
    """The SHA-256 of bytes (PostgreSQL's core function)."""

    function = "sha256"
    output_field: Any = models.BinaryField()


class Attachment(Recorded):
    """One file of a step; the ledger has its digest, the database refuses bytes that do not match.

    ``number`` counts the files of a step; of labels, the first run is the print and every later
    one a reprint. ``copies`` is how many labels were printed.
    """

    chained_in = ("batch", "batch_id")
    append_only = True
    unrecorded = ("content",)

    class Sort(models.TextChoices):
        IMAGE = "image"
        PDF = "pdf"
        CSV = "csv"
        LABEL = "label"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="attachments")
    step = models.ForeignKey(Step, models.PROTECT, related_name="attachments")
    number = models.PositiveSmallIntegerField()
    sort = models.CharField(max_length=8, choices=Sort)
    name = models.CharField(max_length=80)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    copies = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(max_length=1000, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("step", "number"), name="attachment_is_numbered_once"),
            models.CheckConstraint(
                condition=models.Q(
                    digest=Encoded(Hashed(models.F("content")), models.Value("hex"))
                ),
                name="attachment_is_what_its_digest_says",
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.name}"
