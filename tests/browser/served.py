"""OneLot served by a real uvicorn from the test's own database, and people on a real Chromium."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "test-results" / "screenshots"
PASSWORD = "correct horse battery staple"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def served(settings: Any, static: Path) -> Iterator[str]:
    """Serve what the database of the test holds, and give the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.browser.served_settings",
        "DATABASE_URL": url_of(connection.settings_dict),
        "STATIC_ROOT": str(static),
        "SERVED_KEY_DIR": str(settings.KEY_DIR),
        "SERVED_CHECKPOINT_FILE": str(settings.CHECKPOINT_FILE),
    }
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"],
        cwd=ROOT,
        env=env,
        check=True,
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "mes.asgi:application", "--port", str(port),
         "--log-level", "error", "--timeout-graceful-shutdown", "1"],
        cwd=ROOT,
        env=env,
    )  # fmt: skip
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(10)


def url_of(database: dict[str, Any]) -> str:
    """The address of the test's database, with the server and the role it was opened with."""
    from urllib.parse import quote, urlencode

    query = {"host": database["HOST"]} if database["HOST"].startswith("/") else {}
    place = "" if query else f"{database['HOST']}:{database['PORT'] or 5432}"
    secret = f":{quote(database['PASSWORD'])}" if database.get("PASSWORD") else ""
    tail = f"?{urlencode(query)}" if query else ""
    return f"postgres://{database['USER']}{secret}@{place}/{database['NAME']}{tail}"


def signed_in(browser: Browser, address: str, name: str, scheme: Any = "light") -> Page:
    """A new window in which somebody is signed in; what the page complains of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(rf"^{re.escape(address)}/(people/)?$"))
    return page
