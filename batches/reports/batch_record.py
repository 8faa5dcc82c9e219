"""The batch record as PDF, drawn from the record document alone: same document, same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from batches.reports.charts import chart_drawing
from batches.reports.lettering import BOLD, FONT, font, lettered, wrapped
from kernel.quantities import unit_label

SIZE, LEAD = 7.5, 9.5
# Tables are cut into pieces: one long table takes time that grows with its square.
CHUNK = 34
WIDTH = A4[0] - 30 * mm
INK, FAINT, LINE = (
    colors.HexColor("#182433"),
    colors.HexColor("#5b6b7f"),
    colors.HexColor("#c9d3df"),
)
STOP = colors.HexColor("#b3261e")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def shown_time(text: str | None) -> str:
    """Return a canonical time as people read it: 23 Nov 2026 14:05:09 UTC."""
    if not text:
        return ""
    at = datetime.fromisoformat(text)
    return f"{at.day:02} {MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} UTC"


def pdf_of(document: dict[str, Any]) -> bytes:
    """Return the record as PDF.

    Args:
        document: what ``mes.record.record_document`` returns.
    """
    font(FONT), font(BOLD)
    made = io.BytesIO()
    record = document["record"]
    paper = SimpleDocTemplate(
        made,
        pagesize=A4,
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=22 * mm,
        bottomMargin=18 * mm,
        title=f"Batch record {record['batch']['number']}",
        author="OneLot",
        invariant=1,
    )
    paper.build(
        list(_story(document)),
        canvasmaker=lambda *args, **kwargs: _Numbered(document, *args, **kwargs),
    )
    return made.getvalue()


class _Numbered(Canvas):
    """A canvas that knows at the end how many pages there are."""

    def __init__(self, document: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document = document
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page until the number of pages is known."""
        self.kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Draw head and foot of every page, and end."""
        for number, page in enumerate(self.kept, 1):
            self.__dict__.update(page)
            self._frame(number, len(self.kept))
            super().showPage()
        super().save()

    def _frame(self, number: int, count: int) -> None:
        batch, digest = self.document["record"]["batch"]["number"], self.document["content_digest"]
        self.setFont(BOLD, 9)
        self.setFillColor(INK)
        self.drawString(15 * mm, A4[1] - 14 * mm, lettered(f"Batch record {batch}"))
        self.setFont(FONT, SIZE)
        self.setFillColor(FAINT)
        patient = self.document["record"]["order"]["patient"]
        self.drawRightString(A4[0] - 15 * mm, A4[1] - 14 * mm, lettered(f"Patient {patient}"))
        self.setStrokeColor(LINE)
        self.line(15 * mm, A4[1] - 16 * mm, A4[0] - 15 * mm, A4[1] - 16 * mm)
        self.line(15 * mm, 14 * mm, A4[0] - 15 * mm, 14 * mm)
        self.drawString(15 * mm, 10 * mm, f"Record digest {digest}")
        self.drawRightString(A4[0] - 15 * mm, 10 * mm, f"Page {number} of {count}")


def _heading(text: str, size: float = 11) -> Paragraph:
    style = ParagraphStyle("h", fontName=BOLD, fontSize=size, leading=size * 1.3, textColor=INK)
    style.spaceBefore, style.spaceAfter = 8, 3
    style.keepWithNext = 1
    return Paragraph(escape(lettered(text)), style)


def _text(text: str) -> Paragraph:
    style = ParagraphStyle("t", fontName=FONT, fontSize=8.5, leading=11, textColor=INK)
    return Paragraph(escape(lettered(text)), style)


def _struck(old: str, new: str) -> Paragraph:
    style = ParagraphStyle("s", fontName=FONT, fontSize=SIZE, leading=LEAD, textColor=INK)
    return Paragraph(f"<strike>{escape(lettered(old))}</strike> {escape(lettered(new))}", style)


def _tables(
    columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[Any]]
) -> Iterable[Flowable]:
    """Yield tables of at most 34 rows; each column is (heading, share of the width)."""
    widths = [WIDTH * share for _, share in columns]
    head = [lettered(name) for name, _ in columns]
    body = [
        [
            cell if isinstance(cell, Flowable) else wrapped(cell, width - 6, size=SIZE)
            for cell, width in zip(row, widths, strict=True)
        ]
        for row in rows
    ]
    style = [
        ("FONT", (0, 0), (-1, -1), FONT, SIZE, LEAD),
        ("FONT", (0, 0), (-1, 0), BOLD, SIZE - 0.5, LEAD),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), FAINT),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if not body:
        yield _text("None.")
    for start in range(0, len(body), CHUNK):
        yield Table([head, *body[start : start + CHUNK]], widths, style=style, hAlign="LEFT")


def _story(document: dict[str, Any]) -> Iterable[Flowable]:
    record = document["record"]
    yield from _cover(document)
    yield from _steps(record)
    yield _heading("Signatures")
    yield from _tables(
        (
            ("On", 0.2),
            ("Meaning", 0.12),
            ("Printed name", 0.2),
            ("Signed at", 0.24),
            ("Digest", 0.24),
        ),
        _signature_rows(record),
    )
    yield from _supplies(record)
    yield from _sensors(record, document["charts"])
    yield from _quality(record)
    yield from _ledger(document)


def _cover(document: dict[str, Any]) -> Iterable[Flowable]:
    record = document["record"]
    batch, order, recipe = record["batch"], record["order"], record["recipe"]
    yield _heading(f"Batch record {batch['number']}", 18)
    yield _text(recipe["title"])
    facts = [
        ("State", batch["state"].replace("_", " ")),
        ("Patient (pseudonym)", order["patient"]),
        ("Chain of identity", order["chain_of_identity"]),
        ("Order", f"{order['number']} ({order['external_id']}), {order['site']}"),
        ("Recipe", f"{recipe['code']} version {recipe['number']}"),
        ("Control recipe digest", recipe["control_recipe_digest"]),
        ("Made at", f"{batch['site']}, {batch['room'] or ''}"),
        ("Body weight", f"{order['weight_kg']} kg"),
        ("Issued", shown_time(batch["issued_at"])),
        ("Started", shown_time(batch["started_at"])),
        ("Completed", shown_time(batch["completed_at"])),
        ("Decided", shown_time(batch["decided_at"])),
        ("Record digest", document["content_digest"]),
        ("Document digest", document["digest"]),
    ]
    table = next(iter(_tables((("Fact", 0.24), ("Value", 0.5)), facts)))
    yield Table(
        [[table, _code(document)]],
        [WIDTH * 0.76, WIDTH * 0.24],
        style=[("VALIGN", (0, 0), (-1, -1), "TOP")],
    )
    yield _heading("Changes after entry")
    changes = record["corrections"]["changes"]
    yield _text(record["corrections"]["statement"])
    if not changes:
        return
    rows = [
        (
            one["step"],
            _struck(one["old"], one["new"]),
            one["reason"],
            one["by"],
            shown_time(one["at"]),
        )
        for one in changes
    ]
    columns = (("Step", 0.1), ("Value", 0.25), ("Why", 0.31), ("Who", 0.14), ("When", 0.2))
    yield from _tables(columns, rows)


def _code(document: dict[str, Any]) -> Drawing:
    """Return a QR code with batch, digest and last checkpoint."""
    checkpoint = document["checkpoint"] or {"number": 0, "digest": ""}
    told = (
        f"{document['record']['batch']['number']} {document['content_digest']}"
        f" {checkpoint['number']} {checkpoint['digest'][:16]}"
    )
    widget = QrCodeWidget(told, barLevel="M")
    x0, y0, x1, y1 = widget.getBounds()
    size = 38 * mm
    drawing = Drawing(size, size, transform=[size / (x1 - x0), 0, 0, size / (y1 - y0), 0, 0])
    drawing.add(widget)
    return drawing


def _steps(record: dict[str, Any]) -> Iterable[Flowable]:
    operation = None
    rows: list[Sequence[Any]] = []
    columns = (("Step", 0.07), ("Instruction", 0.29), ("Value and limits", 0.3), ("Signed", 0.34))
    yield _heading("Steps", 14)
    for step in record["steps"]:
        here = f"{step['unit_procedure']} · {step['operation']}"
        if here != operation:
            if rows:
                yield from _tables(columns, rows)
                rows = []
            operation = here
            yield _heading(here)
        instruction = f"{step['title']}\n{step['definition'].get('instruction', '')}"
        rows.append((step["code"], instruction, _values(step), _signed(step)))
    yield from _tables(columns, rows)


def _values(step: dict[str, Any]) -> Any:
    lines = []
    for value in step["values"]:
        told = quantity_label_of(value)
        mark = "" if value["stands"] else " (replaced)"
        lines.append(f"{told}{mark}")
        if value["verdict_reason"]:
            lines.append(f"! {value['verdict'].replace('_', ' ')}: {value['verdict_reason']}")
        if value["reason"]:
            lines.append(f"Reason: {value['reason']}")
        lines.append(f"{value['source']}, {value['entered_by']}, {shown_time(value['entered_at'])}")
    limits = _limits(step["definition"])
    return "\n".join([*lines, *limits]) or step["state"].replace("_", " ")


def quantity_label_of(value: dict[str, Any]) -> str:
    """Return a value as entered, with its unit, and what it stands for."""
    details = value["details"] or {}
    if "lot" in details:
        until = details.get("expires_on", "")
        return f"{details.get('name', '')}, lot {details['lot']}, expires {until}"
    if "equipment" in details:
        return f"{details['equipment']}, {details.get('name', '')}"
    if value["unit"] and value["value"] is not None:
        return f"{value['entered']} {unit_label(value['unit'])}"
    return str(value["entered"])


def _limits(definition: dict[str, Any]) -> list[str]:
    found = []
    for name, words in (("soft", "Expected"), ("hard", "Never beyond")):
        limits = definition.get(name) or {}
        low, high = limits.get("min"), limits.get("max")
        if low is not None and high is not None:
            found.append(f"{words} {low} to {high}")
        elif low is not None or high is not None:
            found.append(f"{words} at least {low}" if high is None else f"{words} at most {high}")
    return found


def _signed(step: dict[str, Any]) -> str:
    return "\n".join(
        f"{one['signer']}, {one['meaning']}\n{shown_time(one['signed_at'])} ({one['time_zone']})"
        for one in step["signatures"]
    )


def _signature_rows(record: dict[str, Any]) -> Iterable[Sequence[Any]]:
    parts = [
        (f"Batch {record['batch']['number']}", record["batch"]["signatures"]),
        *((f"Step {step['code']}", step["signatures"]) for step in record["steps"]),
        *((f"Deviation {one['number']}", one["signatures"]) for one in record["deviations"]),
        *((f"Review, {one['kind']}", one["signatures"]) for one in record["reviews"]),
    ]
    if record["disposition"]:
        parts.append(("Disposition", record["disposition"]["signatures"]))
    for subject, signatures in parts:
        for one in signatures:
            signed_at = f"{shown_time(one['signed_at'])} ({one['time_zone']})"
            digest = one["statement_digest"][:32]
            yield subject, one["meaning"], one["signer"], signed_at, digest


def _supplies(record: dict[str, Any]) -> Iterable[Flowable]:
    yield _heading("Custody of the patient's material")
    rows = [
        (
            shown_time(one["at"]), one["kind"], one["scanned"],
            "match" if one["is_match"] else f"STOP. {one['detail']}",
            f"{one['by']}, {one['site']}",
        )
        for one in record["custody"]
    ]  # fmt: skip
    columns = (("When", 0.2), ("What", 0.12), ("Scanned", 0.24), ("Result", 0.24), ("Who", 0.2))
    yield from _tables(columns, rows)
    yield _heading("Holds")
    held: list[Sequence[Any]] = [
        (
            shown_time(one["placed_at"]), f"{one['placed_by']}: {one['reason']}",
            shown_time(one["lifted_at"]), f"{one['lifted_by'] or ''}: {one['lift_reason']}",
        )
        for one in record["holds"]
    ]  # fmt: skip
    hold_columns = (("Placed", 0.2), ("Why", 0.32), ("Lifted", 0.2), ("Why it went on", 0.28))
    yield from _tables(hold_columns, held)


def _sensors(record: dict[str, Any], charts: Sequence[dict[str, Any]]) -> Iterable[Flowable]:
    yield _heading("Sensors")
    rows = []
    for one in record["sensors"]:
        summary = one["summary"]
        rows.append(
            (
                f"{one['sensor']}\n{one['name']}", f"{summary['low']} to {summary['high']}",
                summary["mean"], summary["usable"], len(summary["gaps"]),
                sum(alarm["sensor"] == one["sensor"] for alarm in record["alarms"]),
            )
        )  # fmt: skip
    columns = (
        ("Sensor", 0.4), ("Low to high", 0.2), ("Mean", 0.1), ("Readings", 0.1), ("Gaps", 0.1),
        ("Alarms", 0.1),
    )  # fmt: skip
    yield from _tables(columns, rows)
    for chart in charts:
        yield Spacer(1, 4)
        yield chart_drawing(chart, WIDTH, 38 * mm)


def _quality(record: dict[str, Any]) -> Iterable[Flowable]:
    yield _heading("Exceptions")
    rows = [
        (
            one["severity"], one["step"] or "", one["detail"], one["state"].replace("_", " "),
            f"{one['reviewed_by'] or ''} {shown_time(one['reviewed_at'])}\n{one['comment']}",
        )
        for one in record["exceptions"]
    ]  # fmt: skip
    columns = (("Severity", 0.1), ("Step", 0.07), ("What", 0.4), ("State", 0.13), ("Decision", 0.3))
    yield from _tables(columns, rows)
    yield _heading("Deviations")
    found: list[Sequence[Any]] = [
        (
            f"{one['number']}\n{one['classification']}", f"{one['title']}\n{one['description']}",
            f"Cause: {one['cause']}\nOther batches: {one['impact_on_other_batches']}\n"
            f"Decision: {one['decision']}",
            f"{one['state'].replace('_', ' ')}\n{one['closed_by'] or ''} {shown_time(one['closed_at'])}",
        )
        for one in record["deviations"]
    ]  # fmt: skip
    found_columns = (("Number", 0.12), ("What", 0.34), ("Investigation", 0.36), ("State", 0.18))
    yield from _tables(found_columns, found)
    yield _heading("Disposition")
    decided = record["disposition"]
    if decided is None:
        yield _text("Not decided.")
    else:
        when = shown_time(decided["decided_at"])
        yield _text(f"{decided['decision'].upper()} by {decided['decided_by']}, {when}.")


def _ledger(document: dict[str, Any]) -> Iterable[Flowable]:
    ledger, checkpoint = document["ledger"], document["checkpoint"]
    yield _heading("Ledger")
    if checkpoint:
        yield _text(
            f"Last checkpoint {checkpoint['number']}, {shown_time(checkpoint['at'])},"
            f" root {checkpoint['digest']}."
        )
    rows = [
        (
            one["seq"],
            shown_time(one["recorded_at"]),
            one["entry"]["verb"].replace("_", " "),
            f"{one['entry']['subject']['type']} {one['entry']['subject']['id']}",
            one["hash"][:24],
        )
        for one in ledger["entries"]
    ]  # fmt: skip
    columns = (
        ("No.", 0.07),
        ("Recorded at", 0.22),
        ("What", 0.17),
        ("Record", 0.24),
        ("Hash", 0.3),
    )
    yield from _tables(columns, rows)
