"""Roles, what they exclude, and the one question every command asks first. Deny by default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kernel.errors import NotPermitted

ROLES = ("operator", "verifier", "qa", "qp", "engineer", "planner", "admin", "service")

# Segregation of duties: the pairs that one person may never hold together, in alphabetical order.
# The database refuses them, too; a change here needs a migration of its own (a test compares).
CONFLICTS = frozenset(
    frozenset(pair)
    for pair in (
        ("admin", "engineer"),
        ("admin", "operator"),
        ("admin", "planner"),
        ("admin", "qa"),
        ("admin", "qp"),
        ("admin", "service"),
        ("admin", "verifier"),
        ("engineer", "qa"),
        ("engineer", "service"),
        ("operator", "qa"),
        ("operator", "qp"),
        ("operator", "service"),
        ("planner", "service"),
        ("qa", "service"),
        ("qp", "service"),
        ("service", "verifier"),
    )
)

# Who asks that a role be given, and who decides: never the same person, never about themselves.
ROLE_ASKERS = ("admin", "qa")
ROLE_DECIDERS = ("qa",)
# Taking a role away is always safe, and one person is enough.
ROLE_TAKERS = ("admin", "qa")

# Who records that a person was trained; the trainer is named beside them.
TRAINING_RECORDERS = ("qa",)

# Who records what the whole house goes by; over all sites only.
SETTING_CHANGERS = ("qa", "admin")

# Who signs the recurring review of access, and how often it is due.
ACCESS_REVIEWERS = ("qa",)
ACCESS_REVIEW_DAYS = 90

# What a user ID and an employee number are made of: no letter of another alphabet looks like these.
USERNAME = r"^[a-z0-9][a-z0-9._@-]{0,63}$"
EMPLOYEE_ID = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"
# Names of a job, not of a person: an account is one person's (draft Annex 11, 11).
GENERIC = (
    r"^(admin|administrator|anonymous|default|demo|engineer|everyone|guest|lab|nurse|operator|"
    r"owner|pharmacist|pharmacy|planner|production|qa|qc|qp|quality|root|service|shared|shift|"
    r"staff|super|superuser|supervisor|support|system|team|temp|test|tester|user|verifier)"
    r"[0-9._@-]*$"
)

SCOPES = (
    "orders:read",
    "orders:write",
    "batches:read",
    "readings:read",
    "events:read",
)


def holds(user: Any, *roles: str, site_id: int | None = None) -> bool:
    """Say whether ``user`` holds one of ``roles`` at the site; a grant without site is for all."""
    if user is None or not getattr(user, "is_active", False):
        return False
    return any(
        grant.role in roles and (site_id is None or grant.site_id in (None, site_id))
        for grant in user.grants_held()
    )


def sites_of(user: Any, *roles: str) -> set[int] | None:
    """Return the ids of the sites where ``user`` holds one of ``roles``, or any; None is all."""
    grants = [grant for grant in user.grants_held() if not roles or grant.role in roles]
    if any(grant.site_id is None for grant in grants):
        return None
    return {grant.site_id for grant in grants}


def conflicting(role: str, held: Iterable[str]) -> str | None:
    """Return a role among those ``held`` that one person may not hold beside ``role``."""
    return next((one for one in sorted(set(held)) if frozenset((role, one)) in CONFLICTS), None)


def require(allowed: bool, what: str) -> None:
    """Go on only if ``allowed``.

    Raises:
        NotPermitted: otherwise, with ``what`` in words ("release batches").
    """
    if not allowed:
        raise NotPermitted(f"You may not {what}.")
