"""Signing in on a real Chromium: axe in both themes, keys alone, a real passkey, and the notice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.models import LedgerEntry, User
from tests.browser.served import PASSWORD, SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]
SCREENS = (
    ("account-password", "/accounts/password/"),
    ("account-factors", "/accounts/factors/"),
    ("account-app", "/accounts/factors/app/"),
    ("account-passkey", "/accounts/factors/passkey/"),
)


def shown(page: Page, name: str, scheme: str) -> list[str]:
    """A picture of the page, and what axe finds on it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{scheme}.png", full_page=True)
    return [f"{name} {scheme}: {one}" for one in found_by_axe(page)]


def with_key(page: Page) -> None:
    """Plug a security key in that knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.requirement("SEC-17", "P11-26", "M45")
def test_the_pages_of_an_account_are_read_by_everybody_and_a_passkey_opens_the_door(
    browser: Browser, address: str
) -> None:
    # A browser gives passkeys to https, and to this machine by its name.
    here = address.replace("127.0.0.1", "localhost")
    wrong = []
    for scheme in ("light", "dark"):
        door = browser.new_context(color_scheme=scheme).new_page()
        for name, path in (("login", "login/"), ("account-link", "password/link/#a-code")):
            door.goto(f"{here}/accounts/{path}")
            wrong += shown(door, name, scheme)
        assert door.input_value("[name=code]") == "a-code"
        page = signed_in(browser, here, "quinn", scheme)
        page.goto(f"{here}/accounts/factors/app/")
        wrong += shown(page, "account-again", scheme)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()
        behind = page.locator(".code-image").evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        assert behind == "rgb(255, 255, 255)", "a camera reads dark on light"
        for name, path in SCREENS:
            page.goto(here + path)
            wrong += shown(page, name, scheme)
    assert wrong == []
    with_key(page)
    page.get_by_label("Name").fill("Blue key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert shown(page, "account-codes", "dark") == []
    page.goto(f"{here}/accounts/factors/")
    expect(page.get_by_text("Blue key, since")).to_be_visible()
    page.locator(".user-menu summary").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.fill("[name=username]", "quinn")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert shown(page, "account-second", "dark") == []
    page.get_by_role("button", name="Use a passkey").press("Enter")
    page.wait_for_url(f"{here}/")
    # The same key signs in place of the password, beside the user ID.
    page.goto(f"{here}/access-reviews/of/everywhere/")
    page.keyboard.press("s")
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("button", name="Passkey instead")).to_be_visible()
    assert shown(page, "account-signing", "dark") == []
    dialog.locator("[name=reason]").fill("All are needed.")
    dialog.locator("[name=username]").fill("quinn")
    dialog.get_by_role("button", name="Passkey instead").press("Enter")
    expect(page.get_by_text("All are needed.").first).to_be_visible()
    told = LedgerEntry.objects.filter(verb="sign").order_by("-pk")[0]
    assert '"component":"passkey"' in told.entry


@pytest.mark.requirement("P11-19", "M45")
def test_an_account_is_opened_and_verified_by_two_people_with_keys_alone(
    browser: Browser, address: str
) -> None:
    adam = signed_in(browser, address, "adam")
    adam.goto(f"{address}/people/")
    adam.get_by_role("link", name="Open an account").press("Enter")
    wrong = shown(adam, "account-open", "light")
    for label, text in (("User ID", "nora"), ("Name", "Nora New"), ("Employee number", "E-N")):
        adam.get_by_label(label, exact=True).fill(text)
    adam.keyboard.press("Enter")
    expect(adam.get_by_text("nobody has verified yet who this is")).to_be_visible()
    for scheme in ("light", "dark"):
        quinn = signed_in(browser, address, "quinn", scheme)
        quinn.goto(f"{address}/people/nora/")
        wrong += shown(quinn, "account-waiting", scheme)
    quinn.get_by_label("How you verified who Nora New is").fill("Passport, face to face")
    quinn.keyboard.press("Enter")
    expect(quinn.get_by_text("Quinn Hart verified who this is")).to_be_visible()
    for summary in quinn.locator("main details summary").all():
        summary.press("Enter")
    wrong += shown(quinn, "account-verified", "dark")
    assert wrong == []
    assert not User.objects.get(username="nora").is_waiting


@pytest.mark.requirement("A11D-12", "M45")
def test_a_notice_stands_before_a_session_ends_and_a_key_takes_it_away(
    browser: Browser, address: str
) -> None:
    page = signed_in(browser, address, "olivia")
    left = {"GET": 40, "POST": 900}

    def told(route: Any) -> None:
        body = json.dumps({"left": left[route.request.method]})
        route.fulfill(status=200, content_type="application/json", body=body)

    page.route("**/accounts/session/", told)
    page.reload()
    notice = page.locator("#idle-notice")
    expect(notice).to_contain_text("ends within a minute")
    assert shown(page, "idle-notice", "light") == []
    page.keyboard.press("Shift")
    expect(notice).to_be_hidden()
    # The server has the last word: once the session is over, the screen is cleared.
    page.unroute("**/accounts/session/")
    page.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_url(f"{address}/accounts/login/**")
