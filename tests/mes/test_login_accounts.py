"""Accounts: opened by one person, verified by another, never known by a third, closed when idle."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from statistics import median
from time import process_time
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from audit.acts import Act, command, record
from audit.commands import activate_person, add_user, unlock_account
from audit.commands.lockout import FAILURES_AT_DOOR
from audit.edges import now
from audit.models import AccessEvent, Activation, LedgerEntry, User
from audit.signing import Answered, reauthenticate
from audit.tasks import lock_dormant
from kernel.errors import Conflict, NotPermitted, WrongCredentials
from tests.conftest import NOON
from tests.mes.test_login_passwords import NEW, opens
from tests.mes.test_sessions import at_the_door, is_in
from tests.worlds.audit import PASSWORD, act_by, client_token, person, site

pytestmark = pytest.mark.django_db
FORM = {"username": "nora", "full_name": "Nora New", "employee_id": "E-N"}


def proof_by(user: User) -> Any:
    answered = Answered(challenge=act_by().id, session="s", person_id=user.pk)
    return reauthenticate(username=user.username, password=PASSWORD, at=now(), answered=answered)


@pytest.mark.requirement("P11-19", "A11D-08")
def test_one_person_opens_an_account_and_another_verifies_who_it_is() -> None:
    adam, quinn = at_the_door("adam", "admin"), at_the_door("quinn", "qa")
    assert adam.post("/open-account/", FORM).status_code == 403
    house = house_of("ada", "admin")
    assert house.post("/open-account/", {**FORM, "employee_id": ""}).status_code == 422
    assert house.post("/open-account/", FORM)["Location"] == "/people/nora/"
    page = house.get("/people/nora/").content.decode()
    assert "nobody has verified yet" in page
    assert "one-time link" not in page
    proof = {"evidence": "Passport, face to face"}
    # Whoever opened it does not verify, and nobody verifies without saying how.
    assert house.post("/people/nora/activate/", proof).status_code == 403
    assert quinn.post("/people/nora/activate/", proof).status_code == 404
    paula = house_of("quentin", "qa")
    assert paula.post("/people/nora/activate/", {"evidence": " "}).status_code == 422
    assert User.objects.get(username="nora").is_waiting
    assert paula.post("/people/nora/activate/", proof).status_code == 302
    kept = Activation.objects.get(person__username="nora")
    assert (kept.opened_by.username, kept.verifier_name) == ("ada", "Quentin Example")
    assert kept.evidence == proof["evidence"]
    assert "Quentin Example verified who this is" in paula.get("/people/nora/").content.decode()
    assert paula.post("/people/nora/activate/", proof).status_code == 409
    assert LedgerEntry.objects.filter(verb="activate", subject_id=str(kept.person_id)).exists()


def house_of(username: str, role: str) -> Client:
    """Somebody who holds a role everywhere, signed in."""
    person(username, role)
    client = Client()
    client.post("/accounts/login/", {"username": username, "password": PASSWORD})
    return client


@pytest.mark.requirement("P11-19")
def test_an_account_that_nobody_verified_opens_and_signs_nothing() -> None:
    waiting = add_user(password=PASSWORD, is_own_password=True, act=act_by(), **FORM)
    assert not opens("nora", PASSWORD)
    with pytest.raises(WrongCredentials):
        proof_by(waiting)
    client = Client()
    client.force_login(waiting, backend="mes.sign_in.People")
    assert not is_in(client)
    with pytest.raises(CommandError):
        call_command("password_link", "nora", reason="Why not.", stdout=StringIO())
    activate_person(username="nora", evidence="Passport", verifier="Dr. Maria Keller", act=act_by())
    assert opens("nora", PASSWORD)


@pytest.mark.requirement("P11-19")
@pytest.mark.parametrize("column", ["person_id", "opened_by_id"])
def test_the_database_takes_no_activation_by_the_person_or_by_who_opened_it(column: str) -> None:
    nora, adam = add_user(act=act_by(), **FORM), person("adam")

    @command
    def forge(*, act: Act) -> None:
        made = Activation(
            person=nora, opened_by=adam, verifier_name="x", evidence="x", verified_at=act.at
        )
        made.verified_by_id = getattr(made, column)
        made.save(force_insert=True)
        record(act, "add", made)

    with pytest.raises(IntegrityError, match="vouch"):
        forge(act=act_by())


@pytest.mark.requirement("P11-19", "SEC-18")
def test_from_the_shell_an_account_waits_unless_somebody_is_named_who_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PERSON_PASSWORD", "initial secret of the day")
    out = StringIO()
    call_command("add_person", "ada", name="Ada Min", employee_id="E-1", stdout=out)
    assert "once another person has verified" in out.getvalue()
    assert not opens("ada", "initial secret of the day")
    told = {"verified_by": "Bea Min", "evidence": "identity card", "stdout": StringIO()}
    call_command("add_person", "bob", name="Bob Min", employee_id="E-2", **told)
    assert opens("bob", "initial secret of the day")
    for wrong in ({"evidence": ""}, {"verified_by": "cid min"}):
        more: Any = {**told, **wrong}
        with pytest.raises(CommandError):
            call_command("add_person", "cid", name="Cid Min", employee_id="E-3", **more)
    assert not User.objects.filter(username="cid").exists()


@pytest.mark.requirement("P11-25")
@pytest.mark.parametrize("fields", [None, ["password"]])
def test_a_password_that_anybody_else_set_blocks_signing_until_the_person_chose(
    fields: list[str] | None,
) -> None:
    olga, adam = person("olga", "operator", at_site=site()), person("adam", "admin")

    @command
    def set_by_hand(*, act: Act) -> None:
        olga.set_password(NEW)
        olga.save(update_fields=fields)
        record(act, "set_password", olga)

    assert proof_by(olga).user == olga
    set_by_hand(act=act_by(adam))
    answered = Answered(challenge=act_by().id, session="s", person_id=olga.pk)
    with pytest.raises(NotPermitted) as refused:
        reauthenticate(username="olga", password=NEW, at=now(), answered=answered)
    assert refused.value.code == "password_change"
    client = Client()
    client.post("/accounts/login/", {"username": "olga", "password": NEW})
    assert client.get("/")["Location"] == "/accounts/password/"
    typed = {"password": NEW, "new": PASSWORD, "again": PASSWORD}
    assert client.post("/accounts/password/", typed)["Location"] == "/"
    assert proof_by(olga).user == olga


@pytest.mark.requirement("P11-28")
def test_an_account_that_nobody_used_for_ninety_days_is_locked_and_listed() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for one in ("olga", "oscar"):
            at_the_door(one)
        quinn = person("quinn", "qa")
        client_token(site())
        clock.shift(timedelta(days=60))
        oscar, kept = at_the_door("oscar"), at_the_door("vera", "verifier")
        clock.shift(timedelta(days=31))
        lock_dormant()
        assert not User.objects.filter(username__in=("olga", "quinn"), locked_at=None).exists()
        assert User.objects.get(username="portal").locked_at is None
        assert not opens("olga", PASSWORD)
        assert not is_in(oscar)
        assert opens("oscar", PASSWORD)
        assert User.objects.get(username="vera").locked_at is None
        assert kept
        entry: Any = LedgerEntry.objects.filter(verb="lock").order_by("pk").last()
        assert "nobody signed in for 90 days" in entry.entry
        # Everybody who could open it is locked themselves: the shell does.
        call_command("unlock_person", "quinn", reason="Back from leave.", stdout=StringIO())
        lock_dormant()
        assert User.objects.get(pk=quinn.pk).locked_at is None
        client = at_the_door("quinn", "qa")
        page = client.get("/locks/").content.decode()
        assert "Account olga is locked: nobody signed in for 90 days." in page
        assert "nobody signed in for 90 days" in client.get("/people/olga/").content.decode()
        unlock_account(
            username="olga", act=act_by(quinn, at=now(), reason="Back from leave, I saw her.")
        )
        assert lock_dormant() == []
        assert opens("olga", PASSWORD)


@pytest.mark.requirement("PWD-01", "SEC-17")
def test_a_hundred_wrong_passwords_in_a_row_lock_the_account_wherever_they_come_from() -> None:
    olga = person("olga", "operator", at_site=site())
    past = [
        AccessEvent(
            at=now(), username="olga", outcome="failed", origin="10.0.0.9", path="/accounts/login/"
        )
        for _ in range(FAILURES_AT_DOOR - 2)
    ]
    AccessEvent.objects.bulk_create(past)
    for number in (99, 100):
        assert not opens("olga", f"wrong {number}")
        olga.refresh_from_db()
        assert olga.is_locked == (number == 100)
    assert not opens("olga", PASSWORD)


@pytest.mark.requirement("SEC-21", "A11D-09")
def test_wrong_passwords_stop_no_service_and_a_locked_account_has_no_token() -> None:
    token, text = client_token(site())
    service = Client(headers={"Authorization": f"Bearer {text}"})
    past = [
        AccessEvent(at=now(), username="portal", outcome="failed", origin="x", path="/accounts/")
        for _ in range(FAILURES_AT_DOOR)
    ]
    AccessEvent.objects.bulk_create(past)
    assert not opens("portal", "wrong")
    assert service.get("/api/v1/batches/").status_code == 200

    @command
    def lock(*, act: Act) -> None:
        token.user.locked_at = act.at
        token.user.save(update_fields=["locked_at"])
        record(act, "lock", token.user)

    lock(act=act_by())
    assert service.get("/api/v1/batches/").status_code == 401


@pytest.mark.requirement("SEC-17")
def test_nobody_learns_at_the_door_who_has_an_account(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["audit.hashers.OwaspArgon2"]
    settings.AXES_ENABLED = False
    person("olga", "operator", at_site=site())
    add_user(password=PASSWORD, is_own_password=True, act=act_by(), **FORM)
    answers: dict[str, Any] = {}
    times: dict[str, list[float]] = {"olga": [], "nobody": [], "nora": []}
    for _ in range(7):
        for name, taken in times.items():
            # The work of this process: a busy machine is no answer to who exists.
            began = process_time()
            answer = Client().post("/accounts/login/", {"username": name, "password": "wrong one"})
            taken.append(process_time() - began)
            answers[name] = (answer.status_code, without_tokens(answer.content.decode()))
    assert answers["olga"] == answers["nobody"] == answers["nora"]
    middle = [median(taken) for taken in times.values()]
    assert max(middle) - min(middle) < 0.05


def without_tokens(page: str) -> str:
    """A page without what is another one each time."""
    return re.sub(
        r'X-CSRFToken": "\w+"|value="\w{64}"|server-now="[^"]+"|<onelot-clock.*', "", page
    )


@pytest.mark.requirement("A11D-13")
def test_every_attempt_at_the_door_stands_in_the_access_log() -> None:
    person("olga", "operator", at_site=site())
    before = AccessEvent.objects.count()
    for password in ("a", "b", "c", PASSWORD):
        opens("olga", password)
    opens("nobody", "x")
    rows = AccessEvent.objects.order_by("pk")[before:]
    assert [(row.username, row.outcome) for row in rows] == [
        *[("olga", "failed")] * 3,
        ("olga", "signed_in"),
        ("nobody", "failed"),
    ]


def test_only_accounts_that_wait_are_activated() -> None:
    person("olga")
    with pytest.raises(Conflict):
        activate_person(username="olga", evidence="Passport", verifier="X Y", act=act_by())
