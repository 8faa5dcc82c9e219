"""A weighing in the browser: two scans, two presses, a signature; by keyboard and scanner alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.edges import now
from batches import commands
from batches.models import Weighing
from tests.browser.served import SHOTS, served, signed_in
from tests.browser.test_front_end_base import burst
from tests.browser.test_kinds import small_targets
from tests.browser.test_main_job import found_by_axe
from tests.worlds.audit import act_by
from tests.worlds.batches import approved_lot, operator, received_order, running_batch, step_of
from tests.worlds.recipes import drafted_version, effective_recipe
from tests.worlds.scales import ready_scale, weighing_document

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


@pytest.mark.requirement("CGMP-08", "P11-10")
def test_an_operator_weighs_with_two_scans_and_two_keys(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    version = effective_recipe(drafted_version(**weighing_document()))
    batch = running_batch(order=received_order(version=version), at=now())
    approved_lot("SALT", unit="g", number="SALT-0001", quantity=20)
    ready_scale("BALANCE-1")
    one = step_of(batch, "W01")
    commands.start_step(step_id=one.pk, seen=one.version, act=act_by(operator(), at=now()))
    SHOTS.mkdir(parents=True, exist_ok=True)
    with served(settings, tmp_path / "static") as address:
        windows = {
            scheme: signed_in(browser, address, "olivia", scheme) for scheme in ("light", "dark")
        }
        page = windows["light"]
        for each in windows.values():
            each.set_viewport_size({"width": 1024, "height": 768})
        path = f"{address}/batches/{batch.number}/steps/W01/"
        page.goto(path)
        wrong = looked_at(windows, path, "empty")
        burst(page, "SALT-0001")
        expect(page.locator("#id_scale")).to_be_focused()
        with page.expect_navigation():
            burst(page, "BALANCE-1")
        assert Weighing.objects.get().state == "tared"
        wrong += looked_at(windows, path, "fill")
        expect(page.get_by_text("12.5000 g")).to_be_visible()
        with page.expect_navigation():
            page.keyboard.press("s")
        wrong += looked_at(windows, path, "finish")
        expect(page.locator("meter")).to_be_visible()
        with page.expect_navigation():
            page.keyboard.press("s")
        expect(page.locator("dialog.signature:modal")).to_be_visible()
        wrong += looked_at(windows, path, "signing")
        windows["light"].goto(f"{address}/equipment/BALANCE-1/")
        wrong += found_by_axe(page)
        page.screenshot(path=SHOTS / "weigh-scale.png", full_page=True)
    assert wrong == []
    assert Weighing.objects.get().net == 12.5


def looked_at(windows: dict[str, Page], path: str, name: str) -> list[str]:
    """Look at the step in both themes; the operator's own page stays where it is."""
    wrong = []
    for scheme, page in windows.items():
        if scheme == "dark":
            page.goto(f"{path}?sign=1" if name == "signing" else path)
        page.screenshot(path=SHOTS / f"weigh-{name}-{scheme}.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{name} {scheme}: {width} pixels wide"] if width > 1024 else []
        wrong += [f"{name} {scheme}: {one}" for one in found_by_axe(page)]
        wrong += [f"{name} {scheme}: {one}" for one in small_targets(page)]
    return wrong
