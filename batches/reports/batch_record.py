"""The batch record as PDF, drawn from the record document alone: same document, same bytes.

The document is what ``mes.record.record_document`` returns; the JSON of the interface is the same
one, and both name the same digests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm

from batches.reports.amendments import amendments
from batches.reports.branches import branches
from batches.reports.copies import certified
from batches.reports.evidence import audit_trail, environment, findings, signatures
from batches.reports.labeling import replaced_labels
from batches.reports.lettering import BOLD, TEXT, broken, lettered
from batches.reports.paper import (
    ACCENT,
    FAINT,
    INK,
    SIDE,
    WASH,
    WIDTH,
    Cell,
    Column,
    Edges,
    Paper,
    Piece,
)
from batches.reports.supplies import supplies
from batches.reports.words import (
    limits_of,
    shown_day,
    shown_time,
    signature_pieces,
    value_pieces,
    word,
)

Document = dict[str, Any]


def pdf_of(document: Document) -> bytes:
    """Return the record as PDF."""
    record = document["record"]
    batch, order = record["batch"], record["order"]
    paper = Paper(
        Edges(
            title=f"Batch record {batch['number']}",
            head_left=f"Batch record {batch['number']}",
            head_right=f"Patient {order['patient']} · {order['chain_of_identity']}",
            foot=f"{batch['number']} · content {document['content_digest']}",
            code=code_of(document),
        )
    )
    cover(paper, document)
    the_order(paper, record)
    steps(paper, record)
    supplies(paper, record)
    environment(paper, document)
    findings(paper, record)
    signatures(paper, record)
    certified(paper, document.get("certified_copies", ()))
    audit_trail(paper, document)
    return paper.finished()


def cover(paper: Paper, document: Document) -> None:
    """Set what somebody must know who reads one page only."""
    record = document["record"]
    batch, order, recipe = record["batch"], record["order"], record["recipe"]
    canvas, height = paper.canvas, 46 * mm
    top = paper.y
    canvas.setFillColor(WASH)
    canvas.rect(SIDE, top - height, WIDTH, height, stroke=0, fill=1)
    canvas.setFillColor(ACCENT)
    canvas.rect(SIDE, top - height, 3, height, stroke=0, fill=1)
    paper.stamp(SIDE + WIDTH - 42 * mm, top - 44 * mm, 40 * mm)
    x = SIDE + 14
    canvas.setFillColor(FAINT)
    canvas.setFont(TEXT, 9)
    canvas.drawString(x, top - 20, "Executed batch record")
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 24)
    canvas.drawString(x, top - 48, lettered(batch["number"], BOLD))
    canvas.setFont(TEXT, 10)
    for number, line in enumerate(
        (
            f"{order['therapy_name']} · {recipe['title']}",
            f"Patient {order['patient']} · order {order['number']}",
            f"State: {word(batch['state'])}",
        )
    ):
        told = broken(line, WIDTH - 60 * mm, TEXT, 10)[0]
        canvas.drawString(x, top - 70 - number * 15, told)
    paper.space(height + 4)
    paper.table(
        (Column(name="At a glance", share=0.24, look="faint"), Column(name="", share=0.76)),
        [(name, told) for name, told in glance(document)],
    )
    paper.heading("Proof", key="proof")
    paper.table(
        (Column(name="What", share=0.24, look="faint"), Column(name="", share=0.76, look="mono")),
        [(name, told) for name, told in proof(document)],
    )
    paper.text(
        "The content digest covers all that was done and decided; the document digest covers the"
        " audit trail and the charts, too. Both are the SHA-256 of the canonical JSON (RFC 8785)"
        " of the electronic record, which carries the same digests.",
        look="faint",
        size=7.4,
    )


def glance(document: Document) -> Iterator[tuple[str, Cell]]:
    """Yield the facts of the first page."""
    record = document["record"]
    batch, decided = record["batch"], record["disposition"]
    if decided is None:
        yield "Disposition", [("Not decided", "attention")]
    else:
        words = f"{word(decided['decision'])} by {decided['decided_by']}"
        pieces: list[Piece] = [
            (words, "good" if decided["decision"] == "released" else "stop"),
            (shown_time(decided["decided_at"]), ""),
        ]
        yield "Disposition", [*pieces, *reasons(decided["reason"])]
    yield "Made at", f"{batch['site']}, room {batch['room'] or '—'}"
    yield "Made", f"{shown_time(batch['started_at'])} to {shown_time(batch['completed_at'])}"
    yield "Steps", told_steps(record["steps"])
    yield "Changes", record["corrections"]["statement"]
    yield "Exceptions", told_states(record["exceptions"])
    yield "Deviations", told_states(record["deviations"])
    holds, still = record["holds"], sum(not one["lifted_at"] for one in record["holds"])
    yield "Holds", f"{len(holds)}, {still} of them open" if holds else "None"


def told_steps(rows: Sequence[dict[str, Any]]) -> str:
    """Return how many steps are complete, by the latest execution of each."""
    latest = {row["code"]: row for row in sorted(rows, key=lambda row: row.get("execution", 1))}
    skipped = sum(row["state"] == "skipped" for row in latest.values())
    done = sum(row["state"] == "complete" for row in latest.values())
    told = f"{done} of {len(latest) - skipped} complete"
    return f"{told}, {skipped} skipped" if skipped else told


def reasons(text: str) -> list[Piece]:
    """Return a reason as a piece, where there is one."""
    return [(text, "")] if text else []


def told_states(rows: Sequence[dict[str, Any]]) -> str:
    """Return how many there are, by state."""
    if not rows:
        return "None"
    states = sorted(word(row["state"]) for row in rows)
    return ", ".join(f"{len(list(same))} {state}" for state, same in groupby(states))


def proof(document: Document) -> Iterator[tuple[str, Cell]]:
    """Yield what ties this paper to the electronic record and to the ledger."""
    seal, checkpoint = document["seal"], document["checkpoint"]
    yield "Content digest", document["content_digest"]
    yield "Document digest", document["digest"]
    if seal is None:
        yield "Seal", [("Not sealed: the batch is not decided.", "")]
    else:
        is_same = seal["content_digest"] == document["content_digest"]
        words = "Same content" if is_same else "THE CONTENT CHANGED"
        yield (
            "Sealed at the decision",
            [
                (f"{words}, ledger entry {seal['seq']}", "good" if is_same else "stop"),
                (seal["content_digest"], "mono"),
            ],
        )
    entries = document["ledger"]["entries"]
    if entries:
        told = f"{document['ledger']['stream']}, {len(entries)} entries"
        yield "Ledger", [(told, ""), (entries[-1]["hash"], "mono")]
    if checkpoint is None:
        yield "Checkpoint", [("None has seen the last entry yet.", "")]
    else:
        words = f"No. {checkpoint['number']}, {shown_time(checkpoint['at'])}"
        yield "Checkpoint", [(words, ""), (checkpoint["digest"], "mono")]


def code_of(document: Document) -> Drawing:
    """Return a QR code with batch, content digest and the short form of the checkpoint.

    In capitals, which make it smaller; ``verify.py --paper`` compares its text with a package.
    """
    seen = document["checkpoint"] or {"number": 0, "digest": ""}
    told = (
        f"{document['record']['batch']['number']} {document['content_digest']}"
        f" {seen['number']} {seen['digest'][:16]}"
    )
    widget = QrCodeWidget(lettered(told.upper()), barLevel="M")
    x0, y0, x1, y1 = widget.getBounds()
    size = 40 * mm
    drawing = Drawing(size, size, transform=[size / (x1 - x0), 0, 0, size / (y1 - y0), 0, 0])
    drawing.add(widget)
    return drawing


def the_order(paper: Paper, record: Document) -> None:
    """Set order, identity and recipe."""
    order, recipe, batch = record["order"], record["recipe"], record["batch"]
    paper.heading("Order and identity", key="order")
    header = (recipe["control_recipe"] or {}).get("header", {})
    facts: list[tuple[str, Cell]] = [
        ("Order", f"{order['number']}, sent as {order['external_id']} by {order['site']}"),
        ("Ordered", shown_time(order["ordered_at"])),
        ("Patient (pseudonym)", order["patient"]),
        ("Chain of identity", f"{order['chain_of_identity']} (issued by {order['issuer']})"),
        ("Body", f"{order['weight_kg']} kg, {order['height_cm']} cm"),
        (
            "To be given",
            f"{shown_day(order['administer_from'])} to {shown_day(order['administer_to'])}",
        ),
        ("Therapy", f"{order['therapy']}, {order['therapy_name']}"),
        (
            "Master batch record",
            f"{recipe['title']} ({recipe['code']}, version {recipe['number']})",
        ),
        ("Master digest", [(recipe["document_digest"], "mono")]),
        ("Frozen copy", [(recipe["control_recipe_digest"] or "—", "mono")]),
        ("Storage", str(header.get("storage", "—"))),
        ("Planned, issued", f"{shown_time(batch['planned_at'])}, {shown_time(batch['issued_at'])}"),
    ]
    paper.table((Column(name="Fact", share=0.24, look="faint"), Column(name="", share=0.76)), facts)


def steps(paper: Paper, record: Document) -> None:
    """Set every step with its instruction, values, limits and signatures, by operation."""
    paper.heading("Steps", key="steps")
    columns = (
        Column(name="Step", share=0.07, look="bold"),
        Column(name="Instruction and limits", share=0.29),
        Column(name="Values", share=0.35),
        Column(name="Signed", share=0.29),
    )
    parts = groupby(
        record["steps"],
        key=lambda step: (step["unit_procedure"], step["operation"], step.get("round", 1)),
    )
    for number, ((unit, operation, round_number), listed) in enumerate(parts):
        again = f" · round {round_number}" if round_number > 1 else ""
        paper.heading(f"{unit} · {operation}{again}", key=f"operation-{number}", size=9)
        paper.table(columns, (step_row(step) for step in listed))
    branches(paper, record.get("branches", ()))
    amendments(paper, record.get("amendments", ()))
    replaced_labels(paper, record.get("label_replacements", ()))
    changes = record["corrections"]["changes"]
    paper.heading("Changes after entry", key="changes")
    paper.text(record["corrections"]["statement"])
    if changes:
        paper.table(
            (
                Column(name="Step", share=0.1, look="bold"),
                Column(name="Old and new", share=0.26),
                Column(name="Why", share=0.3),
                Column(name="Who and when", share=0.34),
            ),
            [
                (
                    one["step"],
                    [(one["old"], "struck"), (one["new"], "bold")],
                    one["reason"],
                    f"{one['by']}, {shown_time(one['at'])}",
                )
                for one in changes
            ],
        )


def step_row(step: Document) -> Sequence[Cell]:
    """Return a step as a row."""
    definition = step["definition"]
    marks = [name for name in ("critical", "verify") if definition.get(name)]
    instruction: list[Piece] = [
        (step["title"], "bold"),
        (str(definition.get("instruction", "")), ""),
        *limits_of(definition),
    ]
    if marks:
        instruction.append((" · ".join(marks), "attention"))
    values = [piece for value in step["values"] for piece in value_pieces(value, definition)]
    signed = [piece for one in step["signatures"] for piece in signature_pieces(one)]
    execution = step.get("execution", 1)
    if step.get("amended_by"):
        instruction.append((f"amended by {step['amended_by']}", "attention"))
    return (
        step["code"] if execution == 1 else f"{step['code']} ({execution})",
        instruction,
        values or [(word(step["state"]), "faint")],
        signed or [("Not signed", "faint")],
    )
