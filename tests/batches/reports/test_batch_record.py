"""The printed record: whatever text it holds is shown as it is, on numbered pages."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics

from batches.reports import lettering
from batches.reports.batch_record import pdf_of
from batches.reports.lettering import TEXT, broken, lettered, width_of
from tests.worlds.records import record_document

NAUGHTY = (
    "",
    " ",
    "<img src=file:///etc/passwd>",
    "<font color=red>x</font> &amp; {{7*7}} ${7*7} %s %(x)s",
    "</para><b>unclosed",
    "a\x00b\x07c\x1b[31m",
    "\u202egnp.exe \u200b\u2066",
    "Ω ≈ ç √ ∫ ± 10⁶ × µ °C ≥ → ✓",
    "田中さんにあげて下さい",
    "ثم نفس سقطت",
    "😍👩🏽\u200d🔬",
    "Z̷̫̔a̶l̴g̵o̷",
    "x" * 6000,
    "word " * 1500,
    "line\nline\r\nline\tline",
)


def pages(document: object) -> list[str]:
    made = pdf_of(document)  # type: ignore[arg-type]
    return [page.extract_text() for page in PdfReader(BytesIO(made)).pages]


@pytest.mark.requirement("SEC-05")
@pytest.mark.parametrize("number", range(len(NAUGHTY)))
def test_any_text_is_printed_and_none_is_obeyed(number: int) -> None:
    text = NAUGHTY[number]
    found = pages(record_document(text, steps=2, entries=2))
    assert found[-1].strip()
    if text.startswith("<img"):
        assert "<img src=file:///etc/passwd>" in " ".join(" ".join(found).split())


@pytest.mark.requirement("SEC-05")
def test_what_cannot_be_seen_is_shown_as_its_code_point() -> None:
    assert lettered("a\x00\u202eb\ud800\U0001f9ec") == "a[U+0000][U+202E]b[U+D800][U+1F9EC]"
    assert lettered("1 × 10⁶, ≥ 5 µm, naïve") == "1 × 10⁶, ≥ 5 µm, naïve"


def test_every_page_has_its_number_the_batch_and_the_digest() -> None:
    document = record_document(steps=30)
    found = pages(document)
    assert len(found) > 8
    for number, text in enumerate(found, 1):
        flat = " ".join(text.split())
        assert f"Page {number} of" in flat
        assert f"B-000001 · content {document['content_digest']}" in flat
        assert "Patient P-X4ZSRC88" in flat


def test_the_document_has_an_outline() -> None:
    reader = PdfReader(BytesIO(pdf_of(record_document())))
    titles = [entry.title for entry in flat(reader.outline)]
    assert [one for one in titles if one in ("Proof", "Steps", "Signatures", "Audit trail")] == [
        "Proof",
        "Steps",
        "Signatures",
        "Audit trail",
    ]


def flat(outline: list[object]) -> Iterator[object]:
    for one in outline:
        if isinstance(one, list):
            yield from flat(one)
        else:
            yield one


def test_a_row_taller_than_a_page_is_carried_over_whole() -> None:
    text = " ".join(f"word{number}" for number in range(560))
    found = " ".join(" ".join(pages(record_document(text, steps=1, entries=1))).split())
    # The title of the first page is one line; the same words stand whole below it.
    assert found.count("word559") == found.count("word0 ") - 1 > 50


def test_the_same_document_is_the_same_paper_to_the_byte() -> None:
    assert pdf_of(record_document()) == pdf_of(record_document())


def test_no_line_is_wider_than_its_column() -> None:
    for text in (*NAUGHTY, "a" * 300, "one two three " * 40):
        for line in broken(text, 90.0, TEXT, 7.4):
            assert width_of(line, TEXT, 7.4) <= 90.0 + 1e-6
    assert width_of("Measure", TEXT, 10) == pytest.approx(
        pdfmetrics.stringWidth("Measure", TEXT, 10)
    )


def test_without_the_better_fonts_the_record_is_printed_all_the_same(
    settings: object, tmp_path: object
) -> None:
    caches = (lettering.font, lettering._letter, lettering._advance, lettering.broken)
    for cached in caches:
        cached.cache_clear()
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    try:
        assert lettered("10⁶ \u2265 5 \u0416") == "10^6 ≥ 5 [U+0416]"
        assert pages(record_document("≥ 10⁶", steps=1, entries=1))
    finally:
        for cached in caches:
            cached.cache_clear()
