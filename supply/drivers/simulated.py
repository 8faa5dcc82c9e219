"""A scale that is none, for the demo, rehearsals and tests: it shows what was laid on it."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from kernel.quantities import round_half_up
from supply.rules.mtsics import Shown, shown_in

# What the next readings answer, line by line, by the name of the line: how tests script it.
_script: dict[str, deque[bytes]] = {}


def script(line: str, *answers: bytes) -> None:
    """Let a simulated scale answer these lines, one after the other, and then as usual again."""
    _script[line] = deque(answers)


def read(line: str, *, unit: str, places: int, load: Decimal | None) -> Shown:
    """Return what lies on a simulated scale, to the decimals that it shows.

    Raises:
        Conflict: its script says so.
    """
    answers = _script.get(line)
    if answers:
        return shown_in(answers.popleft())
    return Shown(value=round_half_up(load or Decimal(0), places), unit=unit)
