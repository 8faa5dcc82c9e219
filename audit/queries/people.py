"""People, their roles and what was asked for them, for whoever administers or reviews access."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Prefetch, Q, QuerySet

from audit.models import RoleGrant, RoleRequest, Site, User
from audit.permissions import sites_of
from kernel.errors import NotFound

Rows = TypeVar("Rows", QuerySet[RoleGrant], QuerySet[RoleRequest])

# Who looks at other people's access: at their sites, or everywhere.
LOOKERS = ("admin", "qa")


def people_seen(by: User) -> QuerySet[User]:
    """Return the accounts that a person may look at: those that work at their sites, or all."""
    live = RoleGrant.objects.filter(revoked_at=None).select_related("site").order_by("role")
    found = User.objects.prefetch_related(Prefetch("grants", queryset=live, to_attr="live"))
    sites = sites_of(by, *LOOKERS)
    if sites is None:
        return found
    return found.filter(
        Q(grants__site_id__in=sites) | Q(role_requests__site_id__in=sites)
    ).distinct()


def person_seen(username: str, by: User) -> User:
    """Return an account by its user name.

    Raises:
        NotFound: there is none, or not for this person.
    """
    rows = people_seen(by)
    found = rows.filter(username=username).first() if username.isprintable() else None
    if found is None:
        raise NotFound("There is no such account.")
    return found


def grants_of(user: User, by: User) -> QuerySet[RoleGrant]:
    """Return the roles of a person, held now and before, as far as another may look."""
    found = user.grants.select_related("site", "granted_by", "revoked_by", "request__asked_by")
    return _at_sites(found, by).order_by("revoked_at", "role", "-granted_at")


def waiting_requests(by: User, *, user: User | None = None) -> QuerySet[RoleRequest]:
    """Return what was asked and not decided, of everybody or one person, oldest first."""
    found = RoleRequest.objects.filter(state="asked").select_related("user", "site", "asked_by")
    found = _at_sites(found, by)
    return (found if user is None else found.filter(user=user)).order_by("asked_at", "pk")


def _at_sites(found: Rows, by: User) -> Rows:
    sites = sites_of(by, *LOOKERS)
    return found if sites is None else found.filter(site_id__in=sites)


def sites_offered(by: User) -> list[Site]:
    """Return the sites for which a person may ask for roles."""
    sites = sites_of(by, *LOOKERS)
    return list(Site.objects.all() if sites is None else Site.objects.filter(pk__in=sites))
