"""Where a piece of equipment belongs: the levels of IEC 61512-1, and what may be part of what."""

from __future__ import annotations

from collections.abc import Sequence

# From the widest to the narrowest; a site is above them all, and has records of its own.
LEVELS = ("area", "process_cell", "unit", "equipment_module", "control_module")


def reasons_against_part(
    code: str, level: str, above: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Return why a piece may not become part of another: (code, words); none: it may.

    A module may hold a module of its own level (IEC 61512-1: modules within modules); nothing
    holds what is wider than itself, and nothing is part of itself.

    Args:
        above: code and level of what is to hold it, and of everything that holds that.
    """
    if code in [one for one, _ in above]:
        return [("cycle", f"{code} would be part of itself.")]
    holder, widest = above[0]
    is_module = level.endswith("_module")
    if LEVELS.index(level) < LEVELS.index(widest) or (level == widest and not is_module):
        told, by = level.replace("_", " "), widest.replace("_", " ")
        return [("level", f"A {told} is no part of {holder}, which is a {by}.")]
    return []
