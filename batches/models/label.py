"""Labels that were replaced: the old one is void, the new one has a serial of its own."""

from __future__ import annotations

from django.db import models

from audit.models import Recorded, User
from batches.models.attachment import Attachment
from batches.models.batch import Batch
from batches.models.step import Step
from batches.rules.labels import FATES


class LabelReplacement(Recorded):
    """One label put in the place of another, by two people, after the labels were accounted for."""

    chained_in = ("batch", "batch_id")
    append_only = True
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="label_replacements")
    step = models.ForeignKey(Step, models.PROTECT, related_name="label_replacements")
    attachment = models.OneToOneField(Attachment, models.PROTECT, related_name="+")
    void_serial = models.CharField(max_length=64, unique=True)
    new_serial = models.CharField(max_length=64, unique=True)
    fate = models.CharField(max_length=12, choices=[(one, one) for one in FATES])
    reason = models.CharField(max_length=1000)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    witnessed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(made_by=models.F("witnessed_by")),
                name="two_people_replace_a_label",
            ),
            models.CheckConstraint(
                condition=~models.Q(void_serial=models.F("new_serial")),
                name="no_label_replaces_itself",
            ),
        )

    def __str__(self) -> str:
        return f"{self.void_serial} by {self.new_serial}"
