"""One person, one account: names that are people's, never given twice, and closed for good."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from audit.acts import NothingRecorded
from audit.commands import add_user, create_token, deactivate_user
from audit.models import ApiToken, RoleGrant, User
from audit.models.recorded import NoAct
from kernel.errors import Conflict, Invalid, NotPermitted
from tests.worlds.audit import PASSWORD, act_by, client_token, person, site

pytestmark = pytest.mark.django_db


def added(username: str, **changes: Any) -> User:
    given = {"full_name": "Some Body", "employee_id": "E-77", "act": act_by(), **changes}
    return add_user(username=username, **given)


def inserted(username: str, employee_id: str | None = "E-88", kind: str = "person") -> None:
    """Write an account past the commands."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_user SELECT made.* FROM audit_user one, jsonb_populate_record(one,"
            " jsonb_build_object('id', nextval('audit_user_id_seq'), 'username', %s::text,"
            " 'employee_id', %s::text, 'kind', %s::text)) made WHERE one.username = 'system'",
            [username, employee_id, kind],
        )


@pytest.mark.requirement("P11-18", "P11-27", "A11D-08")
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("variant", ["straus", "STRAUS", " Straus\u00a0", "ｓｔｒａｕｓ", "ſtraus"])
def test_a_name_that_folds_to_one_already_given_is_refused(variant: str, is_closed: bool) -> None:
    first = person("straus")
    if is_closed:
        deactivate_user(user=first, act=act_by())
    with pytest.raises(Invalid) as refused:
        added(variant)
    assert refused.value.code == "used"


@pytest.mark.requirement("P11-18", "P11-27")
@pytest.mark.parametrize(
    "variant",
    ["Straus", "STRAUS", "ｓtraus", "ſtraus", "strаus", "stra us", "straus\u200b", "straus\n", ""],
)
def test_the_database_takes_no_name_that_looks_like_another(variant: str) -> None:
    person("straus")
    with pytest.raises(IntegrityError, match="username_is"):
        inserted(variant)


def test_the_database_takes_an_account_that_is_in_order() -> None:
    """The control of the refusals here: what is written past the commands can be written."""
    with transaction.atomic():
        inserted("straus")
        inserted("strauss", "E-89")
        inserted("gate", None, "service")
        transaction.set_rollback(True)


@pytest.mark.requirement("P11-27")
def test_a_letter_of_another_alphabet_is_refused_in_words() -> None:
    with pytest.raises(Invalid, match="letters a to z"):
        added("strаus")


@pytest.mark.requirement("A11D-08")
@pytest.mark.parametrize(
    "name", ["admin", "Operator", "operator2", "user_01", "QA", "shared", "root", "lab.3", "Test"]
)
def test_the_name_of_a_job_is_no_account_of_a_person(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        added(name)
    assert refused.value.code == "generic"
    with pytest.raises(IntegrityError, match="no_ones_job"):
        inserted(name.lower())


@pytest.mark.requirement("A11D-08")
@pytest.mark.parametrize(
    "name", ["adminov", "quentin", "labelle", "user-friendly.jo", "tester.smith"]
)
def test_a_person_may_be_called_almost_so(name: str) -> None:
    assert added(name).username == name


@pytest.mark.requirement("A11D-08", "A11-06")
@pytest.mark.parametrize("number", ["E-77", "e-77", " E-77 ", "Ｅ-77"])
def test_one_employee_is_one_account_open_or_closed(number: str) -> None:
    deactivate_user(user=added("anna"), act=act_by())
    with pytest.raises(Invalid, match="one person, one account"):
        added("anna2", employee_id=number)
    with pytest.raises(IntegrityError, match="employee"):
        inserted("anna3", number)


@pytest.mark.requirement("A11D-08")
def test_a_person_without_an_employee_number_is_refused() -> None:
    for number in (None, "", "   "):
        with pytest.raises(Invalid, match="employee number"):
            added("anna", employee_id=number)
    with pytest.raises(IntegrityError, match="a_person_is_employed"):
        inserted("anna", None)
    assert added("scanner-gate", employee_id=None, kind="service").employee_id is None


@pytest.mark.requirement("P11-18")
def test_an_account_is_never_deleted() -> None:
    anna = person("anna", "operator")
    with pytest.raises(NoAct):
        anna.delete()
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM audit_user WHERE id = %s", [anna.pk])


@pytest.mark.requirement("A11D-09", "SEC-21")
def test_deactivation_ends_roles_tokens_and_every_open_session_at_the_next_request() -> None:
    anna = person("anna", "operator", at_site=site())
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post("/accounts/login/", {"username": "anna", "password": PASSWORD})
        assert browser.get("/batches/").status_code == 200
    token, text = client_token(site("NORTH"))
    header = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/batches/", headers=header).status_code == 200
    deactivate_user(user=anna, act=act_by())
    deactivate_user(user=token.user, act=act_by())
    for browser in browsers:
        answer = browser.get("/batches/")
        assert (answer.status_code, answer["Location"][:16]) == (302, "/accounts/login/")
        assert browser.get("/api/v1/batches/").status_code == 401
    assert Client().get("/api/v1/batches/", headers=header).status_code == 401
    again = Client()
    again.post("/accounts/login/", {"username": "anna", "password": PASSWORD})
    assert again.get("/batches/").status_code == 302
    assert not RoleGrant.objects.filter(user=anna, revoked_at=None).exists()
    assert not ApiToken.objects.filter(revoked_at=None).exists()


@pytest.mark.requirement("A11D-09")
def test_a_closed_account_is_given_no_role_and_no_token_and_is_closed_once() -> None:
    anna = person("anna", "operator")
    deactivate_user(user=anna, act=act_by())
    with pytest.raises(Conflict):
        deactivate_user(user=anna, act=act_by())
    token, _ = client_token(site("NORTH"))
    deactivate_user(user=token.user, act=act_by())
    with pytest.raises(Conflict):
        create_token(
            user=token.user, site=site("NORTH"), scopes=["orders:read"], days=1, act=act_by()
        )


@pytest.mark.requirement("P11-18")
def test_a_closed_account_never_opens_again() -> None:
    anna = person("anna")
    deactivate_user(user=anna, act=act_by())
    with (
        pytest.raises(DatabaseError, match="never opens again"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE audit_user SET is_active = true WHERE id = %s", [anna.pk])


@pytest.mark.requirement("P11-18")
def test_a_user_name_and_its_person_are_never_exchanged() -> None:
    anna = person("anna")
    for column, value in (("username", "berta"), ("employee_id", "E-1"), ("kind", "service")):
        with (
            pytest.raises(DatabaseError, match="is its person's"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE audit_user SET {column} = %s WHERE id = %s", [value, anna.pk])


def test_only_administration_and_quality_of_the_whole_house_close_accounts() -> None:
    anna = person("anna", "operator")
    for who in (anna, person("norman", "qa", at_site=site("NORTH")), person("paul", "planner")):
        with pytest.raises(NotPermitted):
            deactivate_user(user=anna, act=act_by(who, reason="Left the house."))
    with pytest.raises((NoAct, NothingRecorded)):
        anna.save()
