"""A laboratory record on its screen: entered by the analyst, looked at and signed by a second person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.batches.test_laboratory import AMOUNTS, RAW, sampled
from tests.batches.test_written_steps import begin
from tests.browser.served import PASSWORD, SHOTS, served, signed_in
from tests.browser.test_kinds import small_targets
from tests.browser.test_main_job import found_by_axe
from tests.worlds.batches import step_of, verifier

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def looked_at(page: Page, name: str) -> list[str]:
    page.screenshot(path=SHOTS / f"laboratory-{name}.png", full_page=True)
    return [f"{name}: {one}" for one in (*found_by_axe(page), *small_targets(page))]


@pytest.mark.requirement("CGMP-18")
def test_a_test_is_recorded_and_reviewed_on_its_screen(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    batch = sampled()
    verifier()
    begin(step_of(batch, "C02"))
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with served(settings, tmp_path / "static") as address:
        for scheme in ("dark", "light"):
            page = signed_in(browser, address, "olivia", scheme)
            page.set_viewport_size({"width": 1024, "height": 768})
            page.goto(f"{address}/batches/{batch.number}/steps/C02/")
            wrong += looked_at(page, f"entry-{scheme}")
        form = page.locator("#entry")
        form.get_by_label("Sample").fill(f"{batch.number}-C01-9")
        for name, text in AMOUNTS.items():
            form.locator(f"[name=amount_{name}]").fill(text)
        raw = {"name": "counts.csv", "mimeType": "text/csv", "buffer": RAW}
        form.locator("[name=file]").set_input_files(raw)
        page.get_by_role("button", name="Enter the result").click()
        expect(form).to_contain_text(f"This test is of sample {batch.number}-C01-1")
        wrong += looked_at(page, "refused")
        assert form.locator("[name=amount_counted]").input_value() == AMOUNTS["counted"]
        form.get_by_label("Sample").fill(f"{batch.number}-C01-1")
        form.locator("[name=file]").set_input_files(raw)
        page.get_by_role("button", name="Enter the result").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Cells counted")
        wrong += looked_at(page, "performed")
        sign(page, "olivia")
        expect(dialog).to_contain_text("Sign as verified")
        wrong += looked_at(page, "reviewed")
        sign(page, "vera")
        page.wait_for_url(lambda url: "/steps/C02/" not in url)
        page.goto(f"{address}/batches/{batch.number}/steps/C02/")
        expect(page.locator("main")).to_contain_text("Received for testing")
        wrong += looked_at(page, "complete")
    assert wrong == []


def sign(page: Page, name: str) -> None:
    dialog = page.get_by_role("dialog")
    if dialog.locator("[name=username]").count():
        dialog.locator("[name=username]").fill(name)
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator(".btn-sign").click()
