"""Roles: asked for by one person, approved by another, taken away at once; each step is recorded.

Draft Annex 11, 11: granting, changing and withdrawing access is documented and approved. Only the
shell may found a house, with a reason: there is nobody yet who could ask or approve.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from audit.acts import Act, command, record
from audit.models import RoleGrant, RoleRequest, Site, User
from audit.permissions import (
    ROLE_ASKERS,
    ROLE_DECIDERS,
    ROLE_TAKERS,
    ROLES,
    conflicting,
    holds,
    require,
    sites_of,
)
from audit.states import ROLE_REQUEST
from kernel.errors import Conflict, Invalid, NotFound, NotPermitted

SHORTEST_REASON = 5


def reason_of(reason: str) -> str:
    """Return the reason as it is kept.

    Raises:
        Invalid: there is none worth the name.
    """
    text = reason.strip()
    if len(text) < SHORTEST_REASON:
        raise Invalid("Say why, in a few words.", pointer="/reason", code="required")
    return text[:500]


def _may_at(user: User, roles: tuple[str, ...], site: Site | None) -> bool:
    """Say whether one of ``roles`` is held at the site; for all sites it must be held at all."""
    if not user.is_active:
        return False
    if site is None:
        return sites_of(user, *roles) is None
    return holds(user, *roles, site_id=site.pk)


def _require_no_conflict(user: User, role: str) -> None:
    """Refuse a role that does not go with those held, or that is held already by all sites.

    Raises:
        Conflict: one person may not hold both.
    """
    held = user.grants.filter(revoked_at=None).values_list("role", flat=True)
    other = conflicting(role, held)
    if other is not None:
        raise Conflict(f"One person may not be both {role} and {other}.", code="duties")


def _require_role(user: User, role: str) -> None:
    if role not in ROLES:
        raise Invalid(f"There is no role {role}.", pointer="/role", code="unknown")
    if not user.is_active:
        raise Conflict("The account is closed.", code="closed")


@command
def grant_role(*, user: User, role: str, site: Site | None, act: Act) -> RoleGrant:
    """Found a role from the shell; people ask for roles and approve them (``ask_role``).

    Raises:
        NotPermitted: a person tries to give a role without the approval of another.
        Conflict: the role may not be held together with one already held.
        Invalid: no reason was given.
    """
    if act.by.is_person:
        raise NotPermitted("A role is asked for by one person and approved by another.")
    _require_role(user, role)
    _require_no_conflict(user, role)
    return _given(user, role, site, reason=reason_of(act.reason), request=None, act=act)


@command
def ask_role(*, user: User, role: str, site: Site | None, reason: str, act: Act) -> RoleRequest:
    """Ask that somebody else be given a role at a site, or everywhere.

    Raises:
        NotPermitted: it is for oneself, or the asker holds no role that may ask there.
        Conflict: the role does not go with those held, is held, or was asked for already.
        Invalid: there is no such role, or no reason was given.
    """
    if act.by.pk == user.pk:
        raise NotPermitted("Nobody asks for a role of their own.", code="own_role")
    require(_may_at(act.by, ROLE_ASKERS, site), "ask for roles there")
    _require_role(user, role)
    _require_no_conflict(user, role)
    if user.grants.filter(revoked_at=None, role=role, site=site).exists():
        raise Conflict("The role is held already.", code="held")
    asked = RoleRequest(
        user=user, role=role, site=site, reason=reason_of(reason), asked_by=act.by, asked_at=act.at
    )
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
    except IntegrityError:
        raise Conflict("The role was asked for already, and waits.", code="asked") from None
    record(act, "ask", asked)
    return asked


@command
def approve_role(*, request_id: int, reason: str = "", act: Act) -> RoleGrant:
    """Approve what another person asked for a third one; it holds at once.

    Raises:
        NotPermitted: the approver asked for it, would get it, or is not quality at that site.
        Conflict: the role does not go with those held by now.
        IllegalMove: it was decided before.
    """
    asked = _asked(request_id)
    _require_decider(asked, act)
    _decided(asked, "approve", reason.strip()[:500], act)
    _require_role(asked.user, asked.role)
    _require_no_conflict(asked.user, asked.role)
    return _given(asked.user, asked.role, asked.site, reason=asked.reason, request=asked, act=act)


@command
def decline_role(*, request_id: int, reason: str, act: Act) -> RoleRequest:
    """Decline what another person asked.

    Raises:
        NotPermitted: as for an approval.
        IllegalMove: it was decided before.
        Invalid: no reason was given.
    """
    asked = _asked(request_id)
    _require_decider(asked, act)
    return _decided(asked, "decline", reason_of(reason), act)


@command
def withdraw_role_request(*, request_id: int, act: Act) -> RoleRequest:
    """Take back what one asked oneself.

    Raises:
        NotPermitted: somebody else asked.
        IllegalMove: it was decided before.
    """
    asked = _asked(request_id)
    require(asked.asked_by_id == act.by.pk, "withdraw what another person asked")
    return _decided(asked, "withdraw", "", act)


@command
def revoke_role(*, grant_id: int, reason: str, act: Act) -> RoleGrant:
    """Take a role away; it holds no longer from the next request on.

    Raises:
        NotFound: there is no such grant.
        NotPermitted: the actor may not take roles away there.
        Conflict: it was taken away before.
        Invalid: no reason was given.
    """
    grant = (
        RoleGrant.objects.select_for_update(of=("self",))
        .select_related("site")
        .filter(pk=grant_id)
        .first()
    )
    if grant is None:
        raise NotFound("There is no such role.")
    require(
        not act.by.is_person or _may_at(act.by, ROLE_TAKERS, grant.site), "take roles away there"
    )
    if grant.revoked_at is not None:
        raise Conflict("The role was taken away before.", code="revoked")
    return end_grant(grant, reason_of(reason), act)


def end_grant(grant: RoleGrant, reason: str, act: Act) -> RoleGrant:
    """End a grant, inside a command."""
    grant.revoked_at, grant.revoked_by, grant.revoke_reason = act.at, act.by, reason
    grant.save()
    record(act, "revoke", grant)
    return grant


def _asked(request_id: int) -> RoleRequest:
    found = (
        RoleRequest.objects.select_for_update(of=("self",))
        .select_related("user", "site", "asked_by")
        .filter(pk=request_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such request.")
    return found


def _require_decider(asked: RoleRequest, act: Act) -> None:
    if act.by.pk == asked.user_id:
        raise NotPermitted("Nobody decides about a role of their own.", code="own_role")
    if act.by.pk == asked.asked_by_id:
        raise NotPermitted("Who asked does not decide: a second person does.", code="own_request")
    require(_may_at(act.by, ROLE_DECIDERS, asked.site), "decide about roles there")


def _decided(asked: RoleRequest, verb: str, reason: str, act: Act) -> RoleRequest:
    asked.state = ROLE_REQUEST.after(asked.state, verb)
    asked.decided_by, asked.decided_at, asked.decision_reason = act.by, act.at, reason
    asked.save()
    record(act, verb, asked)
    return asked


def _given(
    user: User, role: str, site: Site | None, *, reason: str, request: RoleRequest | None, act: Act
) -> RoleGrant:
    grant = RoleGrant(
        user=user,
        role=role,
        site=site,
        reason=reason,
        request=request,
        granted_by=act.by,
        granted_at=act.at,
    )
    try:
        with transaction.atomic():
            grant.save(force_insert=True)
    except IntegrityError as error:
        raise _refused(error) from None
    record(act, "grant", grant)
    return grant


def _refused(error: IntegrityError) -> Conflict:
    """Say in words what the database refused: another grant was faster."""
    if "one person may not be both" in str(error):
        return Conflict("Another role given meanwhile does not go with this one.", code="duties")
    return Conflict("The role is held already.", code="held")
