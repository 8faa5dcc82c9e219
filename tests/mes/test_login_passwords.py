"""Passwords: what one may be, who may choose it, and that nobody else ever knows it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as texts

from audit.commands.passwords import (
    ask_password_link,
    choose_password,
    send_password_link,
    use_password_link,
)
from audit.hashers import OwaspArgon2
from audit.models import AccessEvent, LedgerEntry, PasswordLink, User
from audit.tasks import sweep_outbox
from kernel.errors import Conflict, Invalid, NotPermitted, Unavailable, WrongCredentials
from tests.conftest import NOON
from tests.mes.test_sessions import at_the_door, is_in
from tests.worlds.audit import PASSWORD, act_by, person, site

pytestmark = pytest.mark.django_db
NEW = "seven goats drink tea at noon"
LINK = "/accounts/password/link/"
BACKEND = "mes.sign_in.People"


def refusal_of(password: str, user: User | None = None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as refused:
        return [str(one.code) for one in refused.error_list]
    return []


@pytest.mark.requirement("SEC-16", "PWD-01")
@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("fourteen chars", ["password_too_short"]),
        ("x" * 15, ["password_too_regular"]),
        ("pharma2026batch", ["password_of_context"]),
        ("PASSWORDpassword", ["password_too_regular"]),
        ("qwertyuiopasdfgh", ["password_too_regular"]),
        ("123456789012345", ["password_too_regular"]),
        ("Olivia-Bauer-2026", ["password_of_context"]),
        ("e-4711 e-4711 e-4711!", ["password_too_regular"]),
        ("password1-Olivia", ["password_of_context"]),
        ("null\x00character here", ["password_null"]),
        ("seven goats drink tea " * 13, ["password_too_long", "password_too_regular"]),
        ("seven goats drink", []),
        ("olivia likes seven goats", []),
        ("всё хорошо, прекрасная маркиза", []),
        ("🐐🐫🐪🦙🦒🐘🦏🦛🐀🐁🐇🐿🦔🦇🐻", []),
        ("aZ3$" + "the quick brown fox jumps over a lazy dog " * 3, []),
    ],
)
def test_length_and_guessing_decide_and_nothing_else(password: str, codes: list[str]) -> None:
    olivia = User(username="olivia", full_name="Olivia Bauer", employee_id="E-4711")
    assert refusal_of(password, olivia) == codes


@pytest.mark.requirement("SEC-16", "PWD-01")
def test_a_common_password_is_refused_whatever_its_length_case_and_signs() -> None:
    for common in ("basketball", "Basket-Ball!"):
        assert "password_too_common" in refusal_of(common), common


@pytest.mark.requirement("PWD-01", "SEC-16", "SEC-25")
@given(texts.text(min_size=73, max_size=128).filter(lambda text: "\x00" not in text))
def test_a_long_password_counts_to_its_last_character(password: str) -> None:
    kept = OwaspArgon2().encode(password[:-1] + "x", "a salt of 22 letters..")
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert OwaspArgon2().verify(password, kept) == (password[-1] == "x")


@pytest.mark.requirement("PWD-01")
@given(texts.text(min_size=15, max_size=40).filter(lambda text: "\x00" not in text))
def test_however_a_keyboard_composes_letters_it_is_the_same_password(password: str) -> None:
    user = User()
    user.set_password(unicodedata.normalize("NFC", password))
    assert user.check_password(unicodedata.normalize("NFD", password))


@pytest.mark.requirement("SEC-16")
def test_a_person_changes_the_password_and_every_other_session_ends() -> None:
    here, there = at_the_door("quinn", "qa"), at_the_door("quinn", "qa")
    typed = {"password": PASSWORD, "new": NEW, "again": NEW}
    wrong = here.post("/accounts/password/", {**typed, "password": "what was it"})
    assert wrong.status_code == 401
    last: Any = AccessEvent.objects.order_by("pk").last()
    assert (last.outcome, last.username) == ("failed", "quinn")
    differs = here.post("/accounts/password/", {**typed, "again": NEW + "s"})
    short = here.post("/accounts/password/", {**typed, "new": "short", "again": "short"})
    same = here.post("/accounts/password/", {**typed, "new": PASSWORD, "again": PASSWORD})
    assert [one.status_code for one in (differs, short, same)] == [422, 422, 422]
    assert "needs 15" in short.content.decode()
    assert is_in(there)
    assert here.post("/accounts/password/", typed)["Location"] == "/"
    assert is_in(here)
    assert not is_in(there)
    assert not opens("quinn", PASSWORD)
    told = LedgerEntry.objects.filter(verb="set_password").values_list("entry", flat=True)
    assert told
    assert not any(NEW in text or "argon2" in text or "md5" in text for text in told)


def opens(username: str, password: str) -> bool:
    sent = {"username": username, "password": password}
    return Client().post("/accounts/login/", sent).status_code == 302


class Messenger:
    """Who brings the links: a web server of its own, at the address that the settings name."""

    def __init__(self) -> None:
        brought: list[dict[str, Any]] = []

        class Heard(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                brought.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.brought = brought
        self.server = HTTPServer(("127.0.0.1", 0), Heard)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def leave(self) -> None:
        """Answer nobody any more."""
        self.server.shutdown()
        self.server.server_close()

    def code(self) -> str:
        return str(self.brought[-1]["link"]).partition("#")[2]


@pytest.fixture
def messenger(settings: Any) -> Iterator[Messenger]:
    made = Messenger()
    settings.PERSON_WEBHOOK = f"http://127.0.0.1:{made.server.server_port}/links"
    yield made
    made.leave()


def ask(client: Client, username: str = "olga", reason: str = "Forgot it on holiday.") -> int:
    sent = {"reason": reason}
    return int(client.post(f"/people/{username}/password-link/", sent).status_code)


@pytest.mark.requirement("SEC-19", "P11-25")
def test_the_link_goes_to_the_person_alone_and_whoever_asked_knows_nothing(
    messenger: Messenger,
) -> None:
    olga, adam = at_the_door("olga"), at_the_door("adam", "admin")
    assert ask(adam) == 302
    # From now on the old password and the old session open nothing.
    assert not is_in(olga)
    assert not opens("olga", PASSWORD)
    sweep_outbox()
    assert [one["username"] for one in messenger.brought] == ["olga"]
    assert str(messenger.brought[0]["link"]).startswith(f"http://testserver{LINK}#")
    page = adam.get("/people/olga/").content.decode()
    assert "has to choose a new password" in page
    code = messenger.code()
    kept = repr(list(PasswordLink.objects.values())) + repr(
        list(LedgerEntry.objects.values_list("entry", flat=True))
    )
    assert code not in page + kept
    chosen = {"username": "olga", "code": code, "new": NEW, "again": NEW}
    assert Client().post(LINK, chosen)["Location"] == "/accounts/login/"
    door = Client()
    assert door.post("/accounts/login/", {"username": "olga", "password": NEW}).status_code == 302
    assert is_in(door)


@pytest.mark.requirement("SEC-19")
def test_a_link_works_once_for_its_person_within_a_day(messenger: Messenger) -> None:
    adam = person("adam", "admin")
    with time_machine.travel(NOON, tick=False) as clock:
        for name in ("olga", "oscar"):
            person(name, "operator", at_site=site())
        link = ask_password_link(
            username="olga", address=LINK, act=act_by(adam, reason="Forgot it.")
        )
        send_password_link(link_id=link.pk, address=LINK, act=act_by())
        first = messenger.code()
        chosen = {"username": "olga", "code": first, "new": NEW, "again": NEW}
        for wrong in ({"username": "oscar"}, {"code": "x"}, {"code": ""}):
            assert Client().post(LINK, {**chosen, **wrong}).status_code == 401, wrong
        guessable = Client().post(LINK, {**chosen, "new": "olga" * 5, "again": "olga" * 5})
        assert guessable.status_code == 422
        clock.shift(timedelta(hours=24))
        assert Client().post(LINK, chosen).status_code == 401
        # A new link ends the one of before.
        again = ask_password_link(
            username="olga", address=LINK, act=act_by(adam, at=NOON, reason="It came too late.")
        )
        clock.shift(-timedelta(hours=24))
        assert Client().post(LINK, chosen).status_code == 401
        send_password_link(link_id=again.pk, address=LINK, act=act_by())
        assert Client().post(LINK, {**chosen, "code": messenger.code()}).status_code == 302
        assert Client().post(LINK, {**chosen, "code": messenger.code()}).status_code == 401
        send_password_link(link_id=link.pk, address=LINK, act=act_by())
    assert len(messenger.brought) == 2
    failed = AccessEvent.objects.filter(outcome="failed", path=LINK)
    assert failed.count() == 6


@pytest.mark.requirement("SEC-19", "P11-25")
def test_nobody_sends_a_link_to_themselves_without_a_reason_or_without_a_messenger(
    messenger: Messenger, settings: Any
) -> None:
    adam = at_the_door("adam", "admin")
    person("olga", "operator", at_site=site())
    assert ask(adam, reason=" ") == 422
    assert ask(adam, "adam") == 403
    assert ask(at_the_door("erik", "engineer")) == 403
    settings.PERSON_WEBHOOK = ""
    assert ask(adam) == 409
    assert not PasswordLink.objects.exists()
    with pytest.raises(Conflict):
        ask_password_link(username="olga", address=LINK, act=act_by(person("adam")))


@pytest.mark.requirement("SEC-19", "SEC-32")
def test_a_messenger_who_does_not_answer_leaves_no_link(messenger: Messenger) -> None:
    person("olga", "operator", at_site=site())
    link = ask_password_link(
        username="olga", address=LINK, act=act_by(person("adam", "admin"), reason="Forgot it.")
    )
    messenger.leave()
    with pytest.raises(Unavailable):
        send_password_link(link_id=link.pk, address=LINK, act=act_by())
    link.refresh_from_db()
    assert link.digest is None


@pytest.mark.requirement("SEC-19", "SEC-18")
def test_a_password_that_was_typed_by_somebody_else_opens_one_page_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PERSON_PASSWORD", "initial secret of the day")
    call_command(
        "add_person",
        "nora",
        name="Nora New",
        employee_id="E-9",
        role=["qa"],
        verified_by="Maria Keller",
        evidence="Passport",
        stdout=StringIO(),
    )
    nora = Client()
    sent = {"username": "nora", "password": "initial secret of the day"}
    nora.post("/accounts/login/", sent)
    assert nora.get("/")["Location"] == "/accounts/password/"
    assert nora.post("/accountability/", {"digest": "x"})["Location"] == "/accounts/password/"
    assert nora.get("/", headers={"HX-Request": "true"}).status_code == 403
    refused = nora.get("/api/v1/batches/")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change")
    assert "Choose one of your own" in nora.get("/accounts/password/").content.decode()
    typed = {"password": sent["password"], "new": NEW, "again": NEW}
    assert nora.post("/accounts/password/", typed)["Location"] == "/"
    assert nora.get("/").status_code == 200


@pytest.mark.requirement("SEC-19", "P11-21")
def test_nothing_is_signed_before_the_own_password_is_chosen() -> None:
    from audit.edges import now
    from audit.signing import Answered, reauthenticate

    quinn = person("quinn", "qa")
    shown: Any = {
        "username": "quinn",
        "password": PASSWORD,
        "at": now(),
        "answered": Answered(challenge=act_by().id, session="s", person_id=quinn.pk),
    }
    assert reauthenticate(**shown).user == quinn
    User.objects.filter(pk=quinn.pk).update(must_change_password=True)
    with pytest.raises(NotPermitted) as refused:
        reauthenticate(**shown)
    assert refused.value.code == "password_change"


@pytest.mark.requirement("SEC-21")
def test_whoever_looks_after_accounts_ends_all_sessions_of_a_person() -> None:
    olga, there = at_the_door("olga"), at_the_door("olga")
    adam = at_the_door("adam", "admin")
    assert adam.post("/people/olga/sessions/end/", {"reason": ""}).status_code == 422
    assert is_in(olga)
    assert olga.post("/people/adam/sessions/end/", {"reason": "No."}).status_code == 403
    sent = {"reason": "A tablet was lost in the corridor."}
    assert adam.post("/people/olga/sessions/end/", sent).status_code == 302
    assert not is_in(olga)
    assert not is_in(there)
    assert LedgerEntry.objects.filter(verb="end_sessions", actor_id=person("adam").pk).exists()
    assert is_in(at_the_door("olga"))


@pytest.mark.requirement("SEC-19")
def test_at_the_server_a_link_is_printed_once_for_the_person_beside() -> None:
    person("olga", "operator", at_site=site())
    out = StringIO()
    call_command("password_link", "olga", reason="Forgot it.", stdout=out, stderr=StringIO())
    path, _, code = out.getvalue().strip().partition("#")
    assert path == LINK
    user = use_password_link(username="olga", code=code, password=NEW, act=act_by())
    assert user.check_password(NEW)
    with pytest.raises(WrongCredentials):
        use_password_link(username="olga", code=code, password=NEW + "s", act=act_by())
    for name in ("nobody", "portal"):
        with pytest.raises(CommandError):
            call_command("password_link", name, reason="Why not.", stdout=StringIO())


@pytest.mark.requirement("SEC-07")
def test_the_command_itself_refuses_what_the_page_would() -> None:
    olga = person("olga", "operator", at_site=site())
    for bad in ("short", "olga example olga", PASSWORD):
        with pytest.raises(Invalid):
            choose_password(user=olga, password=bad, act=act_by(olga))
