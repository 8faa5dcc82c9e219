"""What the third floor tells the floors above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionEffective(Event):
    """A version of a recipe is in force from now on; the former one is superseded."""

    kind: ClassVar[str] = "recipe.effective"
    public: ClassVar[tuple[str, ...]] = ("recipe", "number", "therapy", "document_digest")

    version_id: int
    recipe: str
    number: int
    therapy: str
    document_digest: str
