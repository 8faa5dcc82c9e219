"""Every kind of step on its screen: clean in both themes, and large enough for gloves."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from audit.edges import now
from batches import commands
from batches.models import Batch
from tests.batches.test_clearance import clearance
from tests.browser.served import SHOTS, served, signed_in
from tests.browser.test_main_job import found_by_axe
from tests.worlds.audit import act_by
from tests.worlds.batches import operator, received_order, running_batch, step_of
from tests.worlds.recipes import drafted_version, effective_recipe, plain_document, step

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]
# Kind of step, its own fields, and what is entered where a second look is worth it.
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"pattern": "AA-99", "longest": 5, "may_skip": True}, ""),
    "date_time": ({"earliest_seconds": -7200, "latest_seconds": 0}, ""),
    "instruction": ({}, ""),
    "hold_time": ({"since": "K-text", "until": "K-instruction", "max_seconds": 600}, ""),
    "scan_document": ({"document": "SOP-012", "version": "4"}, ""),
    "sample": (
        {"point": "After thawing", "quantity": "0.5", "unit": "mL", "container": "Cryotube, 1 mL"},
        "0.6",
    ),
    "in_process_control": (
        {
            "test": "Viability",
            "method": "SOP-031",
            "repeats": 1,
            "parameter": "viability",
            "unit": "%",
            "decimals": 1,
            "hard": {"min": "0", "max": "100"},
            "soft": {"min": "70.0"},
        },
        "65.0",
    ),
    "file": ({"accept": ["image"]}, ""),
    "label": ({"label": "L1", "copies": 3, "verify": True}, ""),
}


def batch_of_kinds() -> Batch:
    """A running batch with a started step of each of these kinds."""
    made: dict[str, Any] = deepcopy(plain_document())
    extra = [
        step(f"K-{kind}"[:24], kind, f"A step of kind {kind}", after=[], **fields)
        for kind, (fields, _) in KINDS.items()
    ]
    extra.append(clearance("K-line_clearance", "before", after=[]))
    made["procedure"]["unit_procedures"][0]["operations"].insert(
        0, {"code": "OP0", "title": "Kinds", "steps": extra}
    )
    packing = made["procedure"]["unit_procedures"][-1]["operations"][-1]["steps"]
    packing.append(clearance("K-cleared", "after"))
    made["formula"]["parameters"].append(
        {"code": "viability", "label": "Viability", "unit": "%", "kind": "process"}
    )
    version = effective_recipe(drafted_version(**made))
    batch = running_batch(order=received_order(version=version), at=now())
    for one in extra:
        begun = step_of(batch, one["code"])
        commands.start_step(step_id=begun.pk, seen=begun.version, act=act_by(operator(), at=now()))
    return batch


def small_targets(page: Page) -> list[str]:
    """What is touched on the right of a step and is lower than 48 pixels."""
    found = page.locator(
        ".op-inputs input:not([type=hidden]):not([type=checkbox]), .op-inputs .btn"
    )
    small = []
    for place in range(found.count()):
        box = found.nth(place).bounding_box()
        if box and box["height"] < 48:
            small.append(f"{found.nth(place).evaluate('part => part.outerHTML')[:90]}: {box}")
    return small


def test_every_kind_is_clean_in_both_themes_and_large_enough(
    browser: Browser, settings: Any, tmp_path: Path
) -> None:
    batch = batch_of_kinds()
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong = []
    with served(settings, tmp_path / "static") as address:
        windows = {
            scheme: signed_in(browser, address, "olivia", scheme) for scheme in ("light", "dark")
        }
        for kind in (*KINDS, "line_clearance"):
            path = f"{address}/batches/{batch.number}/steps/K-{kind}/"[:200]
            for scheme, page in windows.items():
                page.goto(path)
                page.screenshot(path=SHOTS / f"kind-{kind}-{scheme}.png", full_page=True)
                wrong += [f"{kind} {scheme}: {one}" for one in found_by_axe(page)]
                wrong += [f"{kind} {scheme}: {one}" for one in small_targets(page)]
        wrong += second_looks(windows["light"], batch, address)
    assert wrong == []


def second_looks(page: Page, batch: Batch, address: str) -> list[str]:
    """Look again after what was entered: a sample, a failed test, printed labels."""
    wrong = []
    for kind, (_, entered) in KINDS.items():
        code = f"K-{kind}"
        one = step_of(batch, code)
        if entered:
            commands.enter_value(
                step_id=one.pk, seen=one.version, entered=entered, act=act_by(operator(), at=now())
            )
        elif kind == "label":
            commands.print_labels(
                step_id=one.pk, seen=one.version, act=act_by(operator(), at=now())
            )
        else:
            continue
        page.goto(f"{address}/batches/{batch.number}/steps/{code}/")
        page.screenshot(path=SHOTS / f"kind-{kind}-entered.png", full_page=True)
        wrong += [f"{kind} entered: {one}" for one in found_by_axe(page)]
        wrong += [f"{kind} entered: {one}" for one in small_targets(page)]
    return wrong
