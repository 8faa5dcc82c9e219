"""Two people at one step know of each other; the scanner is tried out, and the wall card obeyed."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from batches.models import Batch
from mes.scanner_page import CODES, TEST
from tests.browser.served import SHOTS, signed_in
from tests.browser.test_front_end_base import burst
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]


def test_two_people_at_one_step_know_of_each_other(browser: Browser, address: str) -> None:
    batch = Batch.objects.get(state="in_progress")
    path = f"{address}/batches/{batch.number}/steps/S11/"
    SHOTS.mkdir(parents=True, exist_ok=True)
    olivia, vera = (signed_in(browser, address, name) for name in ("olivia", "vera"))
    olivia.goto(path)
    expect(olivia.locator("[data-presence]")).to_have_text("")
    vera.goto(path)
    expect(olivia.locator("[data-presence]")).to_have_text("Also on this step: V. N.", timeout=9000)
    expect(vera.locator("[data-presence]")).to_have_text("Also on this step: O. B.", timeout=9000)
    assert found_by_axe(olivia) == []
    olivia.screenshot(path=SHOTS / "presence.png")
    left_at = time.monotonic()
    vera.goto(f"{address}/")
    expect(olivia.locator("[data-presence]")).to_have_text("", timeout=20_000)
    assert time.monotonic() - left_at < 15


def test_the_scanner_is_tried_out_and_the_card_obeyed(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, "olivia")
    page.goto(f"{address}/scanner/")
    assert found_by_axe(page) == []
    burst(page, TEST)
    expect(page.locator("[data-scan-test]")).to_contain_text("can be used")
    page.screenshot(path=SHOTS / "scanner.png", full_page=True)
    page.wait_for_timeout(1100)
    burst(page, TEST.translate(str.maketrans("YZyz", "ZYzy")))
    expect(page.locator("[data-scan-test]")).to_contain_text("Y arrives as Z")
    batch = Batch.objects.get(state="in_progress")
    page.goto(f"{address}/batches/{batch.number}/steps/S11/")
    burst(page, CODES["next"])
    expect(page.locator("#id_value")).to_be_visible()
    page.get_by_role("button", name="Put on hold").click()
    expect(page.locator("dialog[open]")).to_have_count(1)
    page.wait_for_timeout(1100)
    burst(page, CODES["next"])
    expect(page.locator("dialog[open]")).to_have_count(1)
    burst(page, CODES["cancel"])
    expect(page.locator("dialog[open]")).to_have_count(0)
    batch.refresh_from_db()
    assert batch.state == "in_progress"
    with page.expect_navigation():
        burst(page, CODES["home"])
    assert page.url == f"{address}/"
