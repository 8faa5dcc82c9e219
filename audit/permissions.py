"""Roles, what they exclude, and the one question every command asks first. Deny by default."""

from __future__ import annotations

from typing import Any

from kernel.errors import NotPermitted

ROLES = ("operator", "verifier", "qa", "qp", "engineer", "planner", "admin", "service")

# Segregation of duties: the pairs that one person may never hold together.
CONFLICTS = frozenset(
    frozenset(pair)
    for pair in (
        ("admin", "operator"),
        ("admin", "verifier"),
        ("admin", "qa"),
        ("admin", "qp"),
        ("admin", "engineer"),
        ("operator", "qa"),
        ("operator", "qp"),
        ("engineer", "qa"),
        ("service", "operator"),
        ("service", "qa"),
        ("service", "qp"),
    )
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


def require(allowed: bool, what: str) -> None:
    """Go on only if ``allowed``.

    Raises:
        NotPermitted: otherwise, with ``what`` in words ("release batches").
    """
    if not allowed:
        raise NotPermitted(f"You may not {what}.")
