"""The identity provider of a site: who is connected comes in by it, and nobody else does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from django.test import Client

from audit.commands import deactivate_user
from audit.models import AccessEvent, LedgerEntry, NoAct, User
from tests.mes.test_login_factors import SECOND, with_app
from tests.mes.test_sessions import is_in
from tests.worlds.audit import act_by, person, site

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/oidc/site/login/"
SUBJECT = "8f1c-0042"


class Provider(BaseHTTPRequestHandler):
    """A provider on this machine; ``subject`` is whom it vouches for."""

    subject = SUBJECT
    asked: list[dict[str, list[str]]] = []

    def do_GET(self) -> None:
        here = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        self._say(
            {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/keys",
                "userinfo_endpoint": f"{here}/me",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    def do_POST(self) -> None:
        here = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        size = int(self.headers["Content-Length"])
        self.asked.append(parse_qs(self.rfile.read(size).decode()))
        now = int(time.time())
        claims = {"iss": here, "aud": "onelot", "sub": self.subject, "iat": now, "exp": now + 60}
        claims |= {"preferred_username": "olga", "email": "olga@plant.example"}
        token = jwt.encode(claims, "x" * 32, algorithm="HS256")
        self._say({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def _say(self, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider(settings: Any) -> Iterator[type[Provider]]:
    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.OIDC_SERVER = f"http://127.0.0.1:{server.server_port}"
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid"],
            "APPS": [
                {
                    "provider_id": "site",
                    "name": "Plant",
                    "client_id": "onelot",
                    "secret": "s",
                    "settings": {"server_url": settings.OIDC_SERVER, "fetch_userinfo": False},
                }
            ],
        }
    }
    Provider.subject, Provider.asked = SUBJECT, []
    yield Provider
    server.shutdown()
    server.server_close()


def linked(username: str = "olga", subject: str = SUBJECT) -> None:
    call_command("link_identity", username, subject, reason="Started today.", stdout=StringIO())


def came_back(client: Client | None = None, **changes: str) -> Any:
    """Go to the provider, and come back with what it says."""
    client = client or Client()
    sent = client.get(f"{LOGIN}?next=/orders/")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(sent["Location"]).query).items()}
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid", "S256")
    return client, client.get(
        f"{LOGIN}callback/", {"code": "c", "state": asked["state"], **changes}
    )


@pytest.mark.requirement("SEC-17", "A11D-10")
def test_whoever_is_connected_comes_in_by_the_stable_subject(provider: type[Provider]) -> None:
    person("olga", "operator", at_site=site())
    linked()
    client, answer = came_back()
    assert answer["Location"] == "/orders/"
    assert is_in(client)
    assert provider.asked[0]["code_verifier"]
    last: Any = AccessEvent.objects.order_by("pk").last()
    assert (last.outcome, last.username) == ("signed_in", "olga")
    told = LedgerEntry.objects.get(verb="link_identity")
    assert SUBJECT in told.entry


@pytest.mark.requirement("SEC-17", "A11D-08", "SEC-18")
def test_a_stranger_makes_no_account_and_a_name_connects_nobody(provider: type[Provider]) -> None:
    person("olga", "operator", at_site=site())
    before = User.objects.count()
    client, answer = came_back()
    assert answer["Location"] == "/accounts/login/?refused=1"
    assert "is connected to no open account" in client.get(answer["Location"]).content.decode()
    assert not is_in(client)
    assert User.objects.count() == before
    assert not SocialAccount.objects.exists()
    linked()
    provider.subject = "somebody-else"
    assert not is_in(came_back()[0])
    provider.subject = SUBJECT
    # What was not asked for here, or was refused there, opens nothing.
    assert not is_in(came_back(state="forged")[0])
    assert not is_in(came_back(error="access_denied")[0])
    failed = AccessEvent.objects.filter(outcome="failed", path__startswith=LOGIN)
    assert failed.count() >= 3


@pytest.mark.requirement("SEC-17", "A11D-09", "SEC-19")
def test_the_provider_opens_no_closed_account_and_gets_around_no_second_factor(
    provider: type[Provider],
) -> None:
    person("olga", "operator", at_site=site())
    with_app("quinn", "qa")
    linked()
    linked("quinn", "8f1c-0043")
    provider.subject = "8f1c-0043"
    client, answer = came_back()
    assert answer["Location"] == SECOND
    assert not is_in(client)
    provider.subject = SUBJECT
    deactivate_user(user=User.objects.get(username="olga"), act=act_by())
    assert not is_in(came_back()[0])


@pytest.mark.requirement("SEC-17", "P11-06")
def test_nobody_is_connected_on_the_side_or_twice(provider: type[Provider], settings: Any) -> None:
    olga = person("olga", "operator", at_site=site())
    with pytest.raises(NoAct):
        SocialAccount.objects.create(user_id=olga.pk, provider="site", uid="x")
    client, _ = came_back()
    client.force_login(olga, backend="mes.sign_in.People")
    sent = client.get(f"{LOGIN}?process=connect")
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    client.get(f"{LOGIN}callback/", {"code": "c", "state": state})
    assert not SocialAccount.objects.exists()
    linked()
    for wrong in (("olga", "other"), ("system", "other"), ("nobody", "other"), ("olga", "")):
        with pytest.raises(CommandError):
            linked(*wrong)
    settings.OIDC_SERVER = ""
    with pytest.raises(CommandError):
        linked("olga", "other")


@pytest.mark.requirement("SEC-18")
def test_where_no_provider_is_configured_there_is_none() -> None:
    assert Client().get(LOGIN)["Location"].startswith("/accounts/login/")
    assert "oidc" not in Client().get("/accounts/login/").content.decode()
