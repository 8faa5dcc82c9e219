"""Sessions: they end by the server's clock, with the account, and wherever somebody ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from audit.commands import deactivate_user
from audit.commands.passwords import choose_password
from audit.models import AccessEvent
from mes.live.news import listener_of
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, person, site

pytestmark = pytest.mark.django_db
STEP = "/batches/B-000001/steps/2/"
BY_ITSELF = (
    {"HX-Request": "true"},
    {"Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Mode": "same-origin", "Accept": "text/html"},
    {"Accept": "*/*"},
)
OPENED: tuple[dict[str, str], ...] = (
    {},
    {"Sec-Fetch-Mode": "navigate"},
    {"Accept": "text/html,application/xhtml+xml"},
)


def at_the_door(username: str = "olga", *roles: str) -> Client:
    """Somebody who signed in just now, with user ID and password."""
    person(username, *(roles or ("operator",)), at_site=site())
    client = Client()
    sent = {"username": username, "password": PASSWORD}
    assert client.post("/accounts/login/", sent).status_code == 302
    return client


def is_in(client: Client, **headers: str) -> bool:
    return int(client.get("/accounts/session/", headers=headers).status_code) == 200


@pytest.mark.requirement("A11D-12", "PWD-02", "SEC-21")
@pytest.mark.parametrize(("role", "minutes"), [("operator", 15), ("verifier", 15), ("qa", 30)])
def test_a_session_ends_one_second_after_the_idle_limit_of_the_role(
    role: str, minutes: int
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door("pat", role)
        clock.shift(timedelta(minutes=minutes) - timedelta(seconds=1))
        assert is_in(client, **{"Sec-Fetch-Mode": "cors"})
        clock.shift(timedelta(seconds=2))
        assert not is_in(client)
        # It is gone, not asleep: turning the clock back does not wake it.
        clock.shift(-timedelta(minutes=10))
        assert not is_in(client)
        assert not Session.objects.exists()


@pytest.mark.requirement("A11D-12")
@pytest.mark.parametrize("headers", BY_ITSELF)
def test_what_a_page_asks_by_itself_keeps_no_session_alive(headers: dict[str, str]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door()
        for _ in range(15):
            clock.shift(timedelta(minutes=1))
            assert client.get("/", headers=headers).status_code in (200, 401)
        clock.shift(timedelta(seconds=1))
        assert client.get("/", headers=headers).status_code == 401


@pytest.mark.requirement("A11D-12")
@pytest.mark.parametrize("headers", OPENED)
def test_a_page_that_somebody_opens_keeps_the_session_alive(headers: dict[str, str]) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door()
        for _ in range(4):
            clock.shift(timedelta(minutes=14))
            assert client.get("/", headers=headers).status_code == 200
        clock.shift(timedelta(minutes=14))
        touched = client.post("/accounts/session/", headers={"Sec-Fetch-Mode": "cors"})
        assert touched.json() == {"left": 900}


@pytest.mark.requirement("A11D-12", "SEC-21", "PWD-02")
def test_no_activity_keeps_a_session_longer_than_twelve_hours() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door()
        for _ in range(71):
            clock.shift(timedelta(minutes=10))
            assert client.get("/").status_code == 200
        clock.shift(timedelta(minutes=10))
        assert client.get("/").status_code == 302


@pytest.mark.requirement("SEC-21")
def test_a_session_without_a_beginning_or_from_tomorrow_is_over() -> None:
    for change in ({"began_at": None}, {"active_at": "now"}, {"began_at": 2**40}):
        client = at_the_door()
        changed = client.session
        changed.update(change)
        changed.save()
        assert not is_in(client), change


@pytest.mark.requirement("A11D-12")
def test_an_operator_signs_in_again_and_is_back_at_the_same_step() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door()
        clock.shift(timedelta(minutes=16))
        sent_away = client.get(STEP)
        assert (sent_away.status_code, sent_away["Location"]) == (
            302,
            f"/accounts/login/?next={STEP}",
        )
        page = client.get(sent_away["Location"])
        assert f'name="next" value="{STEP}"' in page.content.decode()
        sent = {"username": "olga", "password": PASSWORD, "next": STEP}
        assert client.post("/accounts/login/", sent)["Location"] == STEP


@pytest.mark.requirement("A11D-12")
def test_a_form_or_a_part_that_comes_too_late_leads_back_to_its_page() -> None:
    late = Client()
    referred = {"Referer": f"http://testserver{STEP}?from=list"}
    sent = late.post(f"{STEP}sign/", headers=referred)
    assert sent["Location"] == f"/accounts/login/?next={STEP}"
    away = late.post(f"{STEP}sign/", headers={"Referer": "https://evil.example/x"})
    assert away["Location"] == "/accounts/login/?next=/"
    part = late.get(STEP, headers={"HX-Request": "true", "HX-Current-URL": referred["Referer"]})
    assert (part.status_code, part["HX-Redirect"]) == (401, f"/accounts/login/?next={STEP}")
    fetched = late.get(STEP, headers={"Sec-Fetch-Mode": "cors"})
    assert fetched.status_code == 401
    assert STEP not in fetched.content.decode()


@pytest.mark.requirement("SEC-21")
def test_signing_in_makes_a_new_session_and_signing_out_ends_it_everywhere() -> None:
    client = at_the_door()
    first = str(client.session.session_key)
    stolen = Client()
    stolen.cookies["session"] = first
    assert is_in(stolen)
    # Signed in again: the key of before opens nothing.
    client.post("/accounts/login/", {"username": "olga", "password": PASSWORD})
    client.logout()
    client = at_the_door()
    second = str(client.session.session_key)
    assert second != first
    stolen.cookies["session"] = second
    assert listener_of(second) is not None
    client.post("/accounts/logout/")
    assert not is_in(stolen)
    assert stolen.get("/api/v1/batches/").status_code == 401
    assert listener_of(second) is None


@pytest.mark.requirement("SEC-21")
def test_a_key_that_was_planted_before_signing_in_opens_nothing_afterwards() -> None:
    planted = Client()
    kept = planted.session
    kept["anything"] = 1
    kept.save()
    key = str(kept.session_key)
    person("olga", "operator", at_site=site())
    planted.post("/accounts/login/", {"username": "olga", "password": PASSWORD})
    assert planted.session.session_key != key
    other = Client()
    other.cookies["session"] = key
    assert not is_in(other)


@pytest.mark.requirement("SEC-21", "A11D-12")
@pytest.mark.parametrize("what", ["closed", "password"])
def test_a_closed_account_or_a_new_password_ends_every_session_at_the_next_request(
    what: str,
) -> None:
    clients = [at_the_door(), at_the_door()]
    keys = [str(client.session.session_key) for client in clients]
    olga = person("olga")
    if what == "closed":
        deactivate_user(user=olga, act=act_by())
    else:
        choose_password(user=olga, password="another long sentence to go in", act=act_by(olga))
    for client, key in zip(clients, keys, strict=True):
        assert listener_of(key) is None
        assert client.get("/api/v1/batches/").status_code == 401
        assert client.get("/").status_code == 302
        assert not is_in(client)


@pytest.mark.requirement("A11D-12", "SEC-21")
def test_an_event_stream_ends_with_the_session_and_keeps_none_alive() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door()
        key = str(client.session.session_key)
        for _ in range(14):
            clock.shift(timedelta(minutes=1))
            assert listener_of(key) is not None
        clock.shift(timedelta(minutes=1))
        assert listener_of(key) is None
        assert not is_in(client)


@pytest.mark.requirement("A11D-13")
def test_the_access_log_holds_the_end_of_a_session_that_ran_out() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = at_the_door()
        clock.shift(timedelta(minutes=16))
        client.get(STEP)
        last: Any = AccessEvent.objects.order_by("pk").last()
        assert (last.outcome, last.username, last.path) == ("signed_out", "olga", STEP)
