"""A running batch is amended in a real Chromium: written, drawn as a difference, signed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from batches.models import Batch, Step
from tests.browser.served import PASSWORD, SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


@pytest.mark.requirement("S88-11")
def test_an_engineer_adds_a_step_and_quality_signs_it(browser: Browser, address: str) -> None:
    batch = Batch.objects.get(state="in_progress")
    place = Step.objects.filter(batch=batch, state="waiting").order_by("ordinal").first()
    assert place is not None
    path = f"{address}/batches/{batch.number}/amendments/"
    SHOTS.mkdir(parents=True, exist_ok=True)
    erik = signed_in(browser, address, "erik")
    erik.goto(path)
    erik.get_by_role("link", name="Write an amendment").click()
    erik.get_by_label("What", exact=True).select_option("add_step")
    erik.get_by_label("Step or parameter").select_option(place.code)
    erik.get_by_label("Kind of an added step").select_option("confirm")
    erik.get_by_role("button", name="Choose").click()
    erik.get_by_label("Title").fill("Look at the line again")
    erik.get_by_label("Instruction").fill("Look at the line, and at the floor.")
    erik.get_by_label("Points to confirm").fill("Floor is dry\nLine is empty")
    erik.get_by_label("Why").fill("The floor was wet this morning.")
    assert found_by_axe(erik) == []
    erik.screenshot(path=SHOTS / "amendment-form-light.png", full_page=True)
    erik.get_by_role("button", name="Hand in for approval").click()
    expect(erik.get_by_text("A1 is written: quality decides.")).to_be_visible()
    expect(erik.get_by_role("button", name="Approve A1")).to_have_count(0)
    assert found_by_axe(erik) == []
    quinn = signed_in(browser, address, "quinn", "dark")
    quinn.set_viewport_size({"width": 1024, "height": 768})
    quinn.goto(path)
    assert found_by_axe(quinn) == []
    quinn.screenshot(path=SHOTS / "amendment-proposed-dark.png", full_page=True)
    quinn.get_by_role("button", name="Approve A1").click()
    dialog = quinn.locator("dialog[open]")
    quinn.screenshot(path=SHOTS / "amendment-sign-dark.png")
    assert found_by_axe(quinn) == []
    dialog.get_by_label("User ID").fill("quinn")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign: approve A1").click()
    expect(quinn.get_by_text("A1 is approved.")).to_be_visible()
    added = Step.objects.get(batch=batch, inserted=1)
    assert (added.ordinal, added.title) == (place.ordinal, "Look at the line again")
    erik.reload()
    erik.screenshot(path=SHOTS / "amendment-approved-light.png", full_page=True)
