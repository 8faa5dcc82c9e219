"""Sequencing: which step may be done now (21 CFR 11.10(f): permitted sequencing of steps)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


def blocking(after: Sequence[str], complete: Collection[str]) -> list[str]:
    """Return the codes of the steps that must be complete before and are not, in recipe order."""
    return [code for code in after if code not in complete]


def openable(waiting: Mapping[str, Sequence[str]], complete: Collection[str]) -> list[str]:
    """Return which waiting steps may be opened now.

    Args:
        waiting: the waiting steps, each with the codes it comes after.
        complete: the codes of the steps that are complete.
    """
    return [code for code, after in waiting.items() if not blocking(after, complete)]
