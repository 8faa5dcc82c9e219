"""The browser of the tests, and the demo it looks at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, sync_playwright

from tests.browser.served import FLAGS, PASSWORD, served


@pytest.fixture
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop on this thread; Django must not mistake the test for async.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=list(FLAGS)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def address(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the demo."""
    settings.DEMO_FILE = tmp_path / "demo.json"
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    call_command("load_demo", verbosity=0)
    with served(settings, tmp_path / "static") as found:
        yield found
