"""Five wrong signing passwords lock an account; quality hears of it, and the work goes on."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from audit.commands import unlock_account
from audit.commands.lockout import ACCOUNT_LOCKED, FAILURES, tell_security
from audit.edges import now
from audit.models import AccessEvent, LedgerEntry, OutboxMessage, Signature, User
from audit.tasks import sweep_outbox
from batches.models import Step
from kernel.errors import Conflict, Invalid, NotPermitted, Unavailable
from mes import env
from tests.audit.test_signing_session import PAGE, answer, both, desk, dialog
from tests.batches.test_screens import entered, open_step, path, signed_in, signing
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, person, site
from tests.worlds.batches import operator, step_of, verifier

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-30")]


def wrong(client: Client, username: str = "quinn") -> Any:
    return answer(client, dialog(client), username=username, password="not the right one")


def locked_quinn() -> Client:
    """A browser in which the password of quinn was wrong five times."""
    client = desk()
    for _ in range(FAILURES):
        client_answer = wrong(client)
    assert "locked until somebody of quality opens it" in client_answer.content.decode()
    return client


def is_locked(username: str = "quinn") -> bool:
    return User.objects.get(username=username).is_locked


def test_five_wrong_signing_passwords_lock_signing_and_the_door() -> None:
    client = desk()
    other = desk()
    waiting = dialog(other)
    for number in range(FAILURES):
        assert not is_locked(), number
        assert wrong(client).status_code == 401
    assert is_locked()
    # The right password proves nothing now: in no open session, and not at the door.
    assert both(other, waiting) == 302
    assert not Signature.objects.exists()
    for session in (client, other):
        assert session.get("/").headers["Location"].startswith("/accounts/login/")
    door = Client()
    door.post("/accounts/login/", {"username": "quinn", "password": PASSWORD})
    assert door.get("/").headers["Location"].startswith("/accounts/login/")
    outcomes = AccessEvent.objects.filter(path=f"{PAGE}sign/")
    assert list(outcomes.order_by("pk").values_list("outcome", flat=True)) == [
        *["failed"] * FAILURES,
        "locked",
        "signed_out",
    ]


def test_the_lock_and_who_tried_stand_in_the_ledger_and_in_a_message() -> None:
    locked_quinn()
    entry = json.loads(LedgerEntry.objects.get(verb="lock").entry)
    assert entry["after"]["locked_after"] == FAILURES
    assert (entry["by"]["username"], entry["notes"]) == ("system", {"screen_of": "quinn"})
    message = OutboxMessage.objects.get(kind=ACCOUNT_LOCKED)
    told = message.payload
    assert (told["username"], told["failures"], told["terminal"], told["screen_of"]) == (
        "quinn",
        FAILURES,
        "127.0.0.1",
        "quinn",
    )
    assert message.due_at <= now()
    assert PASSWORD not in str(told)
    sweep_outbox()
    message.refresh_from_db()
    assert message.delivered_at is not None


def test_quality_is_alerted_on_its_work_page_and_in_what_asks_by_itself() -> None:
    locked_quinn()
    for username, roles, sees in (("quentin", "qa", True), ("olivia", "operator", False)):
        client = signed_in(person(username, roles, at_site=None))
        page = client.get("/").content.decode()
        assert ("Account quinn is locked: 5 wrong passwords." in page) == sees
        assert ('hx-trigger="every 30s"' in page) == sees
        assert client.get("/locks/").status_code == (200 if sees else 403)
    assert "terminal 127.0.0.1" in signed_in(person("quentin")).get("/locks/").content.decode()


def test_one_right_signature_and_the_count_begins_anew() -> None:
    client = desk()
    for _ in range(2):
        for _ in range(FAILURES - 1):
            wrong(client)
        assert both(client) == 302
    assert not is_locked()


def test_wrong_passwords_at_the_door_lock_no_one_who_is_at_work() -> None:
    client = desk()
    for _ in range(FAILURES):
        Client().post("/accounts/login/", {"username": "quinn", "password": "x"})
    assert not is_locked()
    assert both(client) == 302


def test_nobody_opens_their_own_account_again_and_another_says_why() -> None:
    locked_quinn()
    quinn, quentin = person("quinn"), person("quentin", "qa")
    with pytest.raises(NotPermitted, match="their own"):
        unlock_account(username="quinn", act=act_by(quinn, reason="It was me, typing."))
    with pytest.raises(NotPermitted):
        unlock_account(username="quinn", act=act_by(person("petra", "planner"), reason="Please."))
    with pytest.raises(Invalid):
        unlock_account(username="quinn", act=act_by(quentin, reason=" "))
    client = signed_in(quentin)
    shown = client.get("/people/quinn/").content.decode()
    assert "Open it again" in shown
    refused = client.post("/people/quinn/unlock/", {"reason": ""})
    assert refused.status_code == 422
    assert is_locked()
    opened = client.post("/people/quinn/unlock/", {"reason": "Quinn mistyped: seen at the screen."})
    assert opened.status_code == 302
    assert not is_locked()
    entry = json.loads(LedgerEntry.objects.get(verb="unlock").entry)
    assert (entry["by"]["username"], entry["reason"]) == (
        "quentin",
        "Quinn mistyped: seen at the screen.",
    )
    with pytest.raises(Conflict):
        unlock_account(username="quinn", act=act_by(quentin, reason="Once more."))
    assert "is locked" not in client.get("/").content.decode()
    assert both(desk()) == 302


def test_quality_of_another_site_does_not_open_it() -> None:
    anna = person("anna", "qa", at_site=site())
    for _ in range(FAILURES):
        wrong(desk(), "anna")
    assert is_locked("anna")
    far = person("fara", "qa", at_site=site("NORTH"))
    with pytest.raises(NotPermitted):
        unlock_account(username="anna", act=act_by(far, reason="She asked me."))
    assert signed_in(far).post("/people/anna/unlock/", {"reason": "So."}).status_code == 404
    assert "Account anna" not in signed_in(far).get("/").content.decode()
    assert anna.pk


def filled(code: str, client: Client, value: str, **more: str) -> Step:
    step = open_step(code, client)
    entered(client, step, value, **more)
    return step


@pytest.mark.requirement("P11-30", "A11-06")
def test_a_lock_stops_one_person_and_no_step() -> None:
    verifier()
    person("victor", "verifier", at_site=site())
    client = signed_in(operator())
    step = filled("S05", client, "75,0", unit="mL")
    for _ in range(FAILURES):
        answered = signing(client, step, "sign", username="olivia", password="not hers")
    assert "Another person may sign meanwhile" in answered.content.decode()
    second = signed_in(operator("oscar"))
    assert signing(second, step, "sign", username="oscar", password=PASSWORD).status_code == 303
    # Wrong passwords of a witness lock the witness, not the session in which they were typed.
    for _ in range(FAILURES):
        signing(second, step, "verify", username="vera", password="not hers")
    assert (is_locked("vera"), is_locked("oscar")) == (True, False)
    told = OutboxMessage.objects.filter(kind=ACCOUNT_LOCKED).order_by("pk").last()
    assert told is not None
    assert (told.payload["username"], told.payload["screen_of"]) == ("vera", "oscar")
    assert signing(second, step, "verify", username="vera", password=PASSWORD).status_code == 401
    assert signing(second, step, "verify", username="victor", password=PASSWORD).status_code == 303
    assert step_of(step.batch, "S05").state == "complete"
    assert second.get(path(step)).context["user"].username == "oscar"


def test_the_address_of_those_who_watch_is_told_or_told_again(settings: Any) -> None:
    heard: list[Any] = []

    class Watch(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Watch)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SECURITY_WEBHOOK = f"http://127.0.0.1:{server.server_port}/alerts"
    try:
        tell_security({"username": "quinn", "failures": 5}, act_by())
    finally:
        server.shutdown()
        server.server_close()
    assert heard == [{"kind": ACCOUNT_LOCKED, "username": "quinn", "failures": 5}]
    with pytest.raises(Unavailable):
        tell_security({"username": "quinn"}, act_by())
    settings.SECURITY_WEBHOOK = ""
    tell_security({"username": "quinn"}, act_by(at=NOON + timedelta(hours=1)))


def test_alerts_leave_the_house_by_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://example.org/x", "syslog://example.org"):
        monkeypatch.setenv("SECURITY_WEBHOOK", address)
        with pytest.raises((env.SettingError, ImproperlyConfigured)):
            env.webhook("SECURITY_WEBHOOK")
    monkeypatch.setenv("SECURITY_WEBHOOK", "https://example.org/x")
    assert env.webhook("SECURITY_WEBHOOK") == "https://example.org/x"
