"""A passkey in place of the signing password: verified, for this one dialog, and counted alike."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from audit.commands import deactivate_user
from audit.commands.lockout import FAILURES
from audit.models import LedgerEntry, Signature, User
from mes.accounts.factors import revoke_factors
from tests.audit.test_signing_session import PAGE
from tests.mes.test_login_passkeys import with_passkey
from tests.worlds.audit import PASSWORD, act_by, person, site
from tests.worlds.passkeys import Passkey

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> tuple[Client, Passkey]:
    """Somebody of quality with a passkey, before the dialog of a review of access."""
    site()
    return with_passkey()


def dialog(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(PAGE, secure=True).context["signing"]
    return found


def sign(client: Client, shown: dict[str, Any], credential: str, **typed: str) -> int:
    sent = {"digest": shown["digest"], "challenge": shown["challenge"], "reason": "All is well."}
    typed = {"username": "quinn", "passkey": credential, **typed}
    return int(client.post(f"{PAGE}sign/", {**sent, **typed}, secure=True).status_code)


def options(shown: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown["passkey"])
    return found


@pytest.mark.requirement("P11-26", "P11-22")
def test_a_passkey_that_verified_its_owner_signs_beside_the_user_id(
    desk: tuple[Client, Passkey],
) -> None:
    client, key = desk
    shown = dialog(client)
    assert options(shown)["publicKey"]["userVerification"] == "required"
    # The first signature of a session takes the user ID as well.
    assert sign(client, shown, key.shown(options(shown)), username="") == 401
    assert sign(client, shown, key.shown(options(shown))) == 302
    told = LedgerEntry.objects.filter(verb="sign").order_by("-pk")[0]
    assert '"component":"passkey"' in told.entry
    assert Signature.objects.get().signer_username == "quinn"
    second = dialog(client)
    assert sign(client, second, key.shown(options(second)), username="") == 302


@pytest.mark.requirement("P11-26", "P11-24")
def test_without_verification_or_for_another_dialog_it_signs_nothing(
    desk: tuple[Client, Passkey],
) -> None:
    client, key = desk
    other, shown = dialog(client), dialog(client)
    for wrong in (
        key.shown(options(shown), is_verified=False),
        key.shown(options(other)),
        key.shown(options(shown), origin="https://evil.example"),
        Passkey().shown(options(shown)),
    ):
        assert sign(client, shown, wrong) == 401
    assert not Signature.objects.exists()
    right = key.shown(options(shown))
    assert sign(client, shown, right) == 302
    # Sent twice it signs once.
    assert sign(client, shown, right) != 302
    assert Signature.objects.count() == 1


@pytest.mark.requirement("P11-26", "P11-30")
@pytest.mark.parametrize("wrong", ["{}", "[]", "1", "null", "no json", '{"id": 1}', "x" * 9000])
def test_whatever_else_is_sent_is_a_wrong_answer(desk: tuple[Client, Passkey], wrong: str) -> None:
    client, key = desk
    shown = dialog(client)
    assert sign(client, shown, wrong) == 401
    cut = json.loads(key.shown(options(shown)))
    for part in ("authenticatorData", "clientDataJSON", "signature"):
        short = {**cut, "response": {**cut["response"], part: cut["response"][part][:7]}}
        assert sign(client, dialog(client), json.dumps(short)) == 401


@pytest.mark.requirement("P11-26", "P11-30")
def test_wrong_answers_count_as_wrong_passwords_and_a_locked_account_signs_with_no_key(
    desk: tuple[Client, Passkey],
) -> None:
    client, key = desk
    shown = dialog(client)
    right = key.shown(options(shown))
    for _ in range(FAILURES):
        assert sign(client, shown, key.shown(options(shown), is_verified=False)) == 401
    assert User.objects.get(username="quinn").is_locked
    assert sign(client, shown, right) in (302, 401)
    assert not Signature.objects.exists()


@pytest.mark.requirement("P11-26", "P11-21")
def test_the_key_of_one_person_signs_for_nobody_else(desk: tuple[Client, Passkey]) -> None:
    _, key = desk
    mine, _ = with_passkey("paula")
    shown = dialog(mine)
    assert sign(mine, shown, key.shown(options(shown)), username="paula") == 401
    assert sign(mine, shown, key.shown(options(shown)), username="quinn") == 403
    assert not Signature.objects.exists()


@pytest.mark.requirement("P11-29", "A11D-09")
@pytest.mark.parametrize("what", ["lost", "closed"])
def test_a_key_that_was_taken_away_signs_nothing_any_more(
    desk: tuple[Client, Passkey], what: str
) -> None:
    client, key = desk
    shown = dialog(client)
    right = key.shown(options(shown))
    if what == "lost":
        revoke_factors(username="quinn", act=act_by(reason="It fell into the river."))
    else:
        deactivate_user(user=person("quinn"), act=act_by())
    sign(client, shown, right)
    assert not Signature.objects.exists()
    assert what == "closed" or not Authenticator.objects.exists()


def test_whoever_has_no_passkey_is_asked_for_the_password_as_before() -> None:
    site()
    person("quinn", "qa")
    client = Client()
    client.post("/accounts/login/", {"username": "quinn", "password": PASSWORD})
    shown = dialog(client)
    assert not shown["passkey"]
    assert sign(client, shown, "{}") == 401
