"""The trend of a sensor on paper: line, limits and gaps, drawn as vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from batches.reports.lettering import BOLD, TEXT, lettered
from batches.reports.paper import ACCENT, ATTENTION, FAINT, INK, LINE, STOP

LEFT, RIGHT, BELOW, ABOVE, SMALL = 36.0, 96.0, 16.0, 18.0, 6.4
COLORS = {"stop": STOP, "attention": ATTENTION}

Point = tuple[float, float]


class Chart:
    """One trend, placed in a box of the page."""

    def __init__(self, chart: dict[str, Any], width: float, height: float) -> None:
        self.chart = chart
        self.points = [
            (float(at), None if value is None else float(value)) for at, value in chart["points"]
        ]
        self.limits = [(float(row["value"]), row) for row in chart["limits"]]
        known = [value for _, value in self.points if value is not None]
        values = [*known, *(value for value, _ in self.limits)] or [0.0, 1.0]
        pad = (max(values) - min(values)) * 0.08 or 1.0
        self.low, self.high = min(values) - pad, max(values) + pad
        self.start = seconds_of(chart["from"])
        self.end = max(seconds_of(chart["to"]), self.start + 1)
        self.is_empty = not known
        self.width, self.height = width - LEFT - RIGHT, height - BELOW - ABOVE

    def draw(self, canvas: Canvas, x: float, y: float) -> None:
        """Draw the chart with its lower left corner at a place of the page."""
        x, y = x + LEFT, y + BELOW
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 7.4)
        title = f"{self.chart['sensor']} · {self.chart['label']} ({self.chart['unit']})"
        canvas.drawString(x, y + self.height + 6, lettered(title, BOLD))
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.rect(x, y, self.width, self.height)
        self._limits(canvas, x, y)
        canvas.setFillColor(FAINT)
        canvas.setFont(TEXT, SMALL)
        canvas.drawString(x, y - 9, clock(self.start))
        canvas.drawRightString(x + self.width, y - 9, clock(self.end))
        if self.is_empty:
            canvas.drawString(x + 6, y + self.height / 2, "No readings.")
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.7)
        for run in runs(self.points):
            path = canvas.beginPath()
            path.moveTo(*self._place(run[0], x, y))
            for point in run[1:]:
                path.lineTo(*self._place(point, x, y))
            canvas.drawPath(path)

    def _limits(self, canvas: Canvas, x: float, y: float) -> None:
        canvas.setFont(TEXT, SMALL)
        free = y - SMALL
        for value, row in sorted(self.limits, key=lambda pair: pair[0]):
            _, at = self._place((self.start, value), x, y)
            canvas.setStrokeColor(COLORS.get(row["kind"], INK))
            canvas.setLineWidth(0.6)
            canvas.setDash(3, 2)
            canvas.line(x, at, x + self.width, at)
            canvas.setDash()
            # Limits that lie close together keep their words apart.
            free = max(at - 2, free + SMALL + 0.6)
            canvas.setFillColor(COLORS.get(row["kind"], INK))
            canvas.drawString(x + self.width + 4, free, lettered(f"{row['label']} {row['value']}"))
        canvas.setFillColor(FAINT)
        for value in (self.low, self.high):
            _, at = self._place((self.start, value), x, y)
            canvas.drawRightString(x - 3, at - 2, f"{value:.1f}")

    def _place(self, point: Point, x: float, y: float) -> Point:
        at, value = point
        share = (at - self.start) / (self.end - self.start)
        return (
            x + self.width * min(max(share, 0.0), 1.0),
            y + self.height * (value - self.low) / (self.high - self.low),
        )


def runs(points: Sequence[tuple[float, float | None]]) -> Iterator[list[Point]]:
    """Yield the readings between gaps, each run with at least two."""
    run: list[Point] = []
    for at, value in points:
        if value is None:
            if len(run) > 1:
                yield run
            run = []
        else:
            run.append((at, value))
    if len(run) > 1:
        yield run


def seconds_of(text: str) -> float:
    """Return a canonical time as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def clock(seconds: float) -> str:
    """Return seconds since 1970 as people read a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y %H:%M:%S UTC")
