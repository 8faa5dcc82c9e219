"""Certified copies: what is certified, in words, and how the copy is told from the original. Pure.

Source: requirement DI-04, after PI 041 (a true copy is verified and certified, its original kept).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CERTIFIED = "certified"
TITLE = "Certified true copy"
WORDS = "I compared this copy with the original that the record keeps: it is a true copy."
CERTIFIERS = ("qa", "qp")
# Whole records are copied when nothing of them is going to change.
DECIDED = ("released", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What is copied: its name, its bytes and their SHA-256, and how it is shown on paper.

    ``sort`` is ``image``, ``pdf``, ``csv`` or ``record``; ``printed`` is the record as a PDF.
    """

    name: str
    sort: str
    digest: str
    content: bytes
    captured_by: str
    captured_at: datetime | None
    printed: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Who certifies what, when: the words of the first page."""

    batch: str
    number: int
    original: Original
    certified_by: str
    username: str
    certified_at: datetime
    statement_digest: str

    @property
    def code(self) -> str:
        """The number of the copy as people read it: B-000012-C1."""
        return f"{self.batch}-C{self.number}"
