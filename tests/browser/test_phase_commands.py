"""The commands on one phase in a real Chromium: out of the way, large enough, clean in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from batches.models import Batch, Step
from tests.browser.served import SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def small_targets(page: Page) -> list[str]:
    """What can be touched inside More and is lower than 48 pixels."""
    found = page.locator(".op-more summary, .op-more button")
    heights = [found.nth(n).bounding_box() for n in range(found.count())]
    return [str(box) for box in heights if box is None or box["height"] < 48]


@pytest.mark.requirement("S88-05", "S88-07")
def test_a_step_is_held_by_an_operator_and_let_go_on_by_quality(
    browser: Browser, address: str
) -> None:
    batch = Batch.objects.get(state="in_progress")
    path = f"{address}/batches/{batch.number}/steps/S11/"
    SHOTS.mkdir(parents=True, exist_ok=True)
    olivia = signed_in(browser, address, "olivia")
    olivia.goto(path)
    olivia.get_by_role("button", name="Start S11").click()
    more = olivia.locator(".op-more summary")
    expect(olivia.get_by_role("button", name="Hold the step")).to_be_hidden()
    more.click()
    assert small_targets(olivia) == []
    assert found_by_axe(olivia) == []
    olivia.screenshot(path=SHOTS / "phase-more-light.png", full_page=True)
    olivia.get_by_role("button", name="Hold the step").click()
    dialog = olivia.locator("dialog[open]")
    dialog.get_by_label("Reason").fill("The tubing drips")
    assert found_by_axe(olivia) == []
    dialog.get_by_role("button", name="Hold the step").click()
    expect(olivia.get_by_text("This step is held.")).to_be_visible()
    expect(olivia.get_by_text("The tubing drips")).to_be_visible()
    olivia.screenshot(path=SHOTS / "phase-held-light.png", full_page=True)
    quinn = signed_in(browser, address, "quinn", "dark")
    quinn.goto(path)
    quinn.locator(".op-more summary").click()
    assert found_by_axe(quinn) == []
    quinn.screenshot(path=SHOTS / "phase-held-dark.png", full_page=True)
    quinn.get_by_role("button", name="Let the step go on").click()
    dialog = quinn.locator("dialog[open]")
    dialog.get_by_label("Reason").fill("Tight again")
    dialog.get_by_role("button", name="Let the step go on").click()
    expect(quinn.get_by_text("S11 goes on.")).to_be_visible()
    assert Step.objects.get(batch=batch, code="S11").phase == "running"
    quinn.goto(f"{address}/batches/{batch.number}/")
    assert found_by_axe(quinn) == []
    quinn.screenshot(path=SHOTS / "phase-batch-dark.png", full_page=True)
