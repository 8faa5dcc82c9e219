"""The second factor: asked for at the door, used once, required by role and place."""

from __future__ import annotations

import ipaddress
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.password_validation import validate_password
from django.test import Client
from django.urls import reverse

from audit.models import AccessEvent, LedgerEntry, NoAct, User
from mes.accounts.adapters import Factors
from mes.accounts.factors import in_one_act
from tests.architecture.test_routes import routes
from tests.conftest import NOON
from tests.mes.test_login_passwords import NEW
from tests.mes.test_sessions import at_the_door, is_in
from tests.worlds.audit import PASSWORD, act_by, person, site

pytestmark = pytest.mark.django_db
SECOND = "/accounts/factors/authenticate/"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_now(seed: str = SEED) -> str:
    return format_hotp_value(hotp_value(seed, int(time.time()) // 30))


def with_app(username: str, *roles: str) -> User:
    """A person who has an authenticator app already."""
    user = person(username, *roles, at_site=site())
    if not Authenticator.objects.filter(user_id=user.pk).exists():
        in_one_act(doing=lambda: TOTP.activate(user, SEED), act=act_by(user))
    return user


def asked(username: str = "quinn", **more: Any) -> Client:
    """Somebody whose password was right, and who is asked for the second factor."""
    with_app(username, "qa")
    client = Client(**more)
    answer = client.post("/accounts/login/", {"username": username, "password": PASSWORD})
    assert answer["Location"] == SECOND
    return client


def show(client: Client, code: str) -> int:
    return int(client.post(SECOND, {"code": code}).status_code)


@pytest.mark.requirement("SEC-17", "A11D-10", "A11D-11")
def test_the_password_alone_opens_nothing_where_there_is_a_second_factor() -> None:
    client = asked()
    assert not is_in(client)
    assert client.get("/")["Location"].startswith("/accounts/login/")
    assert client.get("/api/v1/batches/").status_code == 401
    assert show(client, "000000") == 401
    failed: Any = AccessEvent.objects.order_by("pk").last()
    assert (failed.outcome, failed.username, failed.path) == ("failed", "quinn", SECOND)
    assert show(client, code_now()) == 302
    assert is_in(client)


@pytest.mark.requirement("A11D-10")
def test_a_badge_alone_is_no_sign_in() -> None:
    person("quinn", "qa")
    client = Client()
    for sent in ({"username": "quinn"}, {"username": "quinn", "password": ""}):
        assert client.post("/accounts/login/", sent).status_code == 200
        assert not is_in(client)


@pytest.mark.requirement("SEC-20")
def test_a_code_is_used_once_in_any_session_and_process() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        code = code_now()
        assert show(asked(), code) == 302
        # The list of spent codes stands in the database: any other process finds it there.
        for _ in range(4):
            assert show(asked(), code) == 401
            clock.shift(timedelta(seconds=14))
        assert show(asked(), code_now()) == 302


@pytest.mark.requirement("SEC-17", "SEC-11")
def test_guessing_codes_ends_after_a_few_attempts_whatever_the_session() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(6):
            assert show(asked(), "123456") == 401
        assert show(asked(), code_now()) == 401


@pytest.mark.requirement("SEC-20")
def test_a_recovery_code_works_once_and_is_shown_once() -> None:
    client = at_the_door("quinn", "qa")
    assert client.get(reverse("mfa_activate_totp"))["Location"].startswith("/accounts/again/")
    before = client.session.session_key
    page = client.post("/accounts/again/?next=/accounts/factors/app/", {"password": PASSWORD})
    assert client.session.session_key != before
    assert page["Location"] == "/accounts/factors/app/"
    found = re.search(r"Key <code>(\w+)</code>", client.get(page["Location"]).content.decode())
    assert found
    set_up = client.post("/accounts/factors/app/", {"code": code_now(found[1])})
    assert set_up["Location"] == "/accounts/factors/codes/"
    shown = client.get(set_up["Location"]).content.decode()
    codes = re.findall(r"<li><code>(\w+)</code></li>", shown)
    assert len(codes) == 10
    assert codes[0] not in client.get(set_up["Location"]).content.decode()
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert found[1] not in kept
    assert show(asked(), codes[0]) == 302
    assert show(asked(), codes[0]) == 401
    told = LedgerEntry.objects.filter(verb="add_factor").values_list("entry", flat=True)
    assert any("totp" in text and found[1] not in text for text in told)


@pytest.mark.requirement("P11-06")
def test_no_factor_is_added_or_removed_outside_an_act() -> None:
    with pytest.raises(NoAct):
        TOTP.activate(person("quinn", "qa"), SEED)
    user = with_app("quinn")
    with pytest.raises(NoAct):
        Authenticator.objects.filter(user_id=user.pk).delete()


@pytest.mark.requirement("SEC-27")
def test_the_seed_is_encrypted_with_a_key_outside_the_database() -> None:
    sealed = Factors().encrypt(SEED)
    assert SEED not in sealed
    assert Factors().decrypt(sealed) == SEED
    assert Factors().encrypt(SEED) != sealed


@pytest.mark.requirement("A11D-11", "SEC-17")
def test_the_roles_of_the_policy_set_a_second_factor_up_before_anything_else(
    settings: Any,
) -> None:
    settings.MFA_ROLES = ["admin", "qa", "qp"]
    client = at_the_door("quinn", "qa")
    assert client.get("/")["Location"] == "/accounts/factors/"
    refused = client.get("/api/v1/batches/")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor")
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 403
    assert "Your work needs a second factor" in client.get("/accounts/factors/").content.decode()
    assert at_the_door("olga", "operator").get("/").status_code == 200
    second = asked("paula")
    assert show(second, code_now()) == 302
    assert second.get("/").status_code == 200


@pytest.mark.requirement("A11D-11")
@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("10.1.2.3", "", 200),
        ("10.1.2.3", "198.51.100.9", 200),
        ("198.51.100.9", "", 302),
        ("198.51.100.9", "10.1.2.3", 302),
        ("198.51.100.9", "127.0.0.1, 10.1.2.3", 302),
    ],
)
def test_away_from_the_site_everybody_needs_one_whatever_a_header_says(
    settings: Any, address: str, forwarded: str, status: int
) -> None:
    settings.SITE_NETWORKS = [ipaddress.ip_network("10.1.0.0/16")]
    person("olga", "operator", at_site=site())
    client = Client(REMOTE_ADDR=address, headers={"X-Forwarded-For": forwarded})
    client.post("/accounts/login/", {"username": "olga", "password": PASSWORD})
    answer = client.get("/")
    assert answer.status_code == status
    if status == 302:
        assert answer["Location"] == "/accounts/factors/"
    came: Any = AccessEvent.objects.order_by("pk").last()
    assert (came.outcome, came.origin) == ("signed_in", address)


@pytest.mark.requirement("PWD-01", "SEC-16")
def test_eight_characters_are_enough_beside_a_second_factor_and_not_without() -> None:
    quinn = with_app("quinn", "qa")
    validate_password("t3a-goat", quinn)
    client = asked()
    assert show(client, code_now()) == 302
    client.post("/accounts/again/?next=/accounts/factors/app/remove/", {"password": PASSWORD})
    assert client.post("/accounts/factors/app/remove/").status_code == 302
    # It stood with a second factor; alone it is chosen anew.
    assert client.get("/")["Location"] == "/accounts/password/"
    typed = {"password": PASSWORD, "new": "t3a-goat", "again": "t3a-goat"}
    assert client.post("/accounts/password/", typed).status_code == 422
    long = {**typed, "new": NEW, "again": NEW}
    assert client.post("/accounts/password/", long).status_code == 302
    assert LedgerEntry.objects.filter(verb="remove_factor").count() == 1


@pytest.mark.requirement("SEC-19")
def test_a_reset_password_does_not_get_around_the_second_factor() -> None:
    from audit.commands.passwords import make_password_link, use_password_link

    with_app("quinn", "qa")
    code = make_password_link(username="quinn", act=act_by(reason="Forgot it."))
    use_password_link(username="quinn", code=code, password=NEW, act=act_by())
    client = Client()
    answer = client.post("/accounts/login/", {"username": "quinn", "password": NEW})
    assert answer["Location"] == SECOND
    assert not is_in(client)


@pytest.mark.requirement("SEC-18", "P11-25")
def test_nobody_signs_up_and_no_mail_resets_anything() -> None:
    ours = {one for one in routes() if one.startswith("/accounts/")}
    assert not [one for one in ours if re.search("signup|email|reset|confirm|social", one)]
    for path in ("signup/", "password/reset/", "email/", "confirm-email/", "3rdparty/"):
        assert Client().get(f"/accounts/{path}")["Location"].startswith("/accounts/login/")
    for name in ("admin", "root", "test"):
        client = Client()
        client.post("/accounts/login/", {"username": name, "password": name})
        assert not is_in(client)
