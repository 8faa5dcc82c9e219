"""Every route, as a stranger and as every role: who may come in is a committed table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from audit.permissions import ROLES
from tests.worlds.audit import person, site

MATRIX = Path(__file__).with_name("routes.json")
OPEN = {
    "/healthz",
    "/readyz",
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/password/link/",
    "/api/schema/",
    "/api/docs/",
}
SAMPLE = {
    "int": "999999",
    "str": "X-999999",
    "slug": "x-999999",
    "uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12,
}


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern)


def sample_of(route: str) -> str:
    made = route
    while "<" in made:
        before, _, rest = made.partition("<")
        kind, _, after = rest.partition(">")
        made = before + SAMPLE[kind.split(":")[0] if ":" in kind else "str"] + after
    return made


def people() -> dict[str, Any]:
    return {role: person(f"r-{role}", role, at_site=site()) for role in ROLES if role != "service"}


def outcome(status: int) -> str:
    """What an answer says about access: the record behind the sample does not exist."""
    return "denied" if status in (302, 401, 403) else "open"


@pytest.mark.requirement("P11-05")
@pytest.mark.django_db
def test_a_stranger_gets_nowhere() -> None:
    for route in routes():
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(Client(), method)(sample_of(route))
            if route in OPEN:
                continue
            assert answer.status_code in (302, 401, 403), f"{method} {route}: {answer.status_code}"
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/login/"), route


@pytest.mark.requirement("P11-09")
@pytest.mark.django_db
def test_routes_and_roles_are_as_committed() -> None:
    found: dict[str, dict[str, list[str]]] = {}
    for role, user in people().items():
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="mes.sign_in.People")
        # A path may have two names.
        for route in dict.fromkeys(routes()):
            if route in OPEN:
                continue
            for method in ("get", "post"):
                answer = getattr(client, method)(sample_of(route))
                assert answer.status_code < 500, f"{method} {route} as {role}: {answer.status_code}"
                if answer.status_code != 405 and outcome(answer.status_code) == "open":
                    found.setdefault(route, {}).setdefault(method, []).append(role)
    known = json.loads(MATRIX.read_text()) if MATRIX.exists() else {}
    if found != known:
        MATRIX.with_suffix(".found.json").write_text(json.dumps(found, indent=1, sort_keys=True))
    assert found == known, "compare routes.json with routes.found.json, and commit what is meant"
