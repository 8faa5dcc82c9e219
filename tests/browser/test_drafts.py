"""Drafts on real Chromium: kept over a crash, read by their person only, gone when they are over."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from mes.context import draft_key_of
from tests.browser.drafts import AGE, NAMES, TEXTS
from tests.browser.test_front_end_base import MODULES

HOME = "http://localhost/"
FORM = """<form data-draft="%s"><input id="note" name="note">
<input id="pin" type="password" name="pin"><input id="code" name="code" data-scan-target>
<span data-draft-status></span></form>"""
LEAVE = (
    '<form id="out" method="post" action="/out" data-clear-drafts><button>Sign out</button></form>'
)
HEAD = '<!doctype html><script type="module" src="/drafts.js"></script>'


class Tablet:
    """A tablet: one browser with its store, and the page that it is given."""

    def __init__(self, browser: Browser) -> None:
        self.context: BrowserContext = browser.new_context()
        self.context.route(f"{HOME}**", self.answer)
        self.user, self.content = 7, FORM % "S1-v0"

    def answer(self, route: Route) -> None:
        name = route.request.url.removeprefix(HOME)
        if name.endswith(".js"):
            route.fulfill(path=MODULES / name, content_type="text/javascript")
            return
        body = f'<body data-user="{self.user}" data-draft-key="{draft_key_of(self.user)}">'
        route.fulfill(body=HEAD + body + self.content + LEAVE, content_type="text/html")

    def opened(self, path: str = "step") -> Page:
        """A new window; closing it is what a crash leaves: nothing but the store."""
        page = self.context.new_page()
        page.goto(HOME + path)
        return page

    def typed(self, words: str) -> Page:
        page = self.opened()
        page.locator("#pin").press_sequentially("secret")
        page.locator("#code").press_sequentially("P-1")
        page.locator("#note").press_sequentially(words)
        expect(page.locator("[data-draft-status]")).to_contain_text("as draft", timeout=2000)
        return page


def names_soon(page: Page) -> list[str]:
    """The drafts that are kept, once those that are over were deleted: 2 s at most."""
    for _ in range(20):
        if not page.evaluate(NAMES):
            break
        page.wait_for_timeout(100)
    names: list[str] = page.evaluate(NAMES)
    return names


@pytest.fixture
def tablet(browser: Browser) -> Iterator[Tablet]:
    tablet = Tablet(browser)
    yield tablet
    tablet.context.close()


pytestmark = [pytest.mark.browser, pytest.mark.requirement("DI-16")]


def test_a_draft_outlives_the_window_without_password_and_scan(tablet: Tablet) -> None:
    tablet.typed("half a thought").close()
    page = tablet.opened()
    expect(page.locator("#note")).to_have_value("half a thought")
    expect(page.locator("[data-draft-status]")).to_contain_text("not on the record yet")
    assert (page.input_value("#pin"), page.input_value("#code")) == ("", "")


def test_another_person_on_the_tablet_neither_gets_nor_reads_a_draft(tablet: Tablet) -> None:
    tablet.typed("half a thought").close()
    tablet.user = 8
    page = tablet.opened()
    assert page.evaluate(NAMES) == ["7:/step:S1-v0"]
    assert "thought" not in page.evaluate(TEXTS)
    # Even under the first one's name, the key of the second opens nothing.
    page.evaluate("document.body.dataset.user = '7'")
    kept = "import('/draft_store.js').then((store) => store.get('7:/step:S1-v0'))"
    assert page.evaluate(kept) is None
    expect(page.locator("#note")).to_have_value("")
    tablet.user = 7
    expect(tablet.opened().locator("#note")).to_have_value("half a thought")


def test_a_draft_is_deleted_after_a_day(tablet: Tablet) -> None:
    page = tablet.typed("yesterday")
    page.evaluate(AGE)
    page = tablet.opened("elsewhere")
    assert names_soon(page) == []
    expect(tablet.opened().locator("#note")).to_have_value("")


@pytest.mark.parametrize("later", [FORM % "S1-v1", "<span data-draft-done hidden></span>"])
def test_a_draft_is_deleted_when_its_step_is_past_it(tablet: Tablet, later: str) -> None:
    tablet.typed("first value").close()
    # A hold takes the form away, and not the draft.
    tablet.content = "<p>on hold</p>"
    held = tablet.opened()
    held.wait_for_timeout(300)
    assert held.evaluate(NAMES) == ["7:/step:S1-v0"]
    tablet.content = later
    page = tablet.opened()
    assert names_soon(page) == []
    assert page.locator("#note").count() == 0 or page.input_value("#note") == ""


def test_signing_out_deletes_the_drafts_of_that_person(tablet: Tablet) -> None:
    tablet.typed("of the first").close()
    tablet.user = 8
    page = tablet.typed("of the second")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/out")
    assert page.evaluate(NAMES) == ["7:/step:S1-v0"]


def test_a_draft_key_is_of_one_person_and_one_house() -> None:
    keys = {draft_key_of(7), draft_key_of(8)}
    with override_settings(SECRET_KEY="another house"):
        keys.add(draft_key_of(7))
    assert len(keys) == 3
    assert {len(base64.b64decode(key)) for key in keys} == {32}
