"""The main job on a real Chromium: all seven steps, from the hospital's order to the record."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from audit.edges import act_of_task, now
from audit.verification import Verifier
from batches.models import Batch, Order, Step
from mes.demo.founding import House, found
from mes.demo.life import play_sensors
from monitoring.commands import ingest_readings
from monitoring.models import Sensor
from monitoring.rules.intake import Measured
from quality.models import Deviation
from supply.models import Container
from tests.browser.keyboard import Hands
from tests.browser.served import PASSWORD, SHOTS, served, signed_in
from tests.browser.test_front_end_base import burst
from tests.journeys.test_order_to_release import entries_of, refresh_sensors
from tests.worlds.orders import donation_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> Iterator[tuple[House, str]]:
    """A founded house whose sensors have just spoken, and its address."""
    made = House(at=now(), password=PASSWORD)
    found(made)
    play_sensors(made, now(), now())
    with served(settings, tmp_path / "static") as address:
        yield made, address


class Desk:
    """A person at a browser of their own."""

    def __init__(self, browser: Browser, address: str, name: str) -> None:
        self.name, self.address = name, address
        self.page: Page = signed_in(browser, address, name)

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def press(self, form: str) -> None:
        """Send a form of the page by the end of its address."""
        self.page.locator(f'form[action$="{form}"] [type=submit]').first.click()

    def sign(self, name: str = "") -> None:
        """Fill the dialog of a signature that is open, or open the only one there is."""
        dialog = self.page.locator("dialog.signature[open]")
        for _ in range(100):
            if dialog.count():
                break
            # After a value it opens by itself.
            if "sign=1" not in self.page.url:
                with suppress(Error):
                    self.page.locator("[data-open-dialog^=sign]").first.click(timeout=300)
            self.page.wait_for_timeout(50)
        user = dialog.locator("[name=username]:not([type=hidden])")
        if user.count() and user.is_editable():
            user.fill(name or self.name)
        dialog.locator("[name=password]").fill(PASSWORD)
        dialog.locator("[name=password]").press("Enter")

    def until(self, happened: Callable[[], Any]) -> None:
        """Wait until the server has done it; the screen stays in the failure otherwise."""
        for _ in range(200):
            if happened():
                self.page.wait_for_load_state()
                return
            self.page.wait_for_timeout(50)
        self.shot("failed")
        pytest.fail(f"{self.name} at {self.page.url}: {self.page.inner_text('body')[:1500]}")

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"journey-{name}.png")


def sent(address: str, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the portal of a hospital sends; the answer."""
    asked = urllib.request.Request(
        f"{address}{path}",
        json.dumps(body).encode(),
        {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(asked) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def collected_order(address: str, token: str, name: str, donation: int) -> str:
    """Steps 1 and 2, the hospital's part: an order, and the collection for it."""
    at = now()
    order = sent(
        address,
        token,
        "/api/v1/orders/",
        {
            "external_id": name,
            "therapy": "CART-19",
            "site": "NORTH",
            "patient": {
                "identifiers": [{"system": "urn:oid:1.2.3", "value": name}],
                "family_name": "Quandaryname",
                "given_name": "Zebulonia",
                "birth_date": "1974-12-25",
                "sex": "female",
                "weight_kg": "82.5",
                "height_cm": "178",
            },
            "collection": {"planned_at": (at + timedelta(days=3)).isoformat()},
            "administration_window": {
                "from": str((at + timedelta(days=40)).date()),
                "to": str((at + timedelta(days=47)).date()),
            },
            "prescriber": {"identifier": "PR-1", "name": "Dr. Test"},
            "consent": {"reference": "C-1", "signed_at": (at - timedelta(days=2)).isoformat()},
        },
    )
    donated = donation_number(donation)
    sent(
        address,
        token,
        f"/api/v1/orders/{order['number']}/collections/",
        {
            "donation_number": donated[:-1],
            "check_character": donated[-1],
            "collected_at": (at - timedelta(hours=1)).isoformat(),
            "bags": [{"volume_ml": "120"}],
        },
    )
    return str(order["number"])


def bag_of(number: str) -> Container:
    return Order.objects.get(number=number).chain.containers.get()


def received(olivia: Desk, number: str, strange: Container) -> None:
    """Step 2, at the plant: the wrong bag stops the whole screen, the right one is received."""
    page, bag = olivia.go(f"/receipt/{number}/"), bag_of(number)
    burst(page, strange.code)
    expect(page.locator("[data-hard-stop]")).to_be_visible()
    assert strange.code in page.locator("[data-hard-stop]").inner_text()
    olivia.shot("wrong-bag")
    page.get_by_text("I have read this").click()
    olivia.go(f"/receipt/{number}/")
    burst(page, bag.code)
    expect(page.get_by_text("Right patient: received")).to_be_visible()
    assert bag_of(number).state == "received"


def issued(petra: Desk, quinn: Desk, number: str) -> Batch:
    """Steps 3 and 4: planned from the recipe in force, issued with a signature."""
    petra.go(f"/batches/plan/?order={number}").select_option("[name=room]", "ROOM-101")
    petra.press("/batches/plan/")
    petra.until(lambda: Batch.objects.filter(order__number=number).exists())
    batch = Batch.objects.get(order__number=number)
    quinn.go(f"/batches/{batch.number}/")
    quinn.sign()
    quinn.until(lambda: is_in(batch, "issued"))
    return batch


def is_in(batch: Batch, state: str) -> bool:
    return Batch.objects.get(pk=batch.pk).state == state


def step_of(batch: Batch, code: str) -> Step:
    return batch.steps.select_related("batch__order__chain").get(code=code)


def performed(olivia: Desk, batch: Batch, code: str) -> None:
    """Start a step, enter or scan or take what it asks, sign, and verify where it must be.

    Nothing but keys and scans.
    """
    refresh_sensors()
    page, step = olivia.page, step_of(batch, code)
    hands = Hands(page)
    # Whoever signs is led to the next step; nobody looks for it.
    if not page.url.split("?")[0].endswith(f"/steps/{code}/"):
        olivia.go(f"/batches/{batch.number}/steps/{code}/")
    if step.state == "ready":
        start = page.get_by_role("button", name=f"Start {code}")
        start.wait_for()
        for _ in range(3):
            hands.press("s")
            # Where a loaded machine swallowed a key, a person presses it again.
            with suppress(Error):
                start.wait_for(state="detached", timeout=4000)
                break
        olivia.until(lambda: step_of(batch, code).state == "running")
        hands.started()
    values = entries_of(batch, code)
    if values is not None:
        if step.kind == "label":
            hands.label(batch, step)
        else:
            hands.enter(step, values)
        olivia.until(lambda: step_of(batch, code).values.exists())
    hands.sign("olivia", is_asked=values is not None)
    olivia.until(lambda: step_of(batch, code).state in ("performed", "complete"))
    if step_of(batch, code).state == "performed":
        # The second person signs on the same screen; the session stays the operator's.
        hands.sign("vera")
        olivia.until(lambda: step_of(batch, code).state == "complete")
    page.wait_for_url(lambda url: f"/steps/{code}/" not in url)


def entered(page: Page, kind: str, values: dict[str, Any]) -> None:
    """Enter a value as the kind of the step asks."""
    if kind.startswith("scan"):
        burst(page, str(values["value"]))
        return
    if kind == "confirm":
        for box in page.locator("[name=checks]").all():
            box.check()
    elif kind == "choice":
        page.check(f'[name=value][value="{values["value"]}"]')
    elif kind not in ("timer", "sensor", "calculation"):
        page.fill("[name=value]", str(values["value"]))
    # A timer enables its button when it is over.
    page.locator("button[form=entry]").click(timeout=40_000)


def broken(olivia: Desk, batch: Batch, code: str) -> None:
    """Step 5: the room gets too warm; the screen says so by itself."""
    page = olivia.go(f"/batches/{batch.number}/steps/{code}/")
    page.wait_for_timeout(800)
    sensor = Sensor.objects.get(code="ROOM101-TEMP")
    for _ in range(5):
        ingest_readings([Measured(sensor.pk, now(), 29.0)], act=act_of_task("poll_sensors"))
        page.wait_for_timeout(1000)
    assert is_in(batch, "on_hold")
    expect(page.get_by_text("on hold").first).to_be_visible(timeout=2000)
    expect(page.get_by_role("button", name=f"Start {code}")).to_have_count(0)
    olivia.shot("hold")
    for _ in range(2):
        refresh_sensors()
        page.wait_for_timeout(1000)


def resumed(quinn: Desk, batch: Batch) -> None:
    page = quinn.go(f"/batches/{batch.number}/")
    page.locator("[data-open-dialog=ask-resume]").first.click()
    page.fill("#ask-resume-reason", "The room is back within its limits; the bag was closed.")
    page.press("#ask-resume-reason", "Tab")
    page.locator("#ask-resume .btn-primary").click()
    quinn.until(lambda: is_in(batch, "in_progress"))


def closed(quinn: Desk, deviation: Deviation) -> None:
    """Step 6: investigated and closed with a signature."""
    address = f"/deviations/{deviation.number}/"
    page = quinn.go(address)
    page.check("[name=classification][value=critical]")
    quinn.press("/classify/")
    page.fill("[name=cause]", "The air handling of the room failed for some seconds.")
    quinn.press("/investigate/")
    page.fill("[name=impact_on_other_batches]", "No other batch was in the room at that time.")
    page.fill("[name=decision]", "The material was in a closed bag; the batch goes on.")
    quinn.press("/assess/")
    page.locator("[data-open-dialog^=sign]").first.wait_for()
    quinn.sign()
    quinn.until(lambda: Deviation.objects.get(pk=deviation.pk).state == "closed")


def reviewed(vera: Desk, quinn: Desk, batch: Batch) -> None:
    """Step 6: production reviews; quality opens and decides every exception, and signs."""
    vera.go(f"/batches/{batch.number}/review/")
    vera.sign()
    vera.until(lambda: is_in(batch, "production_reviewed"))
    quinn.go(f"/batches/{batch.number}/review/")
    quinn.shot("review")
    for one in batch.exceptions.all():
        page = quinn.go(f"/batches/{batch.number}/review/?exception={one.pk}")
        if page.locator(f'form[action$="/{one.pk}/open/"]').count():
            quinn.press(f"/{one.pk}/open/")
            quinn.until(lambda at=one: batch.exceptions.get(pk=at.pk).opened_at)
        if one.state == "open":
            quinn.go(f"/batches/{batch.number}/review/?exception={one.pk}")
            page.fill("[name=comment]", "Assessed; no effect on the product.")
            quinn.press(f"/{one.pk}/accept/")
            quinn.until(lambda at=one: batch.exceptions.get(pk=at.pk).state == "accepted")
    # The audit trail is read, the critical entries alone first, and signed.
    page = quinn.go(f"/batches/{batch.number}/trail/")
    page.locator("#id_critical").check()
    expect(page.get_by_text("Placed a hold").first).to_be_visible()
    quinn.shot("trail")
    quinn.sign()
    quinn.until(lambda: batch.reviews.filter(kind="trail").exists())
    quinn.go(f"/batches/{batch.number}/review/")
    quinn.sign()
    quinn.until(lambda: is_in(batch, "qa_review"))


@pytest.mark.requirement("CGMP-04", "CGMP-15", "CGMP-17", "A11-15", "P11-08", "COI-03")
def test_the_main_job_is_done_in_the_browser(browser: Browser, house: tuple[House, str]) -> None:
    made, address = house
    token = made.tokens["NORTH"]
    number = collected_order(address, token, "H-1042", 1)
    other = collected_order(address, token, "H-1043", 2)
    olivia, petra, quinn, paula, vera = (
        Desk(browser, address, name) for name in ("olivia", "petra", "quinn", "paula", "vera")
    )
    received(olivia, number, bag_of(other))
    batch = issued(petra, quinn, number)
    refresh_sensors()
    olivia.go(f"/batches/{batch.number}/")
    olivia.press("/start/")
    olivia.until(lambda: is_in(batch, "in_progress"))
    codes = list(batch.steps.values_list("code", flat=True))
    begun = time.perf_counter()
    for code in codes[:10]:
        performed(olivia, batch, code)
    so_far = time.perf_counter() - begun
    broken(olivia, batch, codes[10])
    resumed(quinn, batch)
    begun = time.perf_counter()
    for code in codes[10:]:
        performed(olivia, batch, code)
    so_far += time.perf_counter() - begun
    print(f"{len(codes)} steps by keyboard and scanner in {so_far:.0f} s")
    assert is_in(batch, "execution_complete")
    for deviation in Deviation.objects.all():
        closed(quinn, deviation)
    reviewed(vera, quinn, batch)

    # Quality cannot release; the Qualified Person can.
    quinn.go(f"/batches/{batch.number}/release/")
    assert quinn.page.locator("[data-open-dialog=sign-release]").count() == 0
    paula.go(f"/batches/{batch.number}/release/").locator("[data-open-dialog=sign-release]").click()
    paula.shot("release")
    paula.sign()
    paula.until(lambda: is_in(batch, "released"))

    # Step 7: the record, on paper and for programs, and the button that proves it.
    page = paula.go(f"/batches/{batch.number}/")
    paula.press("/verify/")
    expect(page.locator("#problem-area").get_by_text("Intact").first).to_be_visible()
    paula.shot("verified")
    with page.expect_download() as download:
        page.locator('a[href$="record.pdf"]').first.evaluate(
            "(link) => { link.download = 'r.pdf'; link.click() }"
        )
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    assert [str(one) for one in Verifier().findings()] == []
