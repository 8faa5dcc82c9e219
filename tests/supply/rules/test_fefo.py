"""First expiry, first out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from supply.rules.fefo import Candidate, Taken, skipped_lots, taken_from, usable_lots

TODAY = date(2026, 1, 10)


def lot(number: int, expires: str, available: str, *, received: int = 1) -> Candidate:
    return Candidate(
        id=number,
        number=f"L{number}",
        is_approved=True,
        expires_on=date.fromisoformat(expires),
        received_at=datetime(2026, 1, received, tzinfo=UTC),
        available=Decimal(available),
    )


LOTS = [
    lot(1, "2026-05-01", "3"),
    lot(2, "2026-04-01", "2"),
    replace(lot(3, "2026-03-01", "9"), is_approved=False),
    lot(4, "2026-04-01", "5", received=2),
]


@pytest.mark.requirement("CGMP-22")
def test_the_published_choice_is_made() -> None:
    usable = usable_lots(LOTS, until=TODAY, today=TODAY)
    assert [one.number for one in usable] == ["L2", "L4", "L1"]
    assert taken_from(usable, Decimal(4)) == (
        Taken(lot_id=2, quantity=Decimal(2)),
        Taken(lot_id=4, quantity=Decimal(2)),
    )


@pytest.mark.requirement("CGMP-22")
def test_a_lot_that_expires_too_soon_is_empty_or_due_for_retest_is_left_out() -> None:
    first = lot(1, "2026-05-01", "3")
    left_out = [
        replace(first, expires_on=TODAY),
        replace(first, available=Decimal(0)),
        replace(first, retest_on=TODAY),
    ]
    assert usable_lots(left_out, until=TODAY, today=TODAY) == []
    fit = replace(first, retest_on=date(2026, 1, 11))
    assert usable_lots([fit], until=TODAY, today=TODAY) == [fit]


@pytest.mark.requirement("CGMP-22")
def test_the_lots_passed_over_are_named() -> None:
    usable = usable_lots(LOTS, until=TODAY, today=TODAY)
    assert skipped_lots(usable, 1) == ("L2", "L4")
    assert skipped_lots(usable, 2) == ()


def test_no_more_is_taken_than_there_is() -> None:
    usable = usable_lots(LOTS, until=TODAY, today=TODAY)
    assert sum(one.quantity for one in taken_from(usable, Decimal(99))) == 10
    assert taken_from(usable, Decimal(0)) == ()
