"""The printed record against a canvas drawn by hand with the same lines, in the same run.

The baseline is the floor: every line is measured, broken and placed beforehand; it is drawn in one
font and one color, without tables, heads, charts or an outline. Ours starts from the document.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from pypdf import PdfReader
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from batches.reports import lettering
from batches.reports.batch_record import pdf_of
from batches.reports.lettering import TEXT
from batches.reports.paper import LEAD, SIZE, Paper
from tests.worlds.records import record_document

STEPS, ENTRIES, ROUNDS = 120, 1200, 5

Line = tuple[float, float, str]


def run() -> Iterator[dict[str, Any]]:
    """Yield pages a second for a record of about a hundred pages."""
    document = record_document("Measure the volume of the bag", steps=STEPS, entries=ENTRIES)
    pages = lines_of(document)
    count = len(PdfReader(io.BytesIO(pdf_of(document))).pages)
    ours, bare = [], []
    for _ in range(ROUNDS):
        bare.append(count / _timed(lambda: by_hand(pages)))
        # Nothing is remembered from the round before: every record is another one.
        lettering.broken.cache_clear()
        ours.append(count / _timed(lambda: pdf_of(document)))
    value, baseline = median(ours), median(bare)
    yield {
        "name": "record_pdf",
        "value": round(value, 1),
        "unit": "pages/s",
        "baseline": round(baseline, 1),
        "ratio": round(value / baseline, 3),
        "pages": count,
    }


def lines_of(document: dict[str, Any]) -> list[list[Line]]:
    """Return every line of every cell where the record has it, page by page."""
    pages: list[list[Line]] = []
    drawn = Paper._cell

    def noted(paper: Paper, x: float, top: float, lines: list[Any]) -> None:
        while len(pages) < paper.pages:
            pages.append([])
        pages[-1] += [(x, top - number * LEAD, text) for number, (text, _) in enumerate(lines)]
        drawn(paper, x, top, lines)

    with patch.object(Paper, "_cell", noted):
        pdf_of(document)
    return pages


def by_hand(pages: list[list[Line]]) -> None:
    canvas = Canvas(io.BytesIO(), pagesize=A4, pageCompression=1, invariant=1)
    for page in pages:
        canvas.setFont(TEXT, SIZE)
        for x, y, text in page:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()


def _timed(work: Any) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
