"""Labels on paper: one page a label, its lines, its serial, and a code to scan.

No label names the patient: the chain of identity does that for whoever may look it up (GS1-05).
A label that needs more room is printed on the larger stock; nothing of it is ever left out.
"""

from __future__ import annotations

import io

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from batches.ports import LabelWords
from batches.reports.lettering import BOLD, MONO, TEXT, broken, font, lettered
from batches.rules.labels import code_of
from kernel.errors import Conflict

# The two stocks of a label printer: 100 mm wide, 50 or 100 mm high.
WIDTH, HEIGHTS, EDGE = 100 * mm, (50 * mm, 100 * mm), 4 * mm
CODE = 26 * mm
SIZE, LEAD = 8.0, 10.0
# The lines at the foot: what it replaces, the chain of identity, the serial.
FOOT = 3 * LEAD


def labels_pdf(words: LabelWords) -> bytes:
    """Return labels as a PDF, one page each; the same bytes for the same words.

    Raises:
        Conflict: with code ``too_long``, the words do not fit on a label.
    """
    made = io.BytesIO()
    for name in (TEXT, BOLD, MONO):
        font(name)
    lines = _set_lines(words)
    height = _height(len(lines))
    canvas = Canvas(made, pagesize=(WIDTH, height), pageCompression=1, invariant=1)
    canvas.setTitle(lettered(f"Labels of {words.batch}"))
    for serial in words.serials:
        _draw(canvas, words, lines, height, serial)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def _set_lines(words: LabelWords) -> list[tuple[str, str]]:
    """Return the lines as they are broken, each with its face: (text, face)."""
    room = WIDTH - CODE - 3 * EDGE
    return [
        (part, BOLD if place == 0 else TEXT)
        for place, line in enumerate(words.lines)
        for part in broken(line, room, BOLD if place == 0 else TEXT, SIZE)
    ]


def _height(lines: int) -> float:
    needed = 2 * EDGE + lines * LEAD + FOOT
    for height in HEIGHTS:
        if needed <= height:
            return float(height)
    raise Conflict("The words of this label do not fit on it.", code="too_long")


def _draw(
    canvas: Canvas, words: LabelWords, lines: list[tuple[str, str]], height: float, serial: str
) -> None:
    y = height - EDGE - SIZE
    for text, face in lines:
        canvas.setFont(face, SIZE)
        canvas.drawString(EDGE, y, lettered(text, face))
        y -= LEAD
    canvas.setFont(MONO, 7)
    if words.replaces:
        canvas.drawString(EDGE, EDGE + 2 * LEAD, lettered(f"REPLACES {words.replaces}", MONO))
    canvas.drawString(EDGE, EDGE + LEAD, lettered(words.chain, MONO))
    canvas.drawString(EDGE, EDGE, lettered(serial, MONO))
    if words.reprint:
        canvas.setFont(BOLD, 10)
        canvas.drawRightString(WIDTH - EDGE, EDGE, f"REPRINT {words.reprint}")
    code = _code(code_of(words.chain, serial))
    renderPDF.draw(code, canvas, WIDTH - CODE - EDGE, height - CODE - EDGE)


def _code(text: str) -> Drawing:
    widget = QrCodeWidget(lettered(text), barLevel="M")
    x0, y0, x1, y1 = widget.getBounds()
    drawing = Drawing(CODE, CODE, transform=[CODE / (x1 - x0), 0, 0, CODE / (y1 - y0), 0, 0])
    drawing.add(widget)
    return drawing
