"""The library in the browser: an approved entry is inserted, and its newer version taken."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.models import User
from recipes import commands
from recipes.models import RecipeVersion
from tests.browser.served import SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe
from tests.worlds.audit import act_by
from tests.worlds.b2mml import branching_recipe
from tests.worlds.library import ENTRY, approved_entry, second_entry

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def looked_at(page: Page, name: str) -> list[str]:
    """Take a picture in both themes, and return what axe finds."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(200)
        page.screenshot(path=SHOTS / f"{name}-{scheme}.png", full_page=True)
        found += [f"{name} {scheme}: {one}" for one in found_by_axe(page)]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.requirement("S88-03")
def test_an_entry_is_inserted_and_its_newer_version_taken(browser: Browser, address: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    approved_entry()
    source = RecipeVersion.objects.get(recipe__code="PGX-ORAL-MBR")
    draft = commands.draft_version(
        recipe_code=source.recipe.code,
        therapy=source.recipe.therapy,
        document=source.document,
        act=act_by(User.objects.get(username="erik")),
    )
    page = signed_in(browser, address, "erik")
    wrong = []
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{address}/recipes/")
    page.get_by_role("link", name="Library").first.click()
    wrong += looked_at(page, "library")
    page.get_by_role("link", name=ENTRY).first.click()
    wrong += looked_at(page, "library-entry")
    operation = "/procedure/unit_procedures/1/operations/0"
    page.goto(f"{address}/recipes/PGX-ORAL-MBR/{draft.number}/design/?at={operation}")
    page.get_by_role("link", name="Insert from library").click()
    wrong += looked_at(page, "library-choose")
    page.get_by_role("link", name=f"{ENTRY}/1").click()
    page.get_by_label(re.compile("Equipment")).select_option("equipment.BALANCE")
    wrong += looked_at(page, "library-names")
    page.get_by_role("button", name="Insert").click()
    expect(page.get_by_text(f"Inserted from {ENTRY}/1")).to_be_visible()
    wrong += looked_at(page, "library-inserted")
    approved_entry(second_entry())
    page.reload()
    page.get_by_role("link", name="See what it changes").click()
    expect(page.get_by_role("heading", name="Level the balance")).to_be_visible()
    wrong += looked_at(page, "library-take")
    page.get_by_role("button", name=f"Take {ENTRY}/2").click()
    expect(page.get_by_text(f"Inserted from {ENTRY}/2")).to_be_visible()
    page.goto(f"{address}/recipes/import/b2mml/")
    wrong += looked_at(page, "b2mml")
    page.get_by_label("Therapy").select_option("PGX-ORAL")
    page.get_by_label("Or paste it here").fill(branching_recipe())
    page.get_by_role("button", name="Show what it becomes").click()
    wrong += looked_at(page, "b2mml-shown")
    page.goto(f"{address}/recipes/library/new/")
    wrong += looked_at(page, "library-new")
    assert wrong == []
