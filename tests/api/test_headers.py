"""What a browser and a client are told beside the body: policies, no cache, TLS in production."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from tests.worlds.audit import person, site

BACKEND = "mes.sign_in.People"
ROOT = Path(__file__).resolve().parents[2]
PAGES = ("/accounts/login/", "/healthz", "/", "/batches/", "/verification/", "/api/v1/batches/",
         "/api/schema/?format=json", "/no/such/page/")  # fmt: skip


@pytest.mark.requirement("SEC-03", "SEC-13")
@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_forbids_what_nobody_needs(path: str) -> None:
    client = Client()
    client.force_login(person("quinn", "qa", at_site=site()), backend=BACKEND)
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    for part in ("default-src 'self'", "script-src 'self'", "style-src 'self'",
                 "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
                 "form-action 'self'"):  # fmt: skip
        assert part in policy, path
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_only_the_documentation_of_the_interface_allows_inline_style() -> None:
    policy = Client().get("/api/docs/")["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "object-src 'none'" in policy


@pytest.mark.requirement("P11-05")
@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_stranger_at_the_interface_gets_a_problem_with_a_challenge(method: str) -> None:
    for path in ("/api/v1/orders/", "/api/v1/batches/", "/api/v1/batches/B-1/record/",
                 "/api/v1/batches/B-1/record.pdf", "/api/v1/readings/", "/api/v1/events/",
                 "/api/v1/batches/B-1/package.zip", "/api/v1/collections/"):  # fmt: skip
        answer = getattr(Client(), method)(path)
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer["WWW-Authenticate"] == 'Bearer realm="onelot"'
        document = answer.json()
        assert (document["status"], document["code"]) == (401, "not_authenticated")
        assert document["instance"].startswith("urn:request:")


@pytest.mark.requirement("SEC-12", "P11-14")
def test_production_asks_for_tls_and_says_so(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "mes.settings",
            "ONELOT_ENV": "prod",
            "SECRET_KEY": "x7" * 40,
            "ALLOWED_HOSTS": "mes.example",
            "KEY_DIR": str(tmp_path),
            "CHECKPOINT_FILE": str(tmp_path / "checkpoints.jsonl"),
            "DATABASE_URL": "postgres://onelot_app@127.0.0.1:1/onelot",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        },
    ).stdout.splitlines()
    assert told == [
        "301 https://mes.example/accounts/login/",
        "max-age=63072000; includeSubDomains; preload",
        "__Host-session True True Lax",
    ]


ASK = """
import django
django.setup()
from django.conf import settings
from django.test import Client
client = Client(SERVER_NAME="mes.example")
answer = client.get("/accounts/login/")
print(answer.status_code, answer["Location"])
print(client.get("/healthz", secure=True)["Strict-Transport-Security"])
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
      settings.SESSION_COOKIE_SAMESITE)
"""
