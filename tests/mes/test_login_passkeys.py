"""Passkeys: only with the finger, face or PIN of their owner, once, and gone when they are lost."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from audit.models import LedgerEntry, User
from kernel.errors import NotPermitted
from mes.accounts.factors import revoke_factors
from tests.mes.test_login_accounts import house_of
from tests.mes.test_login_factors import SECOND, asked, code_now, show, with_app
from tests.mes.test_sessions import at_the_door, is_in
from tests.worlds.audit import PASSWORD, act_by, person, site
from tests.worlds.passkeys import Passkey

pytestmark = pytest.mark.django_db
ADD = "/accounts/factors/passkey/"


def options_on(client: Client, path: str) -> dict[str, Any]:
    page = client.get(path, secure=True).content.decode()
    found = re.search(r'id="passkey-options" type="application/json">(.*?)</script>', page)
    assert found, page
    options: dict[str, Any] = json.loads(found[1])
    return options


def adding(username: str = "quinn", *roles: str) -> Client:
    """Somebody who has just shown the password once more, to add a passkey."""
    client = at_the_door(username, *(roles or ("qa",)))
    client.post(f"/accounts/again/?next={ADD}", {"password": PASSWORD}, secure=True)
    return client


def with_passkey(username: str = "quinn", *roles: str) -> tuple[Client, Passkey]:
    """Somebody who has added a passkey just now, still signed in."""
    client, key = adding(username, *roles), Passkey()
    sent = {"name": "Blue key", "credential": key.made(options_on(client, ADD))}
    assert client.post(ADD, sent, secure=True).status_code == 302
    return client, key


def at_second(username: str = "quinn") -> Client:
    client = Client()
    sent = {"username": username, "password": PASSWORD}
    assert client.post("/accounts/login/", sent, secure=True)["Location"] == SECOND
    return client


def use(client: Client, credential: str) -> int:
    return int(client.post(SECOND, {"credential": credential}, secure=True).status_code)


@pytest.mark.requirement("P11-26", "SEC-17")
def test_a_passkey_opens_only_when_it_verified_its_owner() -> None:
    _, key = with_passkey()
    client = at_second()
    options = options_on(client, SECOND)
    assert options["publicKey"]["userVerification"] == "required"
    assert use(client, key.shown(options, is_verified=False)) == 401
    assert not is_in(client)
    assert use(client, key.shown(options_on(client, SECOND))) == 302
    assert is_in(client)


@pytest.mark.requirement("P11-26")
def test_a_passkey_that_verifies_nobody_is_not_even_added() -> None:
    client, key = adding(), Passkey()
    sent = {"name": "x", "credential": key.made(options_on(client, ADD), is_verified=False)}
    assert client.post(ADD, sent, secure=True).status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.requirement("SEC-17", "P11-26")
def test_an_answer_of_a_passkey_serves_once_here_and_for_its_owner() -> None:
    _, key = with_passkey()
    client = at_second()
    answer = key.shown(options_on(client, SECOND))
    assert use(client, answer) == 302
    other = at_second()
    options = options_on(other, SECOND)
    for wrong in (
        answer,
        key.shown(options, origin="https://evil.example"),
        key.shown(options, origin="http://testserver"),
        Passkey().shown(options),
        "{}",
        "[]",
        "1",
    ):
        assert use(other, wrong) in (200, 401), wrong
        assert not is_in(other)
        Authenticator.objects.all()
        options_on(other, SECOND)


@pytest.mark.requirement("P11-29", "SEC-19")
def test_a_lost_factor_is_over_at_once_with_password_and_sessions() -> None:
    client, key = with_passkey()
    waiting = at_second()
    answer = key.shown(options_on(waiting, SECOND))
    adam = house_of("adam", "admin")
    assert "A second factor was lost" in adam.get("/people/quinn/").content.decode()
    lost = "/people/quinn/factors/lost/"
    assert adam.post(lost, {"reason": ""}).status_code == 422
    assert at_the_door("olga").post(lost, {"reason": "I want to."}).status_code == 403
    assert is_in(client)
    assert adam.post(lost, {"reason": "The key fell into the river."}).status_code == 302
    assert not is_in(client)
    assert use(waiting, answer) == 302
    assert not is_in(waiting)
    assert not Authenticator.objects.exists()
    sent = {"username": "quinn", "password": PASSWORD}
    assert Client().post("/accounts/login/", sent).status_code == 200
    assert adam.post(lost, {"reason": "The key fell into the river."}).status_code == 409
    removed = LedgerEntry.objects.filter(verb="remove_factor", actor_id=person("adam").pk)
    assert removed.count() == 2
    with pytest.raises(NotPermitted):
        revoke_factors(username="adam", act=act_by(person("adam"), reason="Mine, I lost it."))


@pytest.mark.requirement("A11D-11")
def test_from_elsewhere_a_password_alone_sets_no_second_factor_up(settings: Any) -> None:
    import ipaddress

    settings.SITE_NETWORKS = [ipaddress.ip_network("10.1.0.0/16")]
    person("olga", "operator", at_site=site())
    client = Client(REMOTE_ADDR="198.51.100.9", headers={"X-Forwarded-For": "10.1.2.3"})
    client.post("/accounts/login/", {"username": "olga", "password": PASSWORD})
    page = client.get("/accounts/factors/").content.decode()
    assert "set up at the site only" in page
    assert "Add a passkey" not in page
    client.post("/accounts/again/?next=/accounts/factors/app/", {"password": PASSWORD})
    for path in ("/accounts/factors/app/", ADD):
        assert client.get(path).status_code == 403
        assert client.post(path, {"code": "1"}).status_code == 403
    # Whoever set one up at the site comes in from elsewhere with it.
    with_app("quinn", "qa")
    far = asked(REMOTE_ADDR="198.51.100.9")
    assert show(far, code_now()) == 302
    assert far.get("/").status_code == 200
    assert User.objects.get(username="olga").is_active
