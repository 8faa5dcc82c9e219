"""People and service accounts: never deleted, their names never used again (21 CFR 11.100(a))."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.auth.hashers import make_password as hashed
from django.db import models
from django.db.models.functions import Lower

from audit.models.recorded import Recorded, kept_history
from audit.models.site import Site
from audit.permissions import ROLES


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
        )

    def __str__(self) -> str:
        return self.full_name

    def set_password(self, raw_password: str | None) -> None:
        """Set the password hash (argon2id)."""
        self.password = hashed(raw_password)

    def check_password(self, raw_password: str | None) -> bool:
        """Check a password without storing an upgraded hash on the side: no act, no write."""
        return check_password(raw_password, self.password)

    @property
    def is_person(self) -> bool:
        """Say whether a human being stands behind this account."""
        return self.kind == self.Kind.PERSON

    def grants_held(self) -> list[RoleGrant]:
        """Return the grants in force, read once per instance."""
        held: list[RoleGrant] | None = getattr(self, "_grants", None)
        if held is None:
            held = list(self.grants.filter(revoked_at=None))
            self._grants = held
        return held


class RoleGrant(Recorded):
    """A role given to a person at one site, or everywhere when there is no site."""

    chained_in = ("people", None)
    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.CharField(max_length=16, choices=[(role, role) for role in ROLES])
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "role", "site"),
                condition=models.Q(revoked_at=None),
                nulls_distinct=False,
                name="role_is_granted_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


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
