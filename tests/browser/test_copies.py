"""The files of a batch, and the certified copy that quality makes of one, on their page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.batches.test_copies import with_table
from tests.browser.served import PASSWORD, SHOTS, served, signed_in
from tests.browser.test_main_job import found_by_axe
from tests.worlds.recipes import quality

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


@pytest.mark.requirement("DI-04")
def test_quality_certifies_a_copy_on_the_page_of_the_files(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    batch, _ = with_table()
    name = quality().username
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with served(settings, tmp_path / "static") as address:
        for scheme in ("dark", "light"):
            page = signed_in(browser, address, name, scheme)
            page.set_viewport_size({"width": 1024, "height": 768})
            page.goto(f"{address}/batches/{batch.number}/")
            page.get_by_role("link", name="Files and copies").click()
            page.screenshot(path=SHOTS / f"copies-{scheme}.png", full_page=True)
            wrong += [f"{scheme}: {one}" for one in found_by_axe(page)]
        page.get_by_role("button", name="Certify a copy of raw.csv").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("it is a true copy")
        page.screenshot(path=SHOTS / "copies-dialog.png")
        wrong += [f"dialog: {one}" for one in found_by_axe(page)]
        dialog.locator("[name=username]").fill(name)
        dialog.locator("[name=password]").fill(PASSWORD)
        dialog.get_by_role("button", name="Sign: a true copy").click()
        link = page.get_by_role("link", name=f"{batch.number}-C1.pdf")
        expect(link).to_be_visible()
        page.screenshot(path=SHOTS / "copies-made.png", full_page=True)
        wrong += [f"made: {one}" for one in found_by_axe(page)]
        with page.expect_download() as kept:
            link.click()
        assert Path(kept.value.path()).read_bytes().startswith(b"%PDF")
    assert wrong == []
