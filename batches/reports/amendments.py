"""Amendments on paper: what was asked for, from which values to which, and who decided that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batches.reports.paper import Cell, Column, Paper, Piece
from batches.reports.words import shown_time, signature_pieces, word
from batches.rules.amendments import Change, lines_of, words_of_change

LOOKS: Mapping[str, Any] = {"approved": "good", "rejected": "stop", "proposed": "attention"}


def amendments(paper: Paper, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set every amendment with its difference; the frozen copy itself is never changed."""
    if not rows:
        return
    paper.heading("Amendments", key="amendments")
    paper.table(
        (
            Column(name="No.", share=0.07, look="bold"),
            Column(name="What reads otherwise, old and new", share=0.4),
            Column(name="Why, and by whom", share=0.25),
            Column(name="Decided", share=0.28),
        ),
        [_row(one) for one in rows],
    )


def _row(one: Mapping[str, Any]) -> Sequence[Cell]:
    change = Change(what=one["what"], place=one["place"], before=one["before"], after=one["after"])
    said: list[Piece] = [(words_of_change(change), "bold")]
    for line in lines_of(change):
        said.append((line.label, "faint"))
        said += [(line.old, "struck")] if line.old else []
        said += [(line.new, "")] if line.new else []
    decision = one["decision"]
    decided: list[Piece] = [(word(one["state"]), LOOKS.get(one["state"], "faint"))]
    if decision is not None:
        at = shown_time(decision["decided_at"])
        decided.append((f"{decision['decided_by']}, {at}", ""))
        decided += [(decision["reason"], "")] if decision["reason"] else []
        decided += [(decision["effective_digest"], "mono")] if decision["effective_digest"] else []
    decided += [piece for each in one["signatures"] for piece in signature_pieces(each)]
    return (
        one["number"],
        said,
        [(one["reason"], ""), (f"{one['written_by']}, {shown_time(one['written_at'])}", "faint")],
        decided,
    )
