"""Whether a unit may be used: each reason alone, all of them together, and the edges of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from supply.rules.fitness import (
    Unit,
    Wanted,
    calibration_standing,
    is_within_tolerance,
    reasons_against_use,
)

AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
WANTED = Wanted(scanned="BAL-1", equipment_class="BALANCE", used_in="B-1", at=AT, on=AT.date())


def unit(**changes: Any) -> Unit:
    facts: dict[str, Any] = {
        "name": "Balance 1", "equipment_class": "BALANCE", "state": "ready", "is_qualified": True,
        "calibration_due_on": AT.date(), "is_calibration_failed": False,
        "clean_until": AT + timedelta(seconds=1), "check_hours": 24,
        "checked_until": AT + timedelta(seconds=1), "held_by": None, **changes,
    }  # fmt: skip
    return Unit(**facts)


def test_a_unit_that_is_fit_to_the_last_moment_has_no_reason_against_it() -> None:
    assert reasons_against_use(unit(), WANTED) == []


@pytest.mark.requirement("P11-10", "CGMP-06")
@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"equipment_class": "OVEN"}, "wrong_class", "Balance 1 is no BALANCE."),
        ({"state": "out_of_service"}, "out_of_service", "Balance 1 is out of service."),
        ({"state": "dirty"}, "dirty", "Balance 1 is dirty."),
        ({"state": "cleaning"}, "cleaning", "Balance 1 is cleaning."),
        (
            {"clean_until": AT},
            "clean_hold_over",
            "Balance 1 has stood clean for too long: it is cleaned again before use.",
        ),
        (
            {"state": "in_use", "held_by": "B-2"},
            "in_use",
            "Balance 1 is held by batch B-2 until that ends.",
        ),
        ({"is_qualified": False}, "not_qualified", "Balance 1 is not qualified."),
        (
            {"calibration_due_on": date(2027, 2, 28)},
            "calibration_expired",
            "The calibration of Balance 1 expired on 2027-02-28.",
        ),
        (
            {"is_calibration_failed": True},
            "calibration_failed",
            "Balance 1 failed its last calibration.",
        ),
        ({"checked_until": AT}, "check_due", "The daily check of Balance 1 is due."),
        ({"checked_until": None}, "check_due", "The daily check of Balance 1 is due."),
    ],
)
def test_each_reason_is_told_by_name(changes: dict[str, Any], code: str, words: str) -> None:
    assert [(one.code, one.words) for one in reasons_against_use(unit(**changes), WANTED)] == [
        (code, words)
    ]


@pytest.mark.requirement("P11-10")
def test_a_unit_that_nobody_knows_is_refused_by_its_code() -> None:
    [reason] = reasons_against_use(None, WANTED)
    assert (reason.code, reason.words) == ("unknown", "Equipment BAL-1 is not known here.")


def test_every_reason_is_told_at_once() -> None:
    worn = unit(
        state="dirty", is_qualified=False, calibration_due_on=date(2020, 1, 1), checked_until=None
    )
    assert [one.code for one in reasons_against_use(worn, WANTED)] == [
        "dirty", "not_qualified", "calibration_expired", "check_due",
    ]  # fmt: skip


def test_a_batch_goes_on_with_the_unit_it_holds_but_not_past_its_calibration() -> None:
    own = {"state": "in_use", "held_by": "B-1", "clean_until": AT}
    assert reasons_against_use(unit(**own), WANTED) == []
    late = unit(**own, calibration_due_on=date(2027, 2, 28))
    assert [one.code for one in reasons_against_use(late, WANTED)] == ["calibration_expired"]


def test_a_unit_that_no_batch_asks_for_is_nobodys_own() -> None:
    nobody = Wanted(scanned="X", equipment_class="BALANCE", used_in="", at=AT, on=AT.date())
    assert [one.code for one in reasons_against_use(unit(state="dirty"), nobody)] == ["dirty"]


@pytest.mark.requirement("P11-10")
@pytest.mark.parametrize(
    ("due_on", "standing"),
    [
        (None, ""),
        (date(2027, 2, 28), "overdue"),
        (date(2027, 3, 1), "due"),
        (date(2027, 3, 31), "due"),
        (date(2027, 4, 1), "calibrated"),
    ],
)
def test_a_calibration_is_due_thirty_days_before_it_ends(due_on: date, standing: str) -> None:
    assert calibration_standing(due_on, AT.date()) == standing


@pytest.mark.parametrize(
    ("shown", "is_within"),
    [("100.05", True), ("99.95", True), ("100.0500", True), ("100.051", False), ("99.94", False)],
)
def test_a_scale_is_within_tolerance_at_its_edge(shown: str, is_within: bool) -> None:
    assert is_within_tolerance(Decimal(shown), Decimal("100"), Decimal("0.05")) is is_within
