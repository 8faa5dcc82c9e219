"""Continuous sessions and the statement behind every signature, over HTTP and with time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from audit.commands import accept_accountability, add_user, grant_role
from audit.commands.challenges import DIALOG_LASTS
from audit.forms import CONTINUOUS, end_continuity, proof_of_signer
from audit.models import Acceptance, LedgerEntry, Signature, User
from audit.rules import accountability as statement
from audit.rules.accountability import accountability
from kernel.errors import NotPermitted, StaleView, Unauthenticated
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, activated, client_token, person, site

pytestmark = pytest.mark.django_db
BACKEND = "mes.sign_in.People"
PAGE = "/access-reviews/of/PLANT/"


def desk(user: User | None = None) -> Client:
    """A browser in which somebody of quality is signed in."""
    site()
    client = Client()
    client.force_login(user or person("quinn", "qa"), backend=BACKEND)
    return client


def dialog(client: Client) -> dict[str, Any]:
    """The signing dialog of a review of access, as it stands on the screen now."""
    found: dict[str, Any] = client.get(PAGE).context["signing"]
    return found


def answer(client: Client, shown: dict[str, Any], **typed: str) -> Any:
    """Send a dialog with what was typed into it."""
    sent = {"digest": shown["digest"], "challenge": shown["challenge"], "reason": "All is well."}
    return client.post(f"{PAGE}sign/", {**sent, **typed})


def both(client: Client, shown: dict[str, Any] | None = None) -> int:
    """Sign with user ID and password."""
    shown = shown or dialog(client)
    return int(answer(client, shown, username="quinn", password=PASSWORD).status_code)


def password_only(client: Client) -> int:
    """Sign with the password alone."""
    return int(answer(client, dialog(client), password=PASSWORD).status_code)


@pytest.mark.requirement("P11-22", "P11-23")
def test_both_components_first_then_the_password_until_fifteen_minutes_without_a_signature() -> (
    None
):
    with time_machine.travel(NOON, tick=False) as clock:
        client = desk()
        assert password_only(client) == 401
        assert both(client) == 302
        assert dialog(client)["fixed_username"] == "quinn"
        clock.shift(CONTINUOUS)
        assert password_only(client) == 302
        clock.shift(CONTINUOUS)
        # Looking at pages, or a page that asks by itself, keeps nothing alive.
        assert client.get("/").status_code == 200
        clock.shift(timedelta(seconds=1))
        assert dialog(client)["fixed_username"] == ""
        assert password_only(client) == 401
        assert both(client) == 302
        clock.shift(-timedelta(minutes=1))
        assert password_only(client) == 401
    assert Signature.objects.count() == 3


@pytest.mark.requirement("P11-22", "P11-23")
def test_another_session_device_or_sign_in_asks_for_both_again() -> None:
    client = desk()
    assert both(client) == 302
    assert password_only(desk()) == 401
    # Signed in again without signing out: the session is another one.
    client.force_login(person("quinn"), backend=BACKEND)
    assert password_only(client) == 401
    assert both(client) == 302
    client.post("/accounts/logout/")
    client.force_login(person("quinn"), backend=BACKEND)
    assert password_only(client) == 401


@pytest.mark.requirement("P11-22", "P11-23")
def test_what_one_session_keeps_is_of_no_use_in_another() -> None:
    client, other = desk(), desk()
    assert both(client) == 302
    copied = other.session
    copied["signed_last"] = client.session["signed_last"]
    copied.save()
    assert password_only(other) == 401


@pytest.mark.requirement("P11-23")
def test_a_locked_screen_asks_for_both_again() -> None:
    client = desk()
    assert both(client) == 302
    request = client.get(PAGE).wsgi_request
    end_continuity(request)
    request.session.save()
    assert password_only(client) == 401


@pytest.mark.requirement("P11-22")
def test_a_signature_that_was_refused_does_not_begin_the_session() -> None:
    client = desk()
    shown = dialog(client)
    refused = answer(client, {**shown, "digest": "0" * 64}, username="quinn", password=PASSWORD)
    assert refused.status_code == 409
    assert password_only(client) == 401


@pytest.mark.requirement("P11-21", "P11-24")
def test_a_dialog_of_another_session_or_of_no_dialog_signs_nothing() -> None:
    client, other = desk(), desk()
    shown = dialog(other)
    assert both(client, shown) == 401
    missing = answer(client, {**shown, "challenge": ""}, username="quinn", password=PASSWORD)
    assert missing.status_code == 401
    assert "does not come from a signing dialog" in missing.content.decode()
    assert both(other, shown) == 302
    again = answer(other, shown, password=PASSWORD)
    assert again.status_code == 401
    assert "signed before" in again.content.decode()
    assert Signature.objects.count() == 1


@pytest.mark.requirement("P11-17")
def test_a_dialog_that_stood_too_long_is_shown_anew_and_then_signed() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = desk()
        shown = dialog(client)
        clock.shift(DIALOG_LASTS + timedelta(seconds=1))
        late = answer(client, shown, username="quinn", password=PASSWORD)
        assert late.status_code == 401
        assert "more than ten minutes ago" in late.content.decode()
        new = late.context["signing"]
        assert answer(client, new, username="quinn", password=PASSWORD).status_code == 302


@pytest.mark.requirement("P11-24")
def test_a_service_account_never_signs_by_session_dialog_or_token() -> None:
    token, text = client_token(site())
    client = desk()
    shown = dialog(client)
    assert answer(client, shown, username="portal", password=PASSWORD).status_code == 401
    assert desk(token.user).get(PAGE).status_code == 403
    header = {"Authorization": f"Bearer {text}"}
    asked = Client().post(f"{PAGE}sign/", {"digest": shown["digest"]}, headers=header)
    assert asked["Location"].startswith("/accounts/login/")
    with pytest.raises(NotPermitted):
        accept_accountability(digest=accountability().digest, act=act_by(token.user))
    assert not Signature.objects.exists()


def newcomer() -> User:
    """Somebody of quality who has not accepted the statement."""
    user = add_user(
        username="nora",
        full_name="Nora New",
        employee_id="E-N",
        password=PASSWORD,
        is_own_password=True,
        act=act_by(),
    )
    activated(user)
    grant_role(user=user, role="qa", site=None, act=act_by(reason="the world of a test"))
    return user


@pytest.mark.requirement("P11-12")
def test_whoever_signs_first_accepts_the_statement_and_comes_back() -> None:
    nora = newcomer()
    client = desk(nora)
    shown = dialog(client)
    assert "challenge" not in shown
    page = client.get(PAGE).content.decode()
    assert shown["accept_href"] in page
    assert 'name="password"' not in page
    # A form made by hand is refused in words, and signs nothing.
    other = dialog(desk())
    refused = answer(client, other, username="nora", password=PASSWORD)
    assert refused.status_code == 403
    assert "has not accepted the statement" in refused.content.decode()
    read = client.get(shown["accept_href"])
    assert "handwritten signature" in read.content.decode()
    sent = {"next": read.context["back"], "digest": accountability().digest}
    accepted = client.post("/accountability/", sent)
    assert (accepted.status_code, accepted["Location"]) == (302, PAGE)
    kept = Acceptance.objects.get(person=nora)
    assert (kept.version, kept.digest) == (1, accountability().digest)
    assert LedgerEntry.objects.filter(verb="accept_accountability", actor_id=nora.pk).count() == 1
    assert answer(client, dialog(client), username="nora", password=PASSWORD).status_code == 302
    # Once is enough.
    assert client.post("/accountability/", sent).status_code == 302
    assert Acceptance.objects.filter(person=nora).count() == 1


@pytest.mark.requirement("P11-12")
def test_a_new_version_is_accepted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk()
    assert both(client) == 302
    old = accountability()
    for number, text in ((1, old.text), (2, "My signature\n\n1. It binds me.\n")):
        (tmp_path / f"accountability-{number}.txt").write_text(text)
    monkeypatch.setattr(statement, "FOLDER", tmp_path)
    accountability.cache_clear()
    try:
        assert "accept_href" in dialog(client)
        with pytest.raises(StaleView):
            accept_accountability(digest=old.digest, act=act_by(person("quinn")))
        made = accept_accountability(
            digest=accountability().digest, act=act_by(person("quinn"), at=NOON)
        )
        assert made.version == 2
        assert password_only(client) == 302
    finally:
        accountability.cache_clear()


@pytest.mark.requirement("P11-12")
def test_no_version_of_the_statement_is_ever_edited() -> None:
    assert (accountability().version, accountability().digest) == (
        1,
        "9025935eac2b17af944b5e21ebe279ccae5ce6d3d2bf49091242d016281b0ed7",
    )


@pytest.mark.requirement("P11-12")
@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_statement_leads_back_to_our_own_pages_only(away: str) -> None:
    sent = {"next": away, "digest": accountability().digest}
    assert desk().post("/accountability/", sent)["Location"] == "/"


@pytest.mark.requirement("P11-23", "SEC-21")
def test_a_session_that_ended_meanwhile_signs_nothing() -> None:
    client = desk()
    request = client.get(PAGE).wsgi_request
    challenge = str(dialog(client)["challenge"])
    request.POST = {"username": "quinn", "password": PASSWORD, "challenge": challenge}  # type: ignore[assignment]  # read like a form
    proof = proof_of_signer(request)
    Session.objects.all().delete()
    with pytest.raises(Unauthenticated):
        proof.on_signed()
