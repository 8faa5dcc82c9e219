"""Training: who was shown which version of which procedure, by whom, and until when it holds."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from audit.models.recorded import Recorded
from audit.models.user import User


class Training(Recorded):
    """That a person was trained on a version of a procedure (21 CFR 11.10(i)); only ever added."""

    chained_in = ("people", None)
    append_only = True
    user = models.ForeignKey(User, models.PROTECT, related_name="trainings")
    procedure = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    trained_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    evidence = models.CharField(max_length=200)
    trained_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        ordering = ("-trained_at", "-id")
        indexes = (models.Index(fields=("user", "procedure"), name="training_of_a_person"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(trained_by=F("user")), name="nobody_trains_themselves"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("trained_at")), name="training_holds_for_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.procedure} v{self.version}"
