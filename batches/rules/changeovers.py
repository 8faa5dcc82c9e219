"""Changeovers of a room: how long it stood between the last step of a batch and the next one's first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A batch as a room saw it: when its first step began and its last was over (None: not yet)."""

    number: str
    therapy: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeover:
    """Two batches after each other in one room, and the time between them."""

    before: Made
    after: Made
    lasted: timedelta

    @property
    def is_other_therapy(self) -> bool:
        """Say whether the room was switched to another therapy; the patient is another always."""
        return self.before.therapy != self.after.therapy


def changeovers_between(made: Iterable[Made]) -> list[Changeover]:
    """Return the changeovers between the batches of one room, the last first."""
    ordered = sorted(made, key=lambda one: one.began_at)
    found = [
        Changeover(before=before, after=after, lasted=after.began_at - before.ended_at)
        for before, after in pairwise(ordered)
        if before.ended_at is not None
    ]
    return found[::-1]


def median_of(changeovers: Sequence[Changeover]) -> timedelta | None:
    """Return the middle of how long they lasted; of an even number, between the middle two."""
    if not changeovers:
        return None
    ordered = sorted(one.lasted for one in changeovers)
    upper = len(ordered) // 2
    lower = upper if len(ordered) % 2 else upper - 1
    return (ordered[lower] + ordered[upper]) / 2
