"""Roles: one person asks, another approves, nobody for themselves; taken away at once; on record."""

from __future__ import annotations

import json
import threading
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.commands import (
    approve_role,
    ask_role,
    decline_role,
    grant_role,
    revoke_role,
    withdraw_role_request,
)
from audit.models import LedgerEntry, RoleGrant, RoleRequest, User
from audit.permissions import CONFLICTS, holds
from audit.verification import Verifier
from kernel.errors import Conflict, IllegalMove, Invalid, NotPermitted, Refusal
from tests.worlds.audit import act_by, person, site
from tests.worlds.orders import browser_of

pytestmark = pytest.mark.django_db
WHY = "Joins the night shift."


def admin() -> User:
    return person("adam", "admin")


def quality() -> User:
    return person("quinn", "qa")


def asked(user: User, role: str = "operator", **changes: Any) -> RoleRequest:
    given = {"site": site(), "reason": WHY, "act": act_by(admin()), **changes}
    return ask_role(user=user, role=role, **given)


def as_read(user: User) -> User:
    return User.objects.get(pk=user.pk)


@pytest.mark.requirement("A11-12", "A11D-09", "M45")
def test_a_role_is_asked_for_by_one_and_approved_by_another_and_both_are_on_record() -> None:
    anna = person("anna")
    request = asked(anna)
    assert not holds(as_read(anna), "operator")
    grant = approve_role(request_id=request.pk, act=act_by(quality()))
    assert holds(as_read(anna), "operator", site_id=site().pk)
    request.refresh_from_db()
    assert (request.asked_by, request.decided_by, request.reason) == (admin(), quality(), WHY)
    decided = json.loads(LedgerEntry.objects.get(verb="approve").entry)
    assert (decided["before"]["state"], decided["after"]["state"]) == ("asked", "approved")
    revoke_role(grant_id=grant.pk, reason="Left the team.", act=act_by(admin()))
    assert not holds(as_read(anna), "operator")
    taken = json.loads(LedgerEntry.objects.get(verb="revoke").entry)
    assert taken["before"]["revoked_at"] is None
    assert taken["after"]["revoke_reason"] == "Left the team."
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("A11-12", "M45")
def test_nobody_gives_themselves_a_role_or_decides_about_what_they_asked() -> None:
    anna, qa, boss = person("anna"), quality(), admin()
    with pytest.raises(NotPermitted, match="of their own"):
        asked(boss, "planner")
    with pytest.raises(NotPermitted, match="approved by another"):
        grant_role(user=anna, role="qp", site=None, act=act_by(boss, reason=WHY))
    own = asked(anna, act=act_by(qa))
    with pytest.raises(NotPermitted, match="second person"):
        approve_role(request_id=own.pk, act=act_by(qa))
    for_quality = asked(qa, "verifier")
    with pytest.raises(NotPermitted, match="of their own"):
        approve_role(request_id=for_quality.pk, act=act_by(qa))
    for who in (boss, person("olga", "operator"), person("norman", "qa", at_site=site("NORTH"))):
        with pytest.raises(NotPermitted):
            approve_role(request_id=own.pk, act=act_by(who))
    assert not RoleGrant.objects.filter(user=anna).exists()


@pytest.mark.requirement("A11-12")
def test_a_role_of_one_site_only_is_no_right_over_the_others() -> None:
    north = person("norman", "qa", at_site=site("NORTH"))
    asked(person("anna"), site=site("NORTH"), act=act_by(north))
    for place in (site(), None):
        with pytest.raises(NotPermitted):
            asked(person("anna"), site=place, act=act_by(north))
    everywhere = asked(person("anna"), site=None)
    with pytest.raises(NotPermitted):
        approve_role(request_id=everywhere.pk, act=act_by(north))


def test_a_request_is_decided_once_with_a_reason_and_asked_once() -> None:
    anna = person("anna")
    request = asked(anna)
    with pytest.raises(Conflict, match="already"):
        asked(anna)
    with pytest.raises(Invalid):
        decline_role(request_id=request.pk, reason=" ", act=act_by(quality()))
    decline_role(request_id=request.pk, reason="Not yet trained.", act=act_by(quality()))
    with pytest.raises(IllegalMove):
        approve_role(request_id=request.pk, act=act_by(quality()))
    again = asked(anna)
    with pytest.raises(NotPermitted):
        withdraw_role_request(request_id=again.pk, act=act_by(quality()))
    withdraw_role_request(request_id=again.pk, act=act_by(admin()))
    with pytest.raises(Invalid):
        asked(anna, reason="")


@pytest.mark.requirement("A11D-14", "DI-13", "M45")
@pytest.mark.parametrize("pair", sorted(tuple(sorted(one)) for one in CONFLICTS))
def test_no_person_gets_two_duties_that_exclude_each_other(pair: tuple[str, str]) -> None:
    mine, other = pair
    anna = person("anna", mine)
    with pytest.raises(Conflict, match="may not be both"):
        asked(anna, other)
    with (
        pytest.raises(DatabaseError, match="may not be both"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO audit_rolegrant (user_id, role, granted_by_id, granted_at, reason,"
            " revoke_reason) SELECT user_id, %s, granted_by_id, now(), '', ''"
            " FROM audit_rolegrant WHERE user_id = %s",
            [other, anna.pk],
        )


@pytest.mark.requirement("A11D-14")
def test_a_conflict_that_came_after_the_request_is_refused_at_the_approval() -> None:
    anna = person("anna")
    request = asked(anna, "operator")
    grant_role(user=anna, role="qp", site=None, act=act_by(reason=WHY))
    with pytest.raises(Conflict, match="may not be both"):
        approve_role(request_id=request.pk, act=act_by(quality()))
    request.refresh_from_db()
    assert request.state == "asked"


@pytest.mark.requirement("A11D-14")
def test_the_database_knows_the_same_conflicts() -> None:
    sql = import_module("audit.migrations.0005_people_and_roles").DUTIES
    told = sql.partition("ANY ('{")[2].partition("}'")[0]
    pairs = {frozenset(one.strip().split("+")) for one in told.split(",")}
    assert pairs == CONFLICTS


@pytest.mark.requirement("A11-12", "M45")
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "INSERT INTO audit_rolegrant (user_id, role, granted_by_id, granted_at, reason,"
            " revoke_reason) SELECT {anna}, 'qp', {adam}, now(), '', ''",
            "only after another asked",
        ),
        (
            "INSERT INTO audit_rolegrant (user_id, role, granted_by_id, granted_at, reason,"
            " revoke_reason, request_id)"
            " SELECT {anna}, 'qp', {adam}, now(), '', '', id FROM audit_rolerequest",
            "not the one that was asked",
        ),
        (
            "INSERT INTO audit_rolegrant (user_id, role, granted_by_id, granted_at, reason,"
            " revoke_reason) SELECT id, 'qp', id, now(), '', '' FROM audit_user"
            " WHERE username = 'system'",
            "nobody_grants_themselves",
        ),
        ("UPDATE audit_rolegrant SET role = 'qp' WHERE user_id = {adam}", "only ends"),
        ("UPDATE audit_rolegrant SET user_id = {anna} WHERE user_id = {adam}", "only ends"),
        ("UPDATE audit_rolerequest SET state = 'approved', decided_by_id = {adam}", "decides"),
    ],
)
def test_the_database_refuses_a_role_past_the_commands(statement: str, told: str) -> None:
    anna, adam = person("anna"), admin()
    asked(anna)
    with (
        pytest.raises(DatabaseError, match=told),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(anna=anna.pk, adam=adam.pk))


@pytest.mark.requirement("A11-12")
def test_a_role_that_ended_does_not_begin_again() -> None:
    grant = RoleGrant.objects.get(user=person("anna", "operator"))
    revoke_role(grant_id=grant.pk, reason="Left the team.", act=act_by(admin()))
    with pytest.raises(Conflict):
        revoke_role(grant_id=grant.pk, reason="Left the team.", act=act_by(admin()))
    with (
        pytest.raises(IntegrityError, match="only ends"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE audit_rolegrant SET revoked_at = NULL, revoked_by_id = NULL WHERE id = %s",
            [grant.pk],
        )


@pytest.mark.requirement("A11D-09", "P11-09", "SEC-23")
def test_a_role_taken_away_ends_what_its_holder_may_do_at_the_next_request() -> None:
    paul = person("paul", "planner")
    browser = browser_of(paul)
    assert browser.get("/orders/new/").status_code == 200
    grant = RoleGrant.objects.get(user=paul)
    revoke_role(grant_id=grant.pk, reason="Left the team.", act=act_by(admin()))
    assert browser.get("/orders/new/").status_code == 403


def test_the_shell_founds_a_role_with_a_reason_only() -> None:
    with pytest.raises(Invalid):
        grant_role(user=person("anna"), role="operator", site=None, act=act_by())


@pytest.mark.requirement("A11D-14")
@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_do_not_give_two_duties_that_exclude_each_other() -> None:
    anna, qa = person("anna"), quality()
    requests = [asked(anna, role) for role in ("operator", "qp")]
    answers: list[str] = []
    ready = threading.Barrier(2)

    def approve(request: RoleRequest) -> None:
        try:
            ready.wait(10)
            approve_role(request_id=request.pk, act=act_by(qa))
            answers.append("given")
        except Refusal as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[one]) for one in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == ["duties", "given"]
    assert RoleGrant.objects.filter(user=anna).count() == 1
