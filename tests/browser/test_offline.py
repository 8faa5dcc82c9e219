"""A lost connection, honestly: a banner, drafts kept, nothing sent and nothing signed."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from batches.models import Batch
from tests.browser.drafts import NAMES
from tests.browser.served import PASSWORD, SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]
LOST = "No connection to the server"


@pytest.mark.requirement("P11-08", "DI-16")
def test_without_a_connection_nothing_is_sent_and_nothing_is_lost(
    browser: Browser, address: str
) -> None:
    batch = Batch.objects.get(state="in_progress")
    path = f"{address}/batches/{batch.number}/steps/S11/"
    SHOTS.mkdir(parents=True, exist_ok=True)
    page = signed_in(browser, address, "olivia")
    page.goto(path)
    page.get_by_role("button", name="Start S11").click()
    field, banner = page.locator("#id_value"), page.locator("#banner")
    expect(field).to_be_visible()
    field.press_sequentially("10")
    expect(page.locator("[data-draft-status]")).to_contain_text(
        "as draft, not record", timeout=2000
    )
    # The browser crashes: what was typed is there in a new window, and is still no record.
    new = page.context.new_page()
    page.close()
    page, field, banner = new, new.locator("#id_value"), new.locator("#banner")
    page.goto(path)
    expect(field).to_have_value("10")
    for _ in range(10):
        page.context.set_offline(True)
        lost_at = time.monotonic()
        expect(banner).to_contain_text(LOST, timeout=5000)
        assert time.monotonic() - lost_at < 5
        # Whose cells these are stays in sight.
        covered, head = banner.bounding_box(), page.locator(".op-head").bounding_box()
        assert covered is not None
        assert head is not None
        assert head["y"] >= covered["y"] + covered["height"] - 1
        # Sent all the same: the page stays, with what stands on it, and nothing reaches the record.
        field.press("Enter")
        expect(page.get_by_text("nothing was sent").first).to_be_visible()
        assert page.url.startswith(path)
        expect(field).to_have_value("10")
        page.context.set_offline(False)
        expect(banner).to_be_hidden(timeout=15_000)
    assert not batch.steps.get(code="S11").values.exists()
    field.press("End")
    field.press_sequentially("0")
    field.press("Enter")
    dialog = page.locator("dialog.signature:modal")
    expect(dialog).to_be_visible()
    assert batch.steps.get(code="S11").values.get().entered == "100"
    # Nobody signs what the server cannot see.
    page.context.set_offline(True)
    expect(dialog.locator(".btn-sign")).to_be_disabled(timeout=5000)
    expect(dialog.get_by_text("a signature needs the server")).to_be_visible()
    assert found_by_axe(page) == []
    page.screenshot(path=SHOTS / "offline-sign.png")
    page.context.set_offline(False)
    expect(dialog.locator(".btn-sign")).to_be_enabled(timeout=15_000)
    user = dialog.locator("[name=username]:not([type=hidden])")
    if user.count():
        user.fill("olivia")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("[name=password]").press("Enter")
    page.wait_for_url("**/steps/S12/")
    step = batch.steps.get(code="S11")
    assert (step.state, step.values.count()) == ("complete", 1)
    assert page.evaluate(NAMES) == []
