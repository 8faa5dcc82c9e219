"""The screens of the main job on a real Chromium: axe in both themes, signing, and a live stop."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from audit.acts import Act, command
from audit.edges import act_of_task, now
from audit.models import User
from batches.commands import hold_batch, resume_batch
from batches.commands.telling import tell_exception
from batches.models import Batch, Step
from monitoring.commands import ingest_readings
from monitoring.models import Sensor
from monitoring.rules.intake import Measured
from quality.models import Deviation
from supply.models import Equipment
from tests.browser.served import PASSWORD, SHOTS, signed_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def found_by_axe(page: Page) -> list[str]:
    told = Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in told.response["violations"]]


SCREENS = (
    ("olivia", "work", "/"),
    ("olivia", "step", "/batches/{running}/steps/S11/"),
    ("petra", "orders", "/orders/"),
    ("olivia", "receipt", "/receipt/"),
    ("quinn", "batch", "/batches/{waiting}/"),
    ("quinn", "review", "/batches/{waiting}/review/"),
    ("quinn", "trail", "/batches/{waiting}/trail/"),
    ("quinn", "ledger", "/ledger/?record={waiting}"),
    ("quinn", "access", "/access-log/"),
    ("olivia", "equipment", "/equipment/"),
    ("olivia", "unit", "/equipment/{unit}/"),
    ("olivia", "logbook", "/equipment/{unit}/logbook/"),
    ("quinn", "scale", "/equipment/BAL-1/"),
    ("quinn", "changeovers", "/equipment/ROOM-103/changeovers/"),
    ("olivia", "changeovers-none", "/equipment/ROOM-101/changeovers/"),
    ("quinn", "classes", "/equipment-classes/"),
    ("quinn", "class", "/equipment-classes/BALANCE/"),
    ("quinn", "replay", "/recipes/CART-19-MBR/1/replay/"),
    ("paula", "release", "/batches/{released}/release/"),
)


def test_the_screens_are_clean_in_both_themes(browser: Browser, address: str) -> None:
    numbers = {
        "running": Batch.objects.get(state="in_progress").number,
        "waiting": Batch.objects.get(state="production_reviewed").number,
        "released": Batch.objects.get(state="released").number,
        "unit": Equipment.objects.filter(state="dirty").order_by("code")[0].code,
    }
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong = []
    for scheme in ("light", "dark"):
        windows: dict[str, Page] = {}
        for who, name, path in SCREENS:
            if who not in windows:
                windows[who] = signed_in(browser, address, who, scheme)
            page = windows[who]
            answer = page.goto(address + path.format(**numbers))
            assert answer is not None
            assert answer.status == 200, f"{name}: {answer.status}"
            page.wait_for_timeout(300)
            page.screenshot(path=SHOTS / f"{name}-{scheme}.png", full_page=True)
            wrong += [f"{name} {scheme}: {one}" for one in found_by_axe(page)]
    assert wrong == []


@pytest.mark.requirement("P11-21", "CGMP-15")
def test_a_step_is_entered_and_signed_in_the_browser(browser: Browser, address: str) -> None:
    batch = Batch.objects.get(state="in_progress")
    page = signed_in(browser, address, "olivia")
    page.goto(f"{address}/batches/{batch.number}/steps/S11/")
    page.get_by_role("button", name="Start S11").click()
    # Beyond what is possible at all: refused beside the field, and nothing is stored.
    field = page.locator("input[name=value]")
    field.fill("9999")
    field.press("Enter")
    expect(page.get_by_text("2000").first).to_be_visible()
    step = batch.steps.get(code="S11")
    assert not step.values.exists()
    page.locator("input[name=value]").fill("100")
    page.locator("input[name=value]").press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "sign.png")
    # A wrong password signs nothing.
    if dialog.locator("[name=username]:not([type=hidden])").count():
        dialog.locator("[name=username]").fill("olivia")
    dialog.locator("[name=password]").fill("not the password")
    dialog.locator("[name=password]").press("Enter")
    expect(page.get_by_text("Not signed.")).to_be_visible()
    dialog = page.locator("dialog[open]")
    if dialog.locator("[name=username]:not([type=hidden])").count():
        dialog.locator("[name=username]").fill("olivia")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("[name=password]").press("Enter")
    page.wait_for_url("**/steps/S12/")
    step.refresh_from_db()
    assert step.state == "complete"


@pytest.mark.requirement("A11D-04")
def test_a_broken_limit_stops_the_screen_without_a_reload(browser: Browser, address: str) -> None:
    batch = Batch.objects.get(state="in_progress")
    page = signed_in(browser, address, "olivia")
    page.goto(f"{address}/batches/{batch.number}/steps/S11/")
    page.wait_for_timeout(1500)
    sensor = Sensor.objects.get(code="ROOM101-TEMP")
    for _ in range(5):
        ingest_readings([Measured(sensor.pk, now(), 29.0)], act=act_of_task("poll_sensors"))
        time.sleep(1)
    batch.refresh_from_db()
    assert batch.state == "on_hold"
    assert Deviation.objects.filter(batch=batch).count() == 1
    expect(page.get_by_text("on hold").first).to_be_visible(timeout=2000)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "hold.png")


def act_of(name: str) -> Act:
    """An act of somebody who sits elsewhere."""
    return replace(act_of_task("poll_sensors"), by=User.objects.get(username=name))


def stop(batch: Batch) -> None:
    hold_batch(batch_id=batch.pk, cause="person", reason="A leak", act=act_of("oscar"))


def go_on(batch: Batch) -> None:
    batch.refresh_from_db()
    seen = batch.version
    resume_batch(batch_id=batch.pk, seen=seen, reason="Repaired", act=act_of("quinn"))


@command
def note_beside(*, step: Step, act: Act) -> None:
    """Tell of the batch what changes nothing on the screen of the step."""
    tell_exception(step, "keyed", "note", "Something beside.", act=act)


@pytest.mark.requirement("A11D-04")
def test_a_hold_takes_the_actions_away_and_going_on_gives_them_back(
    browser: Browser, address: str
) -> None:
    batch = Batch.objects.get(state="in_progress")
    page = signed_in(browser, address, "olivia")
    page.goto(f"{address}/batches/{batch.number}/steps/S11/")
    page.wait_for_timeout(1500)
    start = page.get_by_role("button", name="Start S11")
    pause = page.get_by_role("button", name="Put on hold")
    banner = page.locator(".hold-banner")
    stop(batch)
    expect(banner).to_be_visible()
    expect(start).to_have_count(0)
    expect(pause).to_have_count(0)
    go_on(batch)
    expect(start).to_be_visible()
    expect(pause).to_be_visible()
    expect(banner).to_have_count(0)
    # What came back works: whoever writes why to stop is not interrupted by another stop.
    pause.click()
    reason = page.locator("#ask-hold-reason")
    reason.press_sequentially("The bag le")
    stop(batch)
    expect(start).to_have_count(0)
    expect(reason).to_be_focused()
    expect(reason).to_have_value("The bag le")
    page.keyboard.press("Escape")
    go_on(batch)
    start.click()
    # News of the batch that change nothing here leave the field and the focus alone.
    field = page.locator("#id_value")
    field.press_sequentially("12")
    field.evaluate("field => (field.isTheSame = true)")
    with page.expect_response("**/steps/S11/status/**"):
        note_beside(step=batch.steps.get(code="S11"), act=act_of("oscar"))
    page.wait_for_timeout(300)
    expect(field).to_be_focused()
    assert field.evaluate("field => field.isTheSame")
    # A stop takes the field away; what was typed last comes back with it, as a draft.
    field.press_sequentially("3")
    stop(batch)
    expect(field).to_have_count(0)
    go_on(batch)
    expect(field).to_have_value("123")
    field.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    stop(batch)
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Sign: 123")).to_have_count(0)
    go_on(batch)
    expect(page.get_by_role("button", name="Sign: 123")).to_be_visible()
