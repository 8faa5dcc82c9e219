"""``manage.py create_client``: a service account with a token, printed once and alone."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.commands.people import digest_of_token
from audit.models import ApiToken, LedgerEntry, User
from tests.worlds.audit import person, site

pytestmark = pytest.mark.django_db


def create(*arguments: str, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("create_client", *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_the_token_stands_alone_on_stdout_and_opens_the_interface() -> None:
    site("NORTH")
    out, err = create(
        "Portal of the North", "--site", "NORTH", "--scope", "orders:read",
        "--scope", "orders:write",
    )  # fmt: skip
    token = out.removesuffix("\n")
    assert token.startswith("mes_live_")
    assert "\n" not in token
    assert token not in err
    assert "portal-of-the-north" in err
    answer = Client().get("/api/v1/orders/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    made = ApiToken.objects.get()
    assert (made.digest, made.scopes) == (digest_of_token(token), ["orders:read", "orders:write"])
    assert (made.expires_at - made.created_at).days == 365
    assert (made.user.full_name, made.user.kind) == ("Portal of the North", "service")


def test_the_token_is_stored_nowhere_as_it_is() -> None:
    site("NORTH")
    out, _ = create("Portal", "--site", "NORTH", "--scope", "orders:read")
    entries = "".join(LedgerEntry.objects.values_list("entry", flat=True))
    assert out.strip() not in entries
    assert "create_token" in entries


def test_a_known_name_at_the_same_site_gets_a_further_token() -> None:
    site("NORTH")
    first, _ = create("Portal", "--site", "NORTH", "--scope", "orders:read")
    second, _ = create("portal", "--site", "NORTH", "--scope", "orders:write", "--days", "7")
    assert first != second
    assert User.objects.filter(username="portal").count() == 1
    assert ApiToken.objects.count() == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Portal", "--site", "MARS", "--scope", "orders:read"), "no site MARS"),
        (("***", "--site", "NORTH", "--scope", "orders:read"), "letters or digits"),
        (("Portal", "--site", "NORTH", "--scope", "everything"), "invalid choice"),
        (("Portal", "--site", "NORTH"), "--scope"),
        (("Portal", "--site", "NORTH", "--scope", "orders:read", "--days", "0"), "from 1 to"),
        (("Petra", "--site", "NORTH", "--scope", "orders:read"), "another account"),
        (("System", "--site", "NORTH", "--scope", "orders:read"), "another account"),
        (("Elsewhere", "--site", "NORTH", "--scope", "orders:read"), "another site"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    site("NORTH")
    site("SOUTH")
    person("petra", "planner")
    create("Elsewhere", "--site", "SOUTH", "--scope", "orders:read")
    with pytest.raises(CommandError, match=words):
        create(*arguments)
    assert ApiToken.objects.count() == 1
