"""Chapters of the printed record on what was used: materials, weighings, equipment, custody, holds."""

from __future__ import annotations

from typing import Any

from batches.reports.paper import Column, Paper
from batches.reports.words import amount, shown_day, shown_time, word
from kernel.quantities import unit_label

Document = dict[str, Any]


def supplies(paper: Paper, record: Document) -> None:
    """Set materials, equipment, the patient's material and the holds."""
    who = Column(name="Who and when", share=0.3)
    paper.heading("Materials", key="materials")
    paper.table(
        (
            Column(name="Step", share=0.08, look="bold"), Column(name="Material", share=0.27),
            Column(name="Lot and expiry", share=0.22), Column(name="Quantity", share=0.13), who,
        ),
        [
            (
                one["step"], f"{one.get('material') or ''} {one.get('name') or ''}",
                [
                    (str(one.get("lot") or one["scanned"]), ""),
                    (shown_day(one.get("expires_on")), "faint"),
                ],
                amount(one["quantity"], one["unit"]) + ("" if one["is_match"] else " (refused)"),
                by_and_at(one),
            )
            for one in record["materials"]
        ],
    )  # fmt: skip
    if "weighings" in record:
        weighings(paper, record)
    if "yields" in record:
        yields(paper, record)
    if "changeover" in record:
        changeover(paper, record)
    paper.heading("Equipment", key="equipment")
    paper.table(
        (
            Column(name="Step", share=0.08, look="bold"), Column(name="Equipment", share=0.36),
            Column(name="Calibration due", share=0.26), who,
        ),
        [
            (
                one["step"],
                f"{one.get('equipment') or one['scanned']}, {one.get('name') or ''}"
                + ("" if one["is_match"] else " (refused)"),
                shown_day(one.get("calibration_due_on")),
                by_and_at(one),
            )
            for one in record["equipment"]
        ],
    )  # fmt: skip
    custody(paper, record)


def changeover(paper: Paper, record: Document) -> None:
    """Set how the room was cleared before the batch: who did each point, and both signers."""
    paper.heading("Changeover of the room before this batch", key="changeover", size=9)
    for one in record["changeover"]:
        paper.text(
            f"{one['room']} after {one['after']}, plan {one['plan']}: done by"
            f" {one['performed_by']}, verified by {one['checked_by']}, {shown_time(one['done_at'])}"
        )
        paper.table(
            (Column(name="Point", share=0.64), Column(name="Who and when", share=0.36)),
            [
                (point["text"], f"{point['by']}, {shown_time(point['at'])}")
                for point in one["points"]
            ],
        )


def yields(paper: Paper, record: Document) -> None:
    """Set what was found at each stage beside what was expected (21 CFR 211.188(b)(7))."""
    paper.heading("Yields", key="yields", size=9)
    paper.table(
        (
            Column(name="Step", share=0.08, look="bold"), Column(name="Stage", share=0.26),
            Column(name="Expected", share=0.15), Column(name="Found", share=0.15),
            Column(name="Percent and limits", share=0.16), Column(name="When", share=0.2),
        ),
        [
            (
                one["step"], one["label"], amount(one["expected"], one["unit"]),
                amount(one["actual"], one["unit"]),
                [
                    (f"{one['percent']} %", "bold" if one["is_within"] else "stop"),
                    (f"{one['low'] or '—'} to {one['high'] or '—'} %", "faint"),
                ],
                f"computed, {shown_time(one['at'])}",
            )
            for one in record["yields"]
        ],
    )  # fmt: skip


def weighings(paper: Paper, record: Document) -> None:
    """Set every container that was weighed: out of which lot, on which scale (21 CFR 211.188(b)(4))."""
    paper.heading("Weighings", key="weighings", size=9)
    paper.table(
        (
            Column(name="Container", share=0.13, look="bold"), Column(name="Lot", share=0.2),
            Column(name="Scale, calibration due", share=0.17),
            Column(name="Empty, full, net", share=0.24), Column(name="Who and when", share=0.26),
        ),
        [
            (
                [(one["container"], "bold"), (word(one["state"]), "faint")],
                [(one["lot"], ""), (potency_of(one), "faint")],
                [(one["scale"], ""), (shown_day(one["calibration_due_on"]), "faint")],
                [
                    (f"{one['tare']}, {one['gross'] or '—'} {unit_label(one['unit'])}", ""),
                    (f"{one['net'] or '—'} {unit_label(one['unit'])}", "bold"),
                    (typed_of(one), "attention"),
                ],
                [
                    (f"{one['tared_by']}, {shown_time(one['tared_at'])}", ""),
                    (f"{one['weighed_by'] or '—'}, {shown_time(one['weighed_at'])}", ""),
                ],
            )
            for one in record["weighings"]
        ],
    )  # fmt: skip


def potency_of(one: Document) -> str:
    """Return the potency of the lot of a container, where its certificate states one."""
    return f"potency {one['potency']} %" if one["potency"] else ""


def typed_of(one: Document) -> str:
    """Return that a weight was typed, and why, where the scale did not tell it."""
    is_typed = "keyed" in (one["tare_source"], one["gross_source"])
    return f"typed: {one['reason']}" if is_typed else ""


def custody(paper: Paper, record: Document) -> None:
    """Set who held the patient's material, what was scanned, and what stopped the work."""
    who = Column(name="Who and when", share=0.3)
    paper.heading("The patient's material: collection and custody", key="custody")
    for one in record["collections"]:
        bags = ", ".join(
            f"{bag['code']}" + (f" ({bag['volume_ml']} mL)" if bag["volume_ml"] else "")
            for bag in one["bags"]
        )
        collected = shown_time(one["collected_at"])
        paper.text(f"Donation {one['donation_number']}, {one['site']}, {collected}: {bags}")
    paper.table(
        (
            Column(name="What", share=0.13), Column(name="Scanned", share=0.32),
            Column(name="Result", share=0.25), who,
        ),
        [
            (
                word(one["kind"]),
                one["scanned"] + (" (keyed)" if one["is_keyed"] else ""),
                [("match", "good")] if one["is_match"] else [("STOP", "stop"), (one["detail"], "")],
                f"{one['by']}, {one['site']}, {shown_time(one['at'])}",
            )
            for one in record["custody"]
        ],
    )  # fmt: skip
    paper.heading("Holds", key="holds")
    paper.table(
        (
            Column(name="Cause", share=0.14), Column(name="Why", share=0.26),
            Column(name="Placed", share=0.2), Column(name="Lifted", share=0.4),
        ),
        [
            (
                word(one["cause"]) + (f", {one['step']}" if "step" in one else ""), one["reason"],
                f"{one['placed_by']}, {shown_time(one['placed_at'])}",
                f"{one['lifted_by'] or ''}, {shown_time(one['lifted_at'])}: {one['lift_reason']}"
                if one["lifted_at"] else [("Open", "stop")],
            )
            for one in record["holds"]
        ],
    )  # fmt: skip


def by_and_at(one: Document) -> str:
    """Return who did something, and when."""
    return f"{one['by']}, {shown_time(one['at'])}"
