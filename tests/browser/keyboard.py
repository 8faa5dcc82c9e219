"""An operator with two pairs of gloves: no mouse and no touch, the keyboard and the scanner alone."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from batches.models import Batch, Step
from batches.rules.laboratory import TestData
from mes.demo.performing import PICTURE, data_of_test
from tests.browser.served import PASSWORD
from tests.browser.test_front_end_base import burst

MOST_TABS = 60
# Milliseconds between two keys; a scanner needs less than 35.
FINGERS = 50
# Kinds whose one act is a key on the page: nothing is entered.
PRESSED = ("timer", "sensor", "calculation", "hold_time", "instruction")


class Hands:
    """What somebody does with a page by keys and scans."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def focused(self) -> str:
        """Return the name of the field that has the focus."""
        return str(self.page.evaluate("document.activeElement?.name ?? ''"))

    def press(self, key: str) -> None:
        """Press one key, alone for a moment as a person does."""
        self.page.wait_for_timeout(70)
        self.page.keyboard.press(key)

    def started(self) -> None:
        """Wait until the page shows what comes after the start."""
        self.page.locator(".op-primary .btn").filter(has_not_text="Start").first.wait_for()
        self.page.wait_for_load_state()

    def tab_to(self, selector: str) -> None:
        """Go on with Tab until the focus is there."""
        for _ in range(MOST_TABS):
            if self.page.evaluate(f"document.activeElement?.matches({selector!r})"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {selector} at {self.page.url}")

    def sign(self, name: str, *, is_asked: bool = True) -> None:
        """Sign in the dialog; after a value it opens by itself, else a key opens it."""
        if not is_asked:
            self.press("s")
        # It is a dialog once its script has taken hold of it; a person looks at it first.
        self.page.wait_for_load_state()
        self.page.locator("dialog.signature:modal").wait_for()
        self.page.wait_for_timeout(100)
        for _ in range(8):
            focused = self.focused()
            if focused == "password":
                break
            if focused == "username" and not self.page.evaluate("document.activeElement.value"):
                self.page.keyboard.type(name, delay=FINGERS)
            self.page.keyboard.press("Tab")
        assert self.focused() == "password", self.page.url
        # Pasted, as from a manager of passwords: what comes faster than fingers is a scan.
        self.page.keyboard.insert_text(PASSWORD)
        self.page.keyboard.press("Enter")

    def enter(self, step: Step, values: dict[str, Any]) -> None:
        """Enter what a step asks for, as its kind does."""
        kind, value = step.kind, str(values.get("value", ""))
        if kind.startswith("scan") or (kind == "sample" and step.definition["material"]):
            burst(self.page, value)
        elif kind in PRESSED:
            self._ready()
            self.press("s")
        elif kind in ("confirm", "line_clearance"):
            for place in range(len(step.definition["checks"])):
                self.tab_to(f"#id_check_{place}")
                self.page.keyboard.press("Space")
            self.page.keyboard.press("Enter")
        elif kind == "choice":
            self._choose(value)
        elif (test := data_of_test(step)) is not None:
            self._record(test)
        elif kind == "file":
            self.tab_to("#id_file")
            with self.page.expect_file_chooser() as chooser:
                self.page.keyboard.press("Space")
            chooser.value.set_files({"name": "bag.png", "mimeType": "image/png", "buffer": PICTURE})
            self.tab_to("button[form=entry]")
            self.page.keyboard.press("Enter")
        else:
            self.tab_to("[form=entry] [name=value], #entry [name=value]")
            self.page.keyboard.type(value, delay=FINGERS)
            self.page.keyboard.press("Enter")

    def _record(self, test: TestData) -> None:
        """Scan the sample, enter the amounts, hand in the raw data."""
        self.tab_to("#entry [name=sample]")
        burst(self.page, test.sample)
        for name, text in test.amounts.items():
            self.tab_to(f"#entry [name=amount_{name}]")
            self.page.keyboard.type(text, delay=FINGERS)
        self.tab_to("#entry [name=file]")
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Space")
        chooser.value.set_files({"name": "raw.csv", "mimeType": "text/csv", "buffer": test.content})
        self.tab_to("button[form=entry]")
        self.page.keyboard.press("Enter")

    def label(self, batch: Batch, step: Step) -> None:
        """Print the labels of a step, and account for each: one used, the others destroyed."""
        self.press("s")
        self.page.locator("#id_count_1").wait_for()
        for place, count in ((1, 1), (2, step.definition["copies"] - 1)):
            self.tab_to(f"#id_count_{place}")
            self.page.keyboard.type(str(count), delay=FINGERS)
        self.page.keyboard.press("Enter")

    def _ready(self) -> None:
        """Wait until the one button of the page can be pressed: a timer may still run."""
        button = self.page.locator("button[form=entry][data-key=s]")
        expect(button).to_be_enabled(timeout=40_000)

    def _choose(self, value: str) -> None:
        self.tab_to("[type=radio]")
        self.page.keyboard.press("Space")
        for _ in range(20):
            if self.page.evaluate("document.activeElement.value") == value:
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")
