"""Chapters of the printed record that judge and prove: environment, findings, signatures, trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from reportlab.lib.units import mm

from batches.reports.charts import Chart
from batches.reports.paper import WIDTH, Cell, Column, Look, Paper, Piece
from batches.reports.words import changes_in, shown_time, signature_pieces, word
from kernel.quantities import round_half_up, unit_label

Document = dict[str, Any]
CHART = 40 * mm
TONES: dict[str, Look] = {"critical": "stop", "warning": "attention", "note": ""}


def environment(paper: Paper, document: Document) -> None:
    """Set what the sensors showed, with their limits, their alarms and their charts."""
    record = document["record"]
    paper.heading("Environment", key="environment")
    paper.table(
        (
            Column(name="Sensor", share=0.27, look="bold"), Column(name="Low, mean, high", share=0.2),
            Column(name="Limits", share=0.2), Column(name="Readings", share=0.17),
            Column(name="Window", share=0.16),
        ),
        [sensor_row(one) for one in record["sensors"]],
    )  # fmt: skip
    for chart in document["charts"]:
        paper.drawing(WIDTH, CHART, Chart(chart, WIDTH, CHART).draw)
        paper.space(6)
    paper.heading("Alarms", key="alarms", size=9)
    paper.table(
        (
            Column(name="Sensor", share=0.2, look="bold"), Column(name="Alarm", share=0.22),
            Column(name="From and to", share=0.3), Column(name="Seen by", share=0.28),
        ),
        [
            (
                one["sensor"],
                [
                    (f"{word(one['cause'])}", TONES.get(one["severity"], "")),
                    (f"limit {one['limit'] or '—'}, reached {one['extreme'] or '—'}", ""),
                ],
                f"{shown_time(one['since'])} to {shown_time(one['cleared_at'])}",
                f"{one['acknowledged_by'] or '—'}, {shown_time(one['acknowledged_at'])}"
                f" {one['comment']}",
            )
            for one in record["alarms"]
        ],
    )  # fmt: skip


def sensor_row(one: Document) -> Sequence[Cell]:
    """Return what a sensor showed as a row."""
    summary, limits = one["summary"] or {}, one["limits"] or {}
    gaps = len(summary.get("gaps", ()))
    outside = [
        f"{round_half_up(Decimal(summary[name]), 1)} s {words}"
        for name, words in (("seconds_above", "above"), ("seconds_below", "below"))
        if summary.get(name) not in (None, "0", "")
    ]
    return (
        [(one["sensor"], "bold"), (f"{one['name']}, {unit_label(one['unit'])}", "faint")],
        f"{summary.get('low') or '—'}, {summary.get('mean') or '—'}, {summary.get('high') or '—'}",
        [
            (f"warning {limits.get('warn_low') or '—'} to {limits.get('warn_high') or '—'}", ""),
            (f"stop {limits.get('critical_low') or '—'} to {limits.get('critical_high') or '—'}", ""),
        ],
        [
            (f"{summary.get('usable', 0)} good, {summary.get('bad', 0)} bad", ""),
            (f"{gaps} gaps", "attention" if gaps else "faint"),
            *[(told, "stop") for told in outside],
        ],
        f"{shown_time(one['from'])} to {shown_time(one['to'])}",
    )  # fmt: skip


def findings(paper: Paper, record: Document) -> None:
    """Set exceptions, deviations, reviews and the disposition."""
    paper.heading("Exceptions", key="exceptions")
    paper.table(
        (
            Column(name="Kind", share=0.15), Column(name="Step", share=0.07, look="bold"),
            Column(name="What", share=0.36), Column(name="Decision", share=0.42),
        ),
        [
            (
                [(one["severity"], TONES.get(one["severity"], "")), (word(one["kind"]), "")],
                one["step"] or "",
                [
                    (one["detail"], ""),
                    (f"{one['raised_by'] or ''}, {shown_time(one['raised_at'])}", "faint"),
                ],
                exception_end(one),
            )
            for one in record["exceptions"]
        ],
    )  # fmt: skip
    paper.heading("Deviations", key="deviations")
    paper.table(
        (
            Column(name="Number", share=0.14), Column(name="What", share=0.34),
            Column(name="Investigation and decision", share=0.52),
        ),
        [
            (deviation_head(one), deviation_story(one), deviation_end(one))
            for one in record["deviations"]
        ],
    )  # fmt: skip
    paper.heading("Reviews and disposition", key="disposition")
    paper.table(
        (
            Column(name="What", share=0.2, look="bold"), Column(name="By", share=0.4),
            Column(name="Words", share=0.4),
        ),
        decisions(record),
    )  # fmt: skip


def exception_end(one: Document) -> list[Piece]:
    """Return who looked at an exception, and what was decided."""
    opened = f"opened by {one['opened_by'] or '—'}, {shown_time(one['opened_at'])}"
    decided = f"decided by {one['reviewed_by'] or '—'}, {shown_time(one['reviewed_at'])}"
    state = word(one["state"]) + (f", {one['deviation']}" if one["deviation"] else "")
    return [(state, "bold"), (one["comment"], ""), (opened, "faint"), (decided, "faint")]


def deviation_head(one: Document) -> list[Piece]:
    """Return the number, class and state of a deviation."""
    is_critical = one["classification"] == "critical"
    return [
        (one["number"], "bold"),
        (word(one["classification"]), "stop" if is_critical else "attention"),
        (word(one["state"]), ""),
    ]


def deviation_story(one: Document) -> list[Piece]:
    """Return what happened."""
    reported = f"{one['reported_by'] or ''}, {shown_time(one['reported_at'])}"
    return [(one["title"], "bold"), (one["description"], ""), (reported, "faint")]


def deviation_end(one: Document) -> list[Piece]:
    """Return what was found and decided."""
    return [
        (f"Cause: {one['cause'] or '—'}", ""),
        (f"Other batches: {one['impact_on_other_batches'] or '—'}", ""),
        (f"Decision: {one['decision'] or '—'}", ""),
        (f"Closed by {one['closed_by'] or '—'}, {shown_time(one['closed_at'])}", "faint"),
    ]


def decisions(record: Document) -> Iterator[Sequence[Cell]]:
    """Yield the reviews and the disposition as rows."""
    for one in record["reviews"]:
        who = f"{one['reviewed_by']}, {shown_time(one['reviewed_at'])}"
        yield f"Review, {word(one['kind'])}", who, one["comment"] or "—"
    decided = record["disposition"]
    if decided is not None:
        who = f"{decided['decided_by']}, {shown_time(decided['decided_at'])}"
        yield f"Disposition: {word(decided['decision'])}", who, decided["reason"] or "—"


def signatures(paper: Paper, record: Document) -> None:
    """Set every signature with printed name, meaning, time and zone (21 CFR 11.50)."""
    paper.heading("Signatures", key="signatures")
    paper.table(
        (
            Column(name="On", share=0.2, look="bold"), Column(name="Signature", share=0.38),
            Column(name="User ID", share=0.12), Column(name="Digest and key", share=0.3),
        ),
        [
            (
                subject,
                signature_pieces(one)[:2] + ([(one["reason"], "")] if one["reason"] else []),
                one["username"],
                [
                    (one["statement_digest"][:32], "mono"),
                    (f"key {one['key_id']}", "mono"),
                ],
            )
            for subject, one in signed(record)
        ],
    )  # fmt: skip


def signed(record: Document) -> Iterator[tuple[str, Document]]:
    """Yield every signature of the record with what it is on."""
    for one in record["batch"]["signatures"]:
        yield f"Batch {record['batch']['number']}", one
    for step in record["steps"]:
        for one in step["signatures"]:
            yield f"Step {step['code']}", one
    for amendment in record.get("amendments", ()):
        for one in amendment["signatures"]:
            yield f"Amendment {amendment['number']}", one
    for deviation in record["deviations"]:
        for one in deviation["signatures"]:
            yield f"Deviation {deviation['number']}", one
    for review in record["reviews"]:
        for one in review["signatures"]:
            yield f"Review, {word(review['kind'])}", one
    if record["disposition"] is not None:
        for one in record["disposition"]["signatures"]:
            yield "Disposition", one


def audit_trail(paper: Paper, document: Document) -> None:
    """Set every entry of the batch's ledger: who, when, what, from what to what, why."""
    paper.heading("Audit trail", key="trail")
    paper.table(
        (
            Column(name="No.", share=0.05, look="bold"), Column(name="Recorded, by", share=0.21),
            Column(name="What", share=0.15), Column(name="From and to", share=0.47),
            Column(name="Hash", share=0.12, look="mono"),
        ),
        (entry_row(one) for one in document["ledger"]["entries"]),
    )  # fmt: skip


def entry_row(one: Document) -> Sequence[Cell]:
    """Return an entry of the ledger as a row."""
    entry = one["entry"]
    subject = entry["subject"]
    return (
        str(one["seq"]),
        [
            (shown_time(one["recorded_at"]), ""),
            (f"{entry['by']['name']} ({entry['by']['username']})", ""),
            (entry["origin"], "faint"),
        ],
        [(word(entry["verb"]), "bold"), (f"{subject['type']} {subject['id']}", "faint")],
        changes_in(entry),
        one["hash"][:16],
    )
