"""Alternatives and loops on paper: what the software decided, with the condition filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batches.reports.paper import Column, Paper
from batches.reports.words import amount, shown_time, word


def branches(paper: Paper, decided: Sequence[Mapping[str, Any]]) -> None:
    """Set which alternatives were carried out, and how often what was repeated."""
    if not decided:
        return
    paper.heading("Alternatives and loops", key="branches")
    paper.table(
        (
            Column(name="Part", share=0.28, look="bold"),
            Column(name="Condition and values", share=0.34),
            Column(name="Decided by the software", share=0.38),
        ),
        [
            (
                f"{one['code']} {one['title']}",
                [
                    (one["formula"], ""),
                    *(
                        (f"{used['name']} = {amount(used['value'], used['unit'])}", "faint")
                        for used in one["used"]
                    ),
                ],
                (f"Round {one['round']}: " if one["kind"] == "until" else "")
                + f"{word(one['outcome'])}, {shown_time(one['decided_at'])}",
            )
            for one in decided
        ],
    )
