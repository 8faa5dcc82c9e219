"""Asking for a role, and the signed review of who may do what (draft Annex 11, 11)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from audit.models.recorded import Recorded, kept_history
from audit.models.site import Site
from audit.models.user import User
from audit.permissions import ROLES
from audit.states import ROLE_REQUEST


class RoleRequest(Recorded):
    """One person asks that another be given a role; a third one decides."""

    chained_in = ("people", None)
    moves = {"state": ROLE_REQUEST}
    user = models.ForeignKey(User, models.PROTECT, related_name="role_requests")
    role = models.CharField(max_length=16, choices=[(role, role) for role in ROLES])
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True)
    reason = models.CharField(max_length=500)
    state = models.CharField(
        max_length=16, choices=ROLE_REQUEST.choices(), default=ROLE_REQUEST.initial
    )
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role", "site"),
                condition=Q(state="asked"),
                nulls_distinct=False,
                name="role_is_asked_for_once",
            ),
            models.CheckConstraint(
                condition=~Q(asked_by=F("user")), name="nobody_asks_for_themselves"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | Q(state="withdrawn")
                | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("user"))),
                name="another_person_decides",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class AccessReview(Recorded):
    """Who could do what at one moment, looked through and signed by quality; never changed."""

    chained_in = ("people", None)
    append_only = True
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True)
    listed: Any = models.JSONField()
    listed_digest = models.CharField(max_length=64)
    comment = models.CharField(max_length=1000)
    reviewed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    next_due_on = models.DateField()

    class Meta:
        ordering = ("-reviewed_at", "-id")

    def __str__(self) -> str:
        return f"access review {self.pk}"
