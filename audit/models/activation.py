"""That somebody verified who a person is, before the account opens anything (21 CFR 11.100(b))."""

from __future__ import annotations

from django.db import models

from audit.models.recorded import Recorded
from audit.models.user import User


class Activation(Recorded):
    """Who verified the identity of a person, how and when; never changed.

    ``verified_by`` is empty where a house is founded from the shell: then the name says who it was.
    """

    chained_in = ("people", None)
    append_only = True
    person = models.OneToOneField(User, models.PROTECT, related_name="activation")
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    verifier_name = models.CharField(max_length=120)
    evidence = models.CharField(max_length=200)
    verified_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(verified_by=models.F("person")),
                name="nobody_vouches_for_themselves",
            ),
            models.CheckConstraint(
                condition=~models.Q(verified_by=models.F("opened_by")),
                name="who_opens_does_not_vouch",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id} verified by {self.verifier_name}"
