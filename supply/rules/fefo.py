"""First expiry, first out: which lots to take from (requirement 20.10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A lot as the choice sees it; ``available`` is what nobody else has reserved."""

    id: int
    number: str
    is_approved: bool
    expires_on: date
    received_at: datetime
    available: Decimal
    retest_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How much is taken from one lot."""

    lot_id: int
    quantity: Decimal


def usable_lots(lots: Iterable[Candidate], *, until: date, today: date) -> list[Candidate]:
    """Return the lots that may be used, the one to use first at the head.

    Args:
        until: the last day on which the material is needed; a lot expires after it.
        today: the day on which a retest must still be ahead.
    """
    usable = (
        lot
        for lot in lots
        if lot.is_approved
        and lot.available > 0
        and lot.expires_on > until
        and (lot.retest_on is None or lot.retest_on > today)
    )
    return sorted(usable, key=lambda lot: (lot.expires_on, lot.received_at, lot.id))


def taken_from(usable: Iterable[Candidate], needed: Decimal) -> tuple[Taken, ...]:
    """Return what to take from each lot, in order, until ``needed`` is met or they are empty."""
    taken = []
    left = needed
    for lot in usable:
        if left <= 0:
            break
        share = min(lot.available, left)
        taken.append(Taken(lot_id=lot.id, quantity=share))
        left -= share
    return tuple(taken)


def skipped_lots(usable: Iterable[Candidate], chosen: int) -> tuple[str, ...]:
    """Return the numbers of the lots that should be used before ``chosen``; each needs a reason."""
    skipped: list[str] = []
    for lot in usable:
        if lot.id == chosen:
            return tuple(skipped)
        skipped.append(lot.number)
    return ()
