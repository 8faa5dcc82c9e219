"""Paper: lines, tables and drawings set on numbered pages, straight onto the canvas.

Note [Own tables]: the tables of ReportLab take time that grows with the square of their rows, and
fail on a row that is taller than a page. These are set row by row, repeat their head on every
page, and carry a tall row over.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from batches.reports.lettering import BOLD, MONO, TEXT, broken, font, lettered, width_of

SIDE, TOP, BOTTOM = 15 * mm, 24 * mm, 17 * mm
WIDTH, HEIGHT = A4[0] - 2 * SIDE, A4[1] - TOP - BOTTOM
SIZE, LEAD, PAD = 7.4, 9.4, 3.0
CODE = 12 * mm
# Made once: to read a color from its text takes longer than to draw a line.
INK, FAINT, LINE, WASH = (HexColor(code) for code in (0x182433, 0x55657A, 0xCCD5DF, 0xF1F4F8))
STOP, ATTENTION, GOOD, ACCENT = (
    HexColor(code) for code in (0xB3261E, 0x8A5A00, 0x1F7A3D, 0x1A55B0)
)

Look = Literal["", "bold", "faint", "mono", "struck", "stop", "attention", "good"]
FACES: dict[Look, tuple[str, HexColor]] = {
    "": (TEXT, INK),
    "bold": (BOLD, INK),
    "faint": (TEXT, FAINT),
    "mono": (MONO, FAINT),
    "struck": (TEXT, FAINT),
    "stop": (BOLD, STOP),
    "attention": (BOLD, ATTENTION),
    "good": (BOLD, GOOD),
}
# A cell is a text, or several pieces one below the other, each with its look.
Piece = tuple[str, Look]
Cell = str | Sequence[Piece]
Line = tuple[str, Look]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its heading, its share of the width, and how its texts look."""

    name: str
    share: float
    look: Look = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """What stands at the head and the foot of every page; ``code`` is a square drawing."""

    title: str
    head_left: str
    head_right: str
    foot: str
    code: Drawing | None = None
    subject: str = "Executed batch record"


class Paper:
    """A document in the making."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self.made = io.BytesIO()
        for name in (TEXT, BOLD, MONO):
            font(name)
        self.canvas = Canvas(self.made, pagesize=A4, pageCompression=1, invariant=1)
        self.canvas.setTitle(lettered(edges.title))
        self.canvas.setAuthor("OneLot")
        self.canvas.setCreator("OneLot")
        self.canvas.setSubject(lettered(edges.subject))
        self.pages = 0
        self.y = 0.0
        self._begin()

    def _begin(self) -> None:
        self.pages += 1
        canvas, right = self.canvas, A4[0] - SIDE
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 8.5)
        canvas.drawString(SIDE, A4[1] - 13 * mm, lettered(self.edges.head_left, BOLD))
        canvas.setFillColor(FAINT)
        canvas.setFont(TEXT, SIZE)
        canvas.drawRightString(right, A4[1] - 13 * mm, lettered(self.edges.head_right))
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(SIDE, A4[1] - 15.5 * mm, right, A4[1] - 15.5 * mm)
        if self.edges.code is not None:
            right -= CODE + 4
            self.stamp(right + 4, 3.5 * mm, CODE)
        canvas.line(SIDE, 13 * mm, right, 13 * mm)
        canvas.setFont(MONO, 6.6)
        canvas.drawString(SIDE, 9.5 * mm, lettered(self.edges.foot, MONO))
        canvas.setFont(TEXT, SIZE)
        canvas.drawRightString(right - 14, 9.5 * mm, f"Page {self.pages} of ")
        # The number of pages is known at the end: the form of this name is drawn then.
        canvas.saveState()
        canvas.translate(right - 14, 9.5 * mm)
        canvas.doForm("count")
        canvas.restoreState()
        self.y = A4[1] - TOP

    def turn(self) -> None:
        """Go on on a new page."""
        self.canvas.showPage()
        self._begin()

    def need(self, height: float) -> None:
        """Go on on a new page unless so much of this one is left."""
        if self.y - height < BOTTOM:
            self.turn()

    def space(self, height: float) -> None:
        """Leave room."""
        self.y -= height

    def finished(self) -> bytes:
        """End the document and return it."""
        canvas = self.canvas
        canvas.showPage()
        canvas.beginForm("count", 0, -3, 40, 12)
        canvas.setFillColor(FAINT)
        canvas.setFont(TEXT, SIZE)
        canvas.drawString(0, 0, str(self.pages))
        canvas.endForm()
        code = self.edges.code
        if code is not None:
            canvas.beginForm("code", 0, 0, code.width, code.height)
            renderPDF.draw(code, canvas, 0, 0)
            canvas.endForm()
        canvas.save()
        return self.made.getvalue()

    def heading(self, text: str, *, key: str = "", size: float = 12) -> None:
        """Set a heading; with a key it also stands in the outline of the document."""
        self.need(size * 2 + 40)
        if self.y < A4[1] - TOP - 1:
            self.space(size)
        self.space(size)
        self.canvas.setFillColor(INK)
        self.canvas.setFont(BOLD, size)
        self.canvas.drawString(SIDE, self.y, lettered(text, BOLD))
        if key:
            self.canvas.bookmarkHorizontal(key, 0, self.y + size)
            self.canvas.addOutlineEntry(lettered(text, BOLD), key, 0 if size >= 12 else 1)
        self.space(size * 0.55)

    def text(self, text: str, *, look: Look = "", size: float = 8.5) -> None:
        """Set a paragraph over the whole width."""
        name, color = FACES[look]
        for line in broken(text, WIDTH, name, size):
            self.need(size * 1.35)
            self.space(size * 1.35)
            self.canvas.setFillColor(color)
            self.canvas.setFont(name, size)
            self.canvas.drawString(SIDE, self.y, line)
        self.space(2)

    def drawing(
        self, width: float, height: float, draw: Callable[[Canvas, float, float], None]
    ) -> None:
        """Let ``draw`` draw into a box, given the canvas and the box's lower left corner."""
        self.need(height)
        self.space(height)
        self.canvas.saveState()
        draw(self.canvas, SIDE, self.y)
        self.canvas.restoreState()

    def stamp(self, x: float, y: float, size: float) -> None:
        """Put the code at a place of this page; it is drawn once, at the end."""
        if self.edges.code is not None:
            scale = size / self.edges.code.width
            self.canvas.saveState()
            self.canvas.transform(scale, 0, 0, scale, x, y)
            self.canvas.doForm("code")
            self.canvas.restoreState()

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
        """Set a table and return how many rows it has; "None." where there is none."""
        widths = [WIDTH * column.share for column in columns]
        count = 0
        for row in rows:
            cells = [
                laid(cell, column.look, width - 2 * PAD)
                for cell, column, width in zip(row, columns, widths, strict=True)
            ]
            tall = max(len(lines) for lines in cells)
            if count == 0:
                self.need(min(tall, 6) * LEAD + 3 * LEAD)
                self._head(columns, widths)
            self._row(columns, widths, cells, tall)
            count += 1
        if count == 0:
            self.text("None.", look="faint")
        self.space(4)
        return count

    def _head(self, columns: Sequence[Column], widths: Sequence[float]) -> None:
        height = LEAD + 2 * PAD
        self.space(height)
        canvas, x = self.canvas, SIDE
        canvas.setFillColor(WASH)
        canvas.rect(SIDE, self.y, WIDTH, height, stroke=0, fill=1)
        canvas.setFillColor(FAINT)
        canvas.setFont(BOLD, SIZE - 0.6)
        for column, width in zip(columns, widths, strict=True):
            canvas.drawString(x + PAD, self.y + PAD + 1.6, lettered(column.name, BOLD))
            x += width

    def _row(
        self,
        columns: Sequence[Column],
        widths: Sequence[float],
        cells: list[list[Line]],
        tall: int,
    ) -> None:
        at = 0
        while at < tall:
            left = int((self.y - BOTTOM - 2 * PAD) // LEAD)
            wanted = tall - at
            # A row is carried over only where it must be: when it is taller than half a page.
            if left < wanted and (wanted * LEAD < HEIGHT / 2 or left < 4):
                self.turn()
                self._head(columns, widths)
                left = int((self.y - BOTTOM - 2 * PAD) // LEAD)
            count = min(left, wanted)
            self._lines(widths, [lines[at : at + count] for lines in cells], count)
            at += count

    def _lines(self, widths: Sequence[float], cells: list[list[Line]], count: int) -> None:
        canvas, x = self.canvas, SIDE
        top = self.y - PAD - SIZE
        for lines, width in zip(cells, widths, strict=True):
            if lines:
                self._cell(x + PAD, top, lines)
            x += width
        self.space(count * LEAD + 2 * PAD)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.3)
        canvas.line(SIDE, self.y, SIDE + WIDTH, self.y)

    def _cell(self, x: float, top: float, lines: list[Line]) -> None:
        canvas, now = self.canvas, None
        told = canvas.beginText(x, top)
        told.setLeading(LEAD)
        for text, look in lines:
            if look != now:
                name, color = FACES[look]
                told.setFont(name, SIZE, LEAD)
                told.setFillColor(color)
                now = look
            told.textLine(text)
        canvas.drawText(told)
        for number, (text, look) in enumerate(lines):
            if look == "struck" and text:
                y = top - number * LEAD + SIZE * 0.3
                canvas.setStrokeColor(STOP)
                canvas.setLineWidth(0.6)
                canvas.line(x, y, x + width_of(text, TEXT, SIZE), y)


def laid(cell: Cell, look: Look, width: float) -> list[Line]:
    """Return the lines of a cell, each with its look."""
    pieces: Sequence[Piece] = [(cell, look)] if isinstance(cell, str) else cell
    lines: list[Line] = []
    for text, own in pieces:
        lines += [(line, own) for line in broken(text, width, FACES[own][0], SIZE)]
    return lines or [("", "")]
