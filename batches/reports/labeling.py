"""Replaced labels on paper: which is void, which took its place, why, and who did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batches.reports.paper import Column, Paper
from batches.reports.words import shown_time


def replaced_labels(paper: Paper, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set every label that was replaced; nothing where there are none."""
    if not rows:
        return
    paper.heading("Labels that were replaced", key="labels")
    paper.table(
        (
            Column(name="Step", share=0.08, look="bold"),
            Column(name="Void, and new", share=0.32),
            Column(name="Why", share=0.3),
            Column(name="Two people, and when", share=0.3),
        ),
        [
            (
                one["step"],
                [(f"{one['void']}, {one['fate']}", "struck"), (one["new"], "bold")],
                one["reason"],
                f"{one['by']} and {one['witnessed_by']}, {shown_time(one['at'])}",
            )
            for one in rows
        ],
    )
