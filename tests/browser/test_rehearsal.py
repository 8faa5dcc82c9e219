"""A recipe is rehearsed in a real Chromium, in both themes, and every screen says REHEARSAL."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from batches import queries
from batches.models import Rehearsal
from batches.rules.rehearsals import shown_at
from recipes.models import RecipeVersion
from tests.browser.served import PASSWORD, SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def small_targets(page: Page) -> list[str]:
    """What can be touched on the screen of a step and is lower than 48 pixels."""
    found = page.locator(".op-main button:visible, .simulation-bar button, .op-main input:visible")
    boxes = [found.nth(n).bounding_box() for n in range(found.count())]
    names = [found.nth(n).evaluate("e => e.outerHTML.slice(0, 80)") for n in range(found.count())]
    return [
        f"{name} {box}"
        for name, box in zip(names, boxes, strict=True)
        if "checkbox" not in name and "radio" not in name and (box is None or box["height"] < 48)
    ]


def step_now() -> tuple[str, str, str]:
    """The step to be done, its kind, and what the simulator shows there."""
    found = Rehearsal.objects.get()
    placed = queries.place_in(found)
    assert placed is not None
    document = queries.document_rehearsed(found)
    shown = shown_at(document, placed.step, queries.faults_in(found), queries.found_in(found))
    return placed.step.code, placed.step.kind, shown


# Kinds of one field that takes what the simulator shows.
FIELDS = ("number", "in_process_control", "scan_identity", "scan_material", "scan_equipment",
          "text", "date_time")  # fmt: skip


def enter(page: Page, kind: str, shown: str) -> None:
    """Enter what the simulator shows, as an operator does."""
    if kind in ("confirm", "line_clearance"):
        for box in page.locator("input[name=checks]").all():
            box.check()
    elif kind == "choice":
        page.locator(f"input[name=value][value='{shown}']").check()
    elif kind in FIELDS:
        page.locator("#entry [name=value]").fill(shown or "Nothing unusual")
    with page.expect_navigation():
        page.locator(".op-primary button").first.click()


@pytest.mark.requirement("P11-11")
def test_an_operator_rehearses_meets_the_faults_and_is_confirmed(
    browser: Browser, address: str
) -> None:
    version = RecipeVersion.objects.filter(state="effective").order_by("pk").first()
    assert version is not None
    SHOTS.mkdir(parents=True, exist_ok=True)
    olivia = signed_in(browser, address, "olivia")
    olivia.set_viewport_size({"width": 1024, "height": 768})
    olivia.goto(f"{address}/recipes/{version.recipe.code}/{version.number}/rehearse/")
    assert found_by_axe(olivia) == []
    olivia.screenshot(path=SHOTS / "rehearse-light.png", full_page=True)
    with olivia.expect_navigation():
        olivia.get_by_role("button", name="Begin").click()
    seen = set()
    for _ in range(len(queries.document_rehearsed(Rehearsal.objects.get()).steps)):
        code, kind, shown = step_now()
        expect(olivia.locator(".simulation")).to_have_text("REHEARSAL")
        if kind not in seen:
            seen.add(kind)
            assert found_by_axe(olivia) == [], kind
            assert small_targets(olivia) == [], kind
            olivia.screenshot(path=SHOTS / f"rehearsal-{kind}-light.png")
        fault = next(
            (one for one in queries.faults_in(Rehearsal.objects.get()) if one.step == code), None
        )
        if fault is None:
            enter(olivia, kind, shown)
            continue
        if fault.kind == "wrong_bag":
            enter(olivia, kind, shown)
            expect(olivia.get_by_text("WRONG PATIENT").first).to_be_visible()
            olivia.emulate_media(color_scheme="dark")
            # The colors of a button change slowly.
            olivia.wait_for_timeout(500)
            assert found_by_axe(olivia) == []
            olivia.screenshot(path=SHOTS / "rehearsal-wrong-bag-dark.png")
            olivia.emulate_media(color_scheme="light")
        olivia.get_by_role("button", name="Put on hold").click()
        dialog = olivia.locator("dialog[open]")
        dialog.get_by_label("Reason").fill("That is not as it should be.")
        with olivia.expect_navigation():
            dialog.get_by_role("button", name="Hold").click()
        expect(
            olivia.get_by_text("The simulated quality lets the work go on.").first
        ).to_be_visible()
    expect(olivia.get_by_text("Every fault was met.")).to_be_visible()
    olivia.screenshot(path=SHOTS / "rehearsal-passed-light.png", full_page=True)
    quinn = signed_in(browser, address, "quinn", "dark")
    quinn.goto(f"{address}/rehearsals/{Rehearsal.objects.get().pk}/")
    assert found_by_axe(quinn) == []
    quinn.get_by_role("button", name="Confirm").click()
    dialog = quinn.locator("dialog[open]")
    dialog.get_by_label("User ID").fill("quinn")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign: R-").click()
    expect(quinn.get_by_text("the training is recorded")).to_be_visible()
    quinn.screenshot(path=SHOTS / "rehearsal-recorded-dark.png", full_page=True)
    assert Rehearsal.objects.get().state == "recorded"
