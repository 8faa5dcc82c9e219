"""Certified copies on paper: a first page that says who certified what, then the original.

The original itself is inside the file, byte for byte (PDF 2.0, 7.11.4), so that whoever has the
copy alone can compare it with its digest.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from batches.reports.lettering import lettered
from batches.reports.paper import BOTTOM, HEIGHT, SIDE, WIDTH, Column, Edges, Paper
from batches.reports.words import shown_time
from batches.rules.copies import TITLE, WORDS, Certificate
from kernel.canonical import plain
from kernel.errors import Conflict

CODE = 40 * mm
MOST_PAGES = 2000


def copy_pdf(certificate: Certificate) -> bytes:
    """Return the certified copy as a PDF, not signed yet; the same bytes for the same words.

    Raises:
        Conflict: with code ``unreadable``, a PDF that nobody can draw is not copied.
    """
    original = certificate.original
    paper = Paper(
        Edges(
            title=f"{TITLE} {certificate.code}",
            head_left=f"{TITLE} {certificate.code}",
            head_right=original.name,
            foot=f"original {original.digest[:32]}",
            code=_code(certificate),
            subject=TITLE,
        )
    )
    _first_page(paper, certificate)
    if original.sort == "image":
        _picture(paper, original.content)
    elif original.sort == "csv":
        _words(paper, original.content)
    source = original.printed or (original.content if original.sort == "pdf" else b"")
    before = paper.pages
    reader = _reader(source) if source else None
    count = reader.root["/Pages"]["/Count"] if reader is not None else 0
    for _ in range(count):
        paper.turn()
    return _joined(paper.finished(), certificate, reader, before, count)


def certified(paper: Paper, rows: Sequence[Mapping[str, Any]]) -> None:
    """List the certified copies on the printed record; nothing where there are none."""
    if not rows:
        return
    paper.heading("Certified true copies", key="copies")
    paper.table(
        (
            Column(name="Copy", share=0.08, look="bold"),
            Column(name="Of", share=0.2),
            Column(name="SHA-256 of the original", share=0.44, look="mono"),
            Column(name="Certified by", share=0.28),
        ),
        [
            (
                one["code"],
                one["original"],
                one["original_digest"],
                f"{one['certified_by']}, {shown_time(one['certified_at'])}",
            )
            for one in rows
        ],
    )


def _first_page(paper: Paper, certificate: Certificate) -> None:
    original = certificate.original
    paper.heading(TITLE, key="certificate", size=18)
    paper.text(f"“{WORDS}”", size=11)
    paper.space(6)
    captured = shown_time(plain(original.captured_at))
    paper.table(
        (Column(name="What", share=0.26, look="faint"), Column(name="", share=0.74)),
        [
            ("Original", [(original.name, "bold")]),
            ("SHA-256 of the original", [(original.digest, "mono")]),
            ("Size of the original", f"{len(original.content)} bytes"),
            ("Captured", f"{original.captured_by}, {captured}"),
            ("Batch", certificate.batch),
            ("Certified by", [(f"{certificate.certified_by} ({certificate.username})", "bold")]),
            ("Meaning", TITLE),
            ("Certified", shown_time(plain(certificate.certified_at))),
            ("Signed statement", [(certificate.statement_digest, "mono")]),
        ],
    )
    paper.text(
        "The original is kept in the record, and is inside this file, too. The code holds the"
        " number of this copy and the digest of the original; verification of the record computes"
        " both again.",
        look="faint",
    )


def _code(certificate: Certificate) -> Drawing:
    told = f"{certificate.code} {certificate.original.digest}".upper()
    widget = QrCodeWidget(lettered(told), barLevel="M")
    x0, y0, x1, y1 = widget.getBounds()
    drawing = Drawing(CODE, CODE, transform=[CODE / (x1 - x0), 0, 0, CODE / (y1 - y0), 0, 0])
    drawing.add(widget)
    return drawing


def _picture(paper: Paper, content: bytes) -> None:
    picture = ImageReader(io.BytesIO(content))
    width, height = picture.getSize()
    scale = min(WIDTH / width, HEIGHT / height)
    box = (width * scale, height * scale)

    def draw(canvas: Canvas, x: float, y: float) -> None:
        canvas.drawImage(picture, x, y, *box)

    paper.turn()
    paper.drawing(*box, draw)


def _words(paper: Paper, content: bytes) -> None:
    paper.turn()
    for line in content.decode("utf-8-sig").splitlines():
        paper.text(line or " ", look="mono")


def _reader(content: bytes) -> Any:
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(content))
        count = int(reader.root["/Pages"]["/Count"])
    except Exception as error:  # whatever a broken file makes the reader say
        raise _unreadable() from error
    if not 0 < count <= MOST_PAGES:
        raise _unreadable()
    return reader


def _unreadable() -> Conflict:
    return Conflict("This PDF cannot be drawn: no copy of it is certified.", code="unreadable")


def _joined(made: bytes, certificate: Certificate, source: Any, before: int, count: int) -> bytes:
    """Return the copy with the pages of a PDF original drawn into its empty ones, and the original."""
    # Half a second of imports, for those who certify only.
    from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    original = certificate.original
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(made))
    try:
        for page in range(count):
            _draw_page(writer, source, page, before + page)
    except Exception as error:  # as above
        raise _unreadable() from error
    held = EmbeddedFileObject.from_file_data(writer, original.content)
    embed_file(writer, FileSpec(file_spec_string=original.name, embedded_data=held))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _draw_page(writer: Any, source: Any, page: int, onto: int) -> None:
    """Draw one page of another PDF, made smaller where it must be, into an empty one."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name

    mapping: Any = generic.DictionaryObject
    drawn = writer.import_page_as_xobject(source, page)
    left, low, right, high = (float(one) for one in drawn.get_object()["/BBox"])
    scale = min(WIDTH / (right - left), HEIGHT / (high - low), 1.0)
    x, y = SIDE - left * scale, BOTTOM + HEIGHT - high * scale
    words = f"q {scale:.6f} 0 0 {scale:.6f} {x:.3f} {y:.3f} cm /Original Do Q\n"
    stream = writer.add_object(generic.StreamObject(stream_data=words.encode()))
    named = mapping({pdf_name("/Original"): drawn})
    resources = mapping({pdf_name("/XObject"): named})
    writer.add_stream_to_page(onto, stream, resources)
