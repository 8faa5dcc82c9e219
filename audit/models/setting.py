"""Settings of the house that are records: changed by a person, with reference and trail."""

from __future__ import annotations

from django.db import models

from audit.models.recorded import Recorded, kept_history
from audit.models.user import User


class HouseSetting(Recorded):
    """A value that the whole house goes by (``audit.rules.house`` names them); never deleted."""

    chained_in = ("settings", None)
    name = models.CharField(max_length=40, unique=True)
    value = models.CharField(max_length=300)
    change_reference = models.CharField(max_length=100)
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()
    history = kept_history()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
