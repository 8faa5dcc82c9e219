"""People and service accounts: never deleted, their names never used again (21 CFR 11.100(a))."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.auth.hashers import make_password as hashed
from django.db import models
from django.db.models.functions import Lower, Upper

from audit.models.recorded import Recorded, kept_history
from audit.models.site import Site
from audit.permissions import EMPLOYEE_ID, GENERIC, ROLES, USERNAME
from kernel.prepared import prepared


def _as_kept(password: str | None) -> str | None:
    """Return a password as every keyboard types it (NFKC, NIST SP 800-63B 3.1.1.2)."""
    return None if password is None else unicodedata.normalize("NFKC", password)


class Users(BaseUserManager["User"]):
    """Finds people by their name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person of that name."""
        return self.get(username=(username or "").casefold())


class User(Recorded, AbstractBaseUser):
    """A person, or a service account that never signs."""

    chained_in = ("people", None)

    class Kind(models.TextChoices):
        PERSON = "person"
        SERVICE = "service"

    unrecorded = ("password",)
    last_login = None

    username = models.CharField(max_length=64, unique=True)
    full_name = models.CharField(max_length=120)
    employee_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PERSON)
    is_active = models.BooleanField(default=True)
    # Locked after wrong signing passwords: since when, at which terminal, after how many.
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_from = models.CharField(max_length=64, blank=True, default="")
    locked_after = models.PositiveSmallIntegerField(default=0)
    unlocked_at = models.DateTimeField(null=True, blank=True)
    # Opened, and nobody has verified yet who it is (21 CFR 11.100(b)): it opens nothing.
    is_waiting = models.BooleanField(default=False)
    # Sessions that began until then are over; nothing is signed until a new password is chosen.
    sessions_ended_at = models.DateTimeField(null=True, blank=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    history = kept_history()

    objects = Users()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        ordering = ("username",)
        constraints = (
            models.UniqueConstraint(Lower("username"), name="username_is_one_persons"),
            models.CheckConstraint(
                condition=models.Q(username=Lower("username")),
                name="username_is_folded",
            ),
            models.CheckConstraint(
                condition=models.Q(username__regex=USERNAME), name="username_is_plain"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="service") | ~models.Q(username__regex=GENERIC),
                name="username_is_no_ones_job",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="service") | models.Q(employee_id__isnull=False),
                name="a_person_is_employed",
            ),
            models.UniqueConstraint(Upper("employee_id"), name="employee_is_one_person"),
            models.CheckConstraint(
                condition=models.Q(employee_id=None) | models.Q(employee_id__regex=EMPLOYEE_ID),
                name="employee_id_is_plain",
            ),
        )

    def __str__(self) -> str:
        return self.full_name

    def set_password(self, raw_password: str | None) -> None:
        """Set the password hash (argon2id); whoever else typed it, the person chooses anew first.

        ``choose_password`` is how a person does: see Note [Nobody else's secret] there.
        """
        self.password = hashed(_as_kept(raw_password))
        self.must_change_password = raw_password is not None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a password together with whose it is."""
        fields = kwargs.get("update_fields")
        if fields is not None and "password" in fields:
            kwargs["update_fields"] = {*fields, "must_change_password"}
        super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """Check a password without storing an upgraded hash on the side: no act, no write.

        The password of an account that is locked, or of somebody whom nobody has verified yet,
        proves nothing, wherever it is asked for.
        """
        is_right = check_password(_as_kept(raw_password), self.password)
        return is_right and not self.is_locked and not self.is_waiting

    @property
    def is_locked(self) -> bool:
        """Say whether wrong signing passwords have locked this account."""
        return self.locked_at is not None

    @property
    def is_person(self) -> bool:
        """Say whether a human being stands behind this account."""
        return self.kind == self.Kind.PERSON

    def grants_held(self) -> list[RoleGrant]:
        """Return the grants in force, read once per instance."""
        held: list[RoleGrant] | None = getattr(self, "_grants", None)
        if held is None:
            held = _grants_in_force(self.pk)
            self._grants = held
        return held

    def known_grants(self, held: list[RoleGrant]) -> None:
        """Take over the grants that were read for the same person a moment ago."""
        self._grants = held


class RoleGrant(Recorded):
    """A role given to a person at one site, or everywhere when there is no site."""

    chained_in = ("people", None)
    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=16, choices=[(role, role) for role in ROLES])
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True, default="")
    request = models.OneToOneField(
        "audit.RoleRequest", models.PROTECT, null=True, blank=True, related_name="grant"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    revoke_reason = models.CharField(max_length=500, blank=True, default="")
    history = kept_history()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role", "site"),
                condition=models.Q(revoked_at=None),
                nulls_distinct=False,
                name="role_is_granted_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(granted_by=models.F("user")), name="nobody_grants_themselves"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revoked_by=None)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="a_role_is_taken_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


@prepared
def _grants_in_force(user_id: int) -> models.QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(user_id=user_id, revoked_at=None)


class ApiToken(Recorded):
    """A credential of a service account: bound to a site and scopes, stored as a digest only."""

    chained_in = ("people", None)
    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    site = models.ForeignKey(Site, models.PROTECT)
    prefix = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, unique=True)
    scopes: Any = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    def __str__(self) -> str:
        return self.prefix
