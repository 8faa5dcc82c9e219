"""Rehearsals: a recipe carried out for training. It is no batch, has no order, and no patient."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, Training, User, kept_history
from batches.rules.rehearsals import SCENARIOS
from batches.states import REHEARSAL
from recipes.models import RecipeVersion


class Rehearsal(Recorded):
    """One person's rehearsal of one version, with the faults of a scenario.

    ``faults`` are scripted when it begins, ``acts`` is what was done at each step so far, and
    ``missed`` what was not met, in words. A pass that quality signs leaves a training.
    """

    chained_in = ("rehearsal", "pk")
    moves = {"state": REHEARSAL}
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    recipe_version = models.ForeignKey(RecipeVersion, models.PROTECT, related_name="+")
    document_digest = models.CharField(max_length=64)
    scenario = models.CharField(
        max_length=16, choices=[(name, words) for name, (words, _) in SCENARIOS.items()]
    )
    state = models.CharField(max_length=12, choices=REHEARSAL.choices(), default=REHEARSAL.initial)
    version = models.PositiveIntegerField(default=1)
    faults: Any = models.JSONField(default=list)
    acts: Any = models.JSONField(default=list)
    missed: Any = models.JSONField(default=list)
    training = models.ForeignKey(Training, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="recorded") | models.Q(training__isnull=False),
                name="recorded_rehearsal_has_a_training",
            ),
            models.UniqueConstraint(
                fields=("person", "recipe_version"),
                condition=models.Q(state="running"),
                name="one_rehearsal_runs",
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def code(self) -> str:
        """How people call it: never a batch number."""
        return f"R-{self.pk}"
