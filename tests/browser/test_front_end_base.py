"""The front-end modules on real Chromium, on a page that the test serves itself."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

MODULES = Path(__file__).resolve().parents[2] / "mes" / "static" / "mes"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:"
PAGE = """<!doctype html><html lang="en" data-server-now="2026-11-23T12:00:00.000Z"><head>
<title>t</title><link rel="stylesheet" href="/app.css"><script src="/theme.js"></script>
%s</head><body data-user="7" data-draft-key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="><main>
<form id="scans" method="post" action="/sent"><input id="code" name="code" data-scan-target>
<input type="hidden" name="source" value="keyed" data-scan-source></form>
<form id="login"><input id="name"><input id="password" type="password"></form>
<form id="draft" data-draft="step-v1"><input id="note" name="note">
<input type="password" name="pin" id="pin">
<span data-draft-status></span></form>
<button id="button">Press</button>
<select id="list"><option>none</option><option>P-x</option></select>
<button data-theme-choice="light">Light</button><button data-theme-choice="dark">Dark</button>
<button data-theme-choice="system">System</button>
<a id="batches" href="#batches" data-go="g b">Batches</a><input id="search" data-search>
<button id="opener" data-open-dialog="sign">Sign</button>
<onelot-timer id="left" data-ends-at="2026-11-23T12:05:00.000Z"></onelot-timer>
<onelot-number data-low="10" data-high="15" data-unit="g">
<input id="mass"><p data-words></p></onelot-number>
</main><div id="scan-status"></div>
<dialog id="sign"><form method="post" action="/sent" data-sign>
<input type="hidden" name="key" data-idempotency-key>
<input id="who" name="username" data-scan-target data-scan-submit="no" autofocus>
<input id="secret" name="password" type="password">
<button id="cancel" type="button" data-close-dialog>Cancel</button>
<button id="act" class="btn-sign">Sign</button></form></dialog></body></html>"""
SCRIPTS = "".join(
    f'<script type="module" src="/{name}.js"></script>'
    for name in ("scanner", "forms", "esign", "drafts", "number", "timer", "keys")
)
HEARD = """() => { window.heard = []; document.addEventListener("scan", (event) => {
  window.heard.push(event.detail.raw); if (window.keeps) event.preventDefault(); }); }"""


class Site(BaseHTTPRequestHandler):
    """Serves the page and the modules, and counts what is sent."""

    sent: list[str] = []

    def do_GET(self) -> None:
        found = MODULES / self.path.lstrip("/")
        is_module = found.is_file() and found.parent == MODULES
        body = found.read_bytes() if is_module else (PAGE % SCRIPTS).encode()
        kind = {".js": "text/javascript", ".css": "text/css"}.get(found.suffix, "text/html")
        self.answer(body, kind)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.sent.append(self.rfile.read(length).decode())
        threading.Event().wait(0.2)
        self.answer(b"<!doctype html><title>sent</title><p>Sent", "text/html")

    def answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is missing: install Debian's package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    Site.sent = []
    context = chromium.new_context(color_scheme="light")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(site)
    page.evaluate(HEARD)
    yield page
    assert faults == []
    context.close()


def burst(page: Page, text: str, *, gap: int = 12, end: str | None = "Enter") -> None:
    """Send a scan as a keyboard wedge does; GS is Ctrl+]."""
    session = page.context.new_cdp_session(page)
    clock = page.evaluate("performance.timeOrigin + performance.now()") / 1000
    for at, key in enumerate([*text, *([end] if end else [])]):
        event: dict[str, Any] = {"key": key, "timestamp": clock + at * gap / 1000}
        if key == "\x1d":
            event |= {"key": "]", "modifiers": 2}
        elif key in ("Enter", "Tab"):
            event |= {"code": key, "windowsVirtualKeyCode": 13 if key == "Enter" else 9}
        else:
            event["text"] = key
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", **event})
        event.pop("text", None)
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    session.detach()


def keep(page: Page) -> None:
    """Let the page hear scans without sending a form."""
    page.evaluate("window.keeps = true")


def test_a_scan_is_heard_without_focus_and_sends_its_form_as_scanned(page: Page) -> None:
    burst(page, "P-0042/2")
    page.wait_for_url("**/sent")
    assert Site.sent == ["code=P-0042%2F2&source=scanned"]


def test_a_scan_keeps_its_group_separators_and_names_its_symbology(page: Page) -> None:
    keep(page)
    burst(page, "]d20109501101530003\x1d17270101\x1d10A1")
    assert page.evaluate("heard") == ["]d20109501101530003\x1d17270101\x1d10A1"]


def test_a_scan_with_an_aim_prefix_needs_no_end_key(page: Page) -> None:
    keep(page)
    burst(page, "]C1A99912345678", end=None)
    page.wait_for_timeout(250)
    assert page.evaluate("heard") == ["]C1A99912345678"]


def test_a_scan_sent_twice_within_a_second_counts_once(page: Page) -> None:
    keep(page)
    burst(page, "P-0042/2")
    burst(page, "P-0042/2")
    burst(page, "P-0043/1")
    assert page.evaluate("heard") == ["P-0042/2", "P-0043/1"]


def test_a_scan_leaves_a_password_a_list_and_a_button_as_they_were(page: Page) -> None:
    keep(page)
    page.evaluate("void (document.getElementById('button').onclick = () => heard.push('pressed'))")
    page.fill("#password", "mine")
    for number, part in enumerate(("#password", "#list", "#button", "#name")):
        page.focus(part)
        burst(page, f"P-00 42/{number}", end="Tab" if number % 2 else "Enter")
    assert page.input_value("#password") == "mine"
    assert page.input_value("#list") == "none"
    assert page.input_value("#name") == ""
    assert page.evaluate("heard") == [f"P-00 42/{number}" for number in range(4)]


def test_typing_is_not_a_scan(page: Page) -> None:
    keep(page)
    page.focus("#name")
    burst(page, "operator", gap=60)
    burst(page, "short")
    assert page.evaluate("heard") == []
    assert page.input_value("#name") == "operatorshort"


def test_of_random_bursts_none_is_lost_doubled_or_left_in_a_password(page: Page) -> None:
    keep(page)
    dice = random.Random(42)
    sent = []
    for number in range(25):
        text = f"B{number:03}" + "".join(
            dice.choices("0123456789ABC-/()\x1d", k=dice.randint(4, 24))
        )
        page.focus(dice.choice(("#code", "#password", "#button", "#note")))
        for _ in range(dice.choice((1, 1, 2))):
            burst(page, text, gap=dice.randint(10, 34), end=dice.choice(("Enter", "Tab")))
        sent.append(text)
    assert page.evaluate("heard") == sent
    assert page.input_value("#password") == ""


def test_in_the_sign_dialog_a_badge_fills_the_user_id_only(page: Page) -> None:
    page.click("#opener")
    page.focus("#secret")
    burst(page, "olga.operator")
    assert page.input_value("#who") == "olga.operator"
    assert page.input_value("#secret") == ""
    assert Site.sent == []


def test_a_signature_is_sent_once_with_its_own_key(page: Page) -> None:
    page.click("#opener")
    page.fill("#who", "olga")
    page.fill("#secret", "a long enough password")
    key = page.input_value("[data-idempotency-key]")
    page.evaluate(
        "() => { const b = document.getElementById('act'); b.click(); b.click(); b.click(); }"
    )
    page.wait_for_url("**/sent")
    assert len(key) == 36
    assert Site.sent == [f"key={key}&username=olga&password=a+long+enough+password"]


def test_enter_signs(page: Page) -> None:
    page.click("#opener")
    page.fill("#who", "olga")
    page.fill("#secret", "a long enough password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sent")
    assert len(Site.sent) == 1


def test_a_canceled_signature_forgets_what_was_typed(page: Page) -> None:
    page.click("#opener")
    page.fill("#secret", "a long enough password")
    page.click("#cancel")
    assert page.evaluate("document.getElementById('sign').open") is False
    assert page.input_value("#secret") == ""


def test_the_theme_follows_the_system_until_somebody_chooses(page: Page) -> None:
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.click("[data-theme-choice=light]")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")
    assert page.get_attribute("[data-theme-choice=light]", "aria-pressed") == "true"
    page.click("[data-theme-choice=system]")
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_single_keys_go_and_search_and_a_scan_never_triggers_them(page: Page) -> None:
    keep(page)
    burst(page, "gb/gb/gb")
    page.wait_for_timeout(150)
    assert page.evaluate("location.hash") == ""
    page.keyboard.press("g")
    page.wait_for_timeout(150)
    page.keyboard.press("b")
    page.wait_for_url("**/#batches")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_a_number_says_where_it_stands_and_a_timer_counts_by_the_server(page: Page) -> None:
    said = {}
    for typed in ("12,5", "9.99", "15.01", "1e3", ""):
        page.fill("#mass", typed)
        said[typed] = page.text_content("[data-words]")
    assert said == {
        "12,5": "Within limits",
        "9.99": "Below 10 g",
        "15.01": "Above 15 g",
        "1e3": "This is not a number",
        "": "",
    }
    assert page.text_content("#left") in {"5:00", "4:59", "4:58", "4:57"}


RECORD = """<!doctype html><html lang="en"><head><title>t</title>
<script type="module" src="/live.js"></script></head><body data-stream="/stream"><main>
<div id="part" data-live="batch:1"></div><p>%s</p></main><div id="banner" hidden></div></body></html>"""


@pytest.mark.parametrize(("later", "notices"), [("Step 4", 0), ("Step 5", 1)])
def test_only_a_change_that_the_page_does_not_show_yet_is_announced(
    page: Page, site: str, later: str, notices: int
) -> None:
    looks: list[str] = []

    def record(route: Route) -> None:
        looks.append("Step 4" if not looks else later)
        route.fulfill(content_type="text/html", body=RECORD % looks[-1])

    page.route("**/record", record)
    page.route(
        "**/stream",
        lambda route: route.fulfill(
            content_type="text/event-stream", body='event: changed\ndata: {"subject":"batch:1"}\n\n'
        ),
    )
    page.goto(f"{site}record")
    page.wait_for_timeout(1000)
    assert len(looks) >= 2
    assert page.locator(".changed-notice").count() == notices
