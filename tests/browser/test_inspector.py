"""An inspector's walk: the ledger, the trail, the printed record and the package, and no shell."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pypdf import PdfReader

from batches.models import Batch
from tests.browser.served import SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def verified(page: Page, address: str, package: Path) -> Page:
    """Bring a package to the page that verifies it."""
    page.goto(f"{address}/verification/")
    page.get_by_role("link", name="Verify a package").click()
    page.get_by_label("Package (.zip, at most 64 MB)").set_input_files(package)
    page.get_by_role("button", name="Verify the package").press("Enter")
    return page


@pytest.mark.requirement("P11-01", "P11-03", "A11-17", "A11D-16")
def test_an_inspector_needs_no_shell(browser: Browser, address: str, tmp_path: Path) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    batch = Batch.objects.get(state="released")
    page = signed_in(browser, address, "quinn")

    # Who did what, when and why, before and after; and the review that was signed over it.
    page.goto(f"{address}/ledger/?record={batch.number}")
    expect(page.get_by_role("cell", name="Dr. Paula Weiss").first).to_be_visible()
    page.goto(f"{address}/batches/{batch.number}/trail/")
    expect(page.get_by_text("nothing changed since").first).to_be_visible()

    # The record is walked on the spot.
    page.goto(f"{address}/batches/{batch.number}/")
    page.get_by_role("button", name="Verify record").click()
    expect(page.get_by_text("entries, intact").first).to_be_visible()

    # The printed record: signed over the whole file, and its pages carry the code of a checkpoint.
    href = page.get_by_role("link", name="Record (PDF)").get_attribute("href")
    pdf = page.request.get(f"{address}{href}").body()
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    signature.compute_integrity_info()
    assert signature.coverage == SignatureCoverageLevel.ENTIRE_FILE
    text = " ".join(one.extract_text() for one in PdfReader(BytesIO(pdf)).pages)
    assert "Dr. Paula Weiss" in text

    # The package, verified where it was made.
    page.goto(f"{address}/batches/{batch.number}/")
    with page.expect_download() as got:
        page.get_by_role("link", name="Package (ZIP)").click()
    package = tmp_path / "brought.zip"
    got.value.save_as(package)
    verified(page, address, package)
    expect(page.get_by_text("Verified. Everything is as it was sealed.")).to_be_visible()
    expect(page.get_by_text("sealed with a key of this installation")).to_be_visible()
    assert found_by_axe(page) == []
    page.screenshot(path=SHOTS / "package-verified.png", full_page=True)

    # One byte of it.
    content = bytearray(package.read_bytes())
    place = content.index(b"readings/") + 2000
    content[place] ^= 1
    package.write_bytes(bytes(content))
    verified(page, address, package)
    expect(page.get_by_text("Not verified. Do not rely on this package.")).to_be_visible()
    assert found_by_axe(page) == []
    page.screenshot(path=SHOTS / "package-changed.png", full_page=True)
