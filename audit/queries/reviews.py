"""Who may do what right now, and whether somebody has looked at it lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from audit.models import AccessReview, ApiToken, RoleGrant, Site, User
from audit.permissions import sites_of
from audit.queries.people import LOOKERS
from kernel.errors import NotFound

EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """How a site, or the whole house (None), stands with its review."""

    site: Site | None
    last: AccessReview | None
    due_on: date | None
    is_overdue: bool


def access_statement(site: Site | None, *, at: datetime) -> dict[str, Any]:
    """Return who may do what at a site, or everywhere, as it is signed in a review.

    A role or a token that holds everywhere holds at the site, too. The list of the whole house
    names open accounts without any role as well.
    """
    at_site = Q() if site is None else Q(site=None) | Q(site=site)
    grants = RoleGrant.objects.filter(at_site, revoked_at=None).select_related("site")
    tokens = ApiToken.objects.filter(revoked_at=None, expires_at__gt=at).select_related("site")
    if site is not None:
        tokens = tokens.filter(site=site)
    rows = User.objects.filter(is_active=True).prefetch_related(
        Prefetch("grants", grants.order_by("role", "site__code"), to_attr="live"),
        Prefetch("tokens", tokens.order_by("prefix", "pk"), to_attr="valid"),
    )
    accounts = [
        _account(user) for user in rows.order_by("username") if site is None or _is_there(user)
    ]
    return {"site": site.code if site else EVERYWHERE, "accounts": accounts}


def _is_there(user: Any) -> bool:
    return bool(user.live or user.valid)


def _account(user: Any) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.full_name,
        "employee_id": user.employee_id or "",
        "kind": user.kind,
        "roles": [
            {"role": one.role, "site": _code(one), "since": one.granted_at} for one in user.live
        ],
        "tokens": [
            {"prefix": one.prefix, "site": _code(one), "scopes": one.scopes,
             "expires_at": one.expires_at}
            for one in user.valid
        ],
    }  # fmt: skip


def _code(one: RoleGrant | ApiToken) -> str:
    return one.site.code if one.site else EVERYWHERE


def reviews_seen(by: User) -> QuerySet[AccessReview]:
    """Return the reviews of the sites a person looks after, newest first."""
    found = AccessReview.objects.select_related("site", "reviewed_by")
    sites = sites_of(by, *LOOKERS)
    return found if sites is None else found.filter(site_id__in=sites)


def review_seen(review_id: int, by: User) -> AccessReview:
    """Return one review.

    Raises:
        NotFound: there is none, or not for this person.
    """
    found = reviews_seen(by).filter(pk=review_id).first()
    if found is None:
        raise NotFound("There is no such review.")
    return found


def reviews_due(sites: Iterable[Site], *, whole: bool, on: date) -> list[Due]:
    """Return how each site stands, and the whole house first if ``whole``.

    A review of the whole house is one of each site. What was never reviewed is overdue.
    """
    last = {
        one.site_id: one
        for one in AccessReview.objects.select_related("reviewed_by").order_by("site_id", "pk")
    }
    of_all = last.get(None)

    def due(site: Site | None) -> Due:
        own = last.get(site.pk if site else None)
        found = [one for one in (own, of_all) if one is not None]
        newest = max(found, key=lambda one: one.next_due_on, default=None)
        due_on = newest.next_due_on if newest else None
        return Due(site=site, last=newest, due_on=due_on, is_overdue=due_on is None or due_on < on)

    return [*([due(None)] if whole else []), *(due(site) for site in sites)]
