"""Changeovers: what is done in a room between two batches, and that it was done by two people."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, User, kept_history
from batches.models.batch import Batch
from batches.states import CHANGEOVER, CHANGEOVER_PLAN
from supply.models import Equipment


class ChangeoverPlan(Recorded):
    """The points of the changeover of a room, in one version; another one approved takes its place."""

    chained_in = ("room", "room_id")
    moves = {"state": CHANGEOVER_PLAN}
    room = models.ForeignKey(Equipment, models.PROTECT, related_name="changeover_plans")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12, choices=CHANGEOVER_PLAN.choices(), default=CHANGEOVER_PLAN.initial
    )
    points: Any = models.JSONField()
    reason = models.CharField(max_length=1000)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("room", "number"), name="changeover_plan_is_numbered"),
            models.UniqueConstraint(
                fields=("room",),
                condition=models.Q(state="in_force"),
                name="one_changeover_plan_in_force",
            ),
            models.UniqueConstraint(
                fields=("room",),
                condition=models.Q(state="draft"),
                name="one_changeover_plan_waits",
            ),
        )

    def __str__(self) -> str:
        return f"{self.room_id} {self.number}"


class Changeover(Recorded):
    """The changeover of a room after a batch: point by point, then signed by two people.

    ``points`` holds each point with who did it and when; ``used_by`` is the batch that was started
    in the room after it, one for each changeover.
    """

    chained_in = ("room", "room_id")
    moves = {"state": CHANGEOVER}
    room = models.ForeignKey(Equipment, models.PROTECT, related_name="changeovers")
    plan = models.ForeignKey(ChangeoverPlan, models.PROTECT, related_name="+")
    after = models.OneToOneField(Batch, models.PROTECT, related_name="changeover_after")
    used_by = models.OneToOneField(
        Batch, models.PROTECT, null=True, blank=True, related_name="changeover_before"
    )
    state = models.CharField(
        max_length=12, choices=CHANGEOVER.choices(), default=CHANGEOVER.initial
    )
    version = models.PositiveIntegerField(default=1)
    points: Any = models.JSONField()
    begun_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    performed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("room",),
                condition=~models.Q(state="done"),
                name="one_changeover_in_a_room",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done")
                | models.Q(
                    performed_by__isnull=False, checked_by__isnull=False, done_at__isnull=False
                ),
                name="changeover_is_done_by_two",
            ),
            models.CheckConstraint(
                condition=models.Q(checked_by__isnull=True)
                | ~models.Q(checked_by=models.F("performed_by")),
                name="nobody_checks_their_own_changeover",
            ),
            models.CheckConstraint(
                condition=models.Q(used_by__isnull=True) | models.Q(state="done"),
                name="only_a_done_changeover_is_used",
            ),
        )

    def __str__(self) -> str:
        return f"{self.room_id} after {self.after_id}"
