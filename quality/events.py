"""What the quality floor tells the feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviationMoved(Event):
    """A deviation was opened, went on, or was closed."""

    kind: ClassVar[str] = "deviation.moved"
    public: ClassVar[tuple[str, ...]] = ("deviation", "batch", "classification", "state")

    deviation: str
    batch: str | None
    classification: str
    state: str
