"""The pages of people and roles: asked on one screen, approved on another, closed to the rest."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from audit.commands import deactivate_user
from audit.models import RoleGrant, RoleRequest, User
from tests.worlds.audit import act_by, client_token, person, site
from tests.worlds.orders import browser_of

pytestmark = pytest.mark.django_db
ROLE = {"role": "operator", "site": "PLANT", "reason": "Joins the night shift."}


def asked_for(user: User) -> RoleRequest:
    site()
    browser_of(person("adam", "admin")).post(f"/people/{user.username}/roles/", ROLE)
    return RoleRequest.objects.get(user=user)


@pytest.mark.requirement("A11-12", "M45")
def test_a_role_goes_from_the_question_of_one_to_the_approval_of_another() -> None:
    anna = person("anna")
    request = asked_for(anna)
    quality = browser_of(person("quinn", "qa"))
    shown = quality.get("/people/").content.decode()
    assert "Waiting for a decision" in shown
    assert ROLE["reason"] in shown
    assert quality.post(f"/role-requests/{request.pk}/approve/").status_code == 302
    page = quality.get("/people/anna/").content.decode()
    assert "Asked by Adam Example, approved by Quinn Example" in page
    grant = RoleGrant.objects.get(user=anna)
    assert quality.post(f"/roles/{grant.pk}/revoke/", {"reason": ""}).status_code == 422
    quality.post(f"/roles/{grant.pk}/revoke/", {"reason": "Left the team."})
    assert (
        "taken away by Quinn Example: Left the team."
        in quality.get("/people/anna/").content.decode()
    )


@pytest.mark.requirement("A11-12", "P11-09")
def test_a_person_gives_themselves_nothing_even_past_the_form() -> None:
    adam = person("adam", "admin")
    site()
    answer = browser_of(adam).post("/people/adam/roles/", {**ROLE, "role": "planner"})
    assert answer.status_code == 403
    assert "Nobody asks for a role of their own" in answer.content.decode()
    request = asked_for(person("anna"))
    assert browser_of(adam).post(f"/role-requests/{request.pk}/approve/").status_code == 403
    assert not RoleRequest.objects.filter(user=adam).exists()
    assert not RoleGrant.objects.filter(user__username="anna").exists()


@pytest.mark.requirement("A11D-14")
def test_a_conflict_of_duties_is_said_in_words_and_what_was_typed_stays() -> None:
    person("anna", "qa", at_site=site())
    answer = browser_of(person("adam", "admin")).post("/people/anna/roles/", ROLE)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "One person may not be both operator and qa." in page
    assert ROLE["reason"] in page


@pytest.mark.requirement("SEC-23")
def test_quality_of_one_site_sees_and_decides_nothing_of_another() -> None:
    anna = person("anna", "verifier", at_site=site())
    request = asked_for(anna)
    grant = RoleGrant.objects.get(user=anna)
    north = browser_of(person("norman", "qa", at_site=site("NORTH")))
    assert "Anna" not in north.get("/people/").content.decode()
    assert north.get("/people/anna/").status_code == 404
    for path in (
        "/people/anna/roles/",
        "/people/anna/close/",
        f"/roles/{grant.pk}/revoke/",
        f"/role-requests/{request.pk}/approve/",
        f"/role-requests/{request.pk}/decline/",
    ):
        answer = north.post(path, {**ROLE, "site": "NORTH", "reason": "Because I can."})
        assert answer.status_code == 404, path
    assert RoleRequest.objects.get().state == "asked"


@pytest.mark.requirement("A11D-09", "SEC-21")
def test_a_closed_account_is_out_at_the_next_click_and_the_next_call() -> None:
    anna = person("anna", "qa")
    browser = browser_of(anna)
    assert browser.get("/people/").status_code == 200
    browser_key = browser.session.session_key
    token, text = client_token(site("NORTH"))
    header = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/orders/", headers=header).status_code == 200
    admin = browser_of(person("adam", "admin"))
    for name in ("anna", token.user.username):
        assert admin.post(f"/people/{name}/close/", {"reason": ""}).status_code == 422
        assert (
            admin.post(f"/people/{name}/close/", {"reason": "Left the house."}).status_code == 302
        )
    away = browser.get("/people/")
    assert (away.status_code, away["Location"]) == (302, "/accounts/login/?next=/people/")
    assert not Session.objects.filter(session_key=browser_key).exists()
    assert browser.get("/api/v1/orders/").status_code == 401
    assert Client().get("/api/v1/orders/", headers=header).status_code == 401
    assert not RoleGrant.objects.filter(user=anna, revoked_at=None).exists()
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_nobody_closes_their_own_account_twice_or_that_of_the_software() -> None:
    admin = browser_of(person("adam", "admin"))
    deactivate_user(user=person("anna"), act=act_by())
    for name in ("anna", "system"):
        answer = admin.post(f"/people/{name}/close/", {"reason": "Left the house."})
        assert answer.status_code == 409, name


@pytest.mark.requirement("DI-13")
def test_whoever_administers_accounts_begins_with_the_people() -> None:
    client = browser_of(person("adam", "admin"))
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (303, "/people/")
    assert client.get("/batches/").status_code == 403
