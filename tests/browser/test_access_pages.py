"""People, roles, training and access reviews on a real Chromium: axe in both themes, and keys alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.models import AccessReview, RoleGrant, Training
from tests.browser.served import PASSWORD, SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]
SCREENS = (
    ("people", "/people/"),
    ("person", "/people/olivia/"),
    ("access-reviews", "/access-reviews/"),
    ("access-list", "/access-reviews/of/everywhere/"),
    ("verify-package", "/verification/package/"),
    ("about", "/about/"),
    ("set-up", "/set-up/"),
)


def typed(page: Page, label: str, text: str) -> None:
    """Go to a field by keys, and type."""
    page.get_by_label(label, exact=True).focus()
    # As fast as a hand: what comes faster is a scan.
    page.keyboard.type(text, delay=80)


@pytest.mark.requirement("A11-12", "A11D-14", "P11-11", "M45")
def test_a_role_is_asked_approved_and_reviewed_with_keys_alone(
    browser: Browser, address: str
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    admin = signed_in(browser, address, "adam")
    admin.goto(f"{address}/people/olivia/")
    typed(admin, "Role", "verifier")
    typed(admin, "Where", "PLANT")
    typed(admin, "Why", "Verifies at night, too.")
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("A second person of quality decides.")).to_be_visible()
    wrong = []
    for scheme in ("light", "dark"):
        page = signed_in(browser, address, "quinn", scheme)
        for name, path in SCREENS:
            answer = page.goto(address + path)
            assert answer is not None
            assert answer.status == 200, f"{name}: {answer.status}"
            page.wait_for_timeout(300)
            for summary in page.locator("main details summary").all():
                summary.press("Enter")
            page.screenshot(path=SHOTS / f"{name}-{scheme}.png", full_page=True)
            wrong += [f"{name} {scheme}: {one}" for one in found_by_axe(page)]
    assert wrong == []
    page.goto(f"{address}/people/")
    page.get_by_role("button", name="Approve verifier for Olivia Bauer").press("Enter")
    expect(page.get_by_text("Asked by Adam Root, approved by Quinn Hart")).to_be_visible()
    assert RoleGrant.objects.filter(user__username="olivia", revoked_at=None).count() == 2
    page.get_by_text("Record a training").press("Enter")
    typed(page, "Procedure", "CART")
    typed(page, "User ID of the trainer", "erik")
    typed(page, "Evidence", "Sheet 17")
    page.get_by_label("Holds until the end of (UTC)").fill("2099-12-31")
    page.get_by_role("button", name="Record it").press("Enter")
    expect(page.get_by_text("Sheet 17")).to_be_visible()
    assert Training.objects.filter(evidence="Sheet 17").count() == 1
    page.goto(f"{address}/access-reviews/of/everywhere/")
    page.keyboard.press("s")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    assert found_by_axe(page) == []
    dialog.locator("[name=reason]").fill("All are needed.")
    if dialog.locator("input[name=username]:not([type=hidden])").count():
        dialog.locator("input[name=username]").fill("quinn")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("[name=password]").press("Enter")
    expect(page.get_by_text("All are needed.").first).to_be_visible()
    assert found_by_axe(page) == []
    assert AccessReview.objects.get().comment == "All are needed."
