"""A label that is replaced: the page of its step, the dialog two people sign, and what it shows then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.batches.test_labels import accounted, labeled, serial
from tests.browser.served import PASSWORD, SHOTS, served, signed_in
from tests.browser.test_kinds import small_targets
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def looked_at(page: Page, name: str) -> list[str]:
    page.screenshot(path=SHOTS / f"label-{name}.png", full_page=True)
    # A choice is touched on its whole line, not on its mark.
    small = [one for one in small_targets(page) if 'type="radio"' not in one]
    return [f"{name}: {one}" for one in (*found_by_axe(page), *small)]


@pytest.mark.requirement("COI-07")
def test_two_people_replace_a_label_on_the_page_of_its_step(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    batch = labeled()
    accounted(batch)
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with served(settings, tmp_path / "static") as address:
        for scheme in ("dark", "light"):
            page = signed_in(browser, address, "olivia", scheme)
            page.set_viewport_size({"width": 1024, "height": 768})
            page.goto(f"{address}/batches/{batch.number}/steps/L01/")
            page.get_by_text("Replace a label").click()
            wrong += looked_at(page, f"form-{scheme}")
        page.get_by_label("The old label").fill(serial(batch, 1))
        page.get_by_label("Destroyed, before both people").check()
        page.get_by_role("textbox", name="Reason").fill("It tore at the seam.")
        page.get_by_role("button", name="Replace the label").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(serial(batch, 1))
        wrong += looked_at(page, "dialog")
        dialog.locator("[name=username]").fill("olivia")
        dialog.locator("[name=password]").fill(PASSWORD)
        dialog.locator("[name=witness_username]").fill("vera")
        dialog.locator("[name=witness_password]").fill(PASSWORD)
        dialog.get_by_role("button", name="Sign: label replaced").click()
        expect(page.locator("main")).to_contain_text(f"{serial(batch, 1)} is void")
        wrong += looked_at(page, "replaced")
    assert wrong == []
