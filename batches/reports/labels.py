"""Labels on paper: one page a label, the specimen's lines, the batch, and a code to scan.

No label names the patient: the chain of identity does that for whoever may look it up (GS1-05).
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

WIDTH, HEIGHT, EDGE = 100 * mm, 50 * mm, 4 * mm
CODE = 26 * mm
SIZE, LEAD = 8.0, 10.0


def labels_pdf(words: LabelWords) -> bytes:
    """Return labels as a PDF, one page each; the same bytes for the same words."""
    made = io.BytesIO()
    for name in (TEXT, BOLD, MONO):
        font(name)
    canvas = Canvas(made, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1)
    canvas.setTitle(lettered(f"Labels of {words.batch}"))
    code = _code(words.chain)
    for number in range(1, words.copies + 1):
        _set(canvas, words, number)
        renderPDF.draw(code, canvas, WIDTH - CODE - EDGE, HEIGHT - CODE - EDGE)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def _set(canvas: Canvas, words: LabelWords, number: int) -> None:
    y = HEIGHT - EDGE - SIZE
    room = WIDTH - CODE - 3 * EDGE
    for place, line in enumerate(words.lines):
        face = BOLD if place == 0 else TEXT
        canvas.setFont(face, SIZE)
        for part in broken(line, room, face, SIZE):
            if y < EDGE + 2 * LEAD:
                break
            canvas.drawString(EDGE, y, lettered(part, face))
            y -= LEAD
    canvas.setFont(MONO, 7)
    canvas.drawString(EDGE, EDGE + LEAD, lettered(words.chain, MONO))
    canvas.drawString(EDGE, EDGE, lettered(f"{words.batch} · {number} of {words.copies}", MONO))
    if words.reprint:
        canvas.setFont(BOLD, 10)
        canvas.drawRightString(WIDTH - EDGE, EDGE, f"REPRINT {words.reprint}")


def _code(text: str) -> Drawing:
    widget = QrCodeWidget(lettered(text), barLevel="M")
    x0, y0, x1, y1 = widget.getBounds()
    drawing = Drawing(CODE, CODE, transform=[CODE / (x1 - x0), 0, 0, CODE / (y1 - y0), 0, 0])
    drawing.add(widget)
    return drawing
