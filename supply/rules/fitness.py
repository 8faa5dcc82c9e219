"""Whether a unit of equipment may be used now: every reason against it, each in its own words.

21 CFR 11.10(h) (device checks), 211.188(b)(2) (identification of equipment in the record) and
211.67 (cleaning) are requirements P11-10 and CGMP-06; IEC 61512-1 gives a unit to one batch at a
time (S88-04). One function answers, so that a scan and a weighing can never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

# So long before its end, a calibration is said to be due.
DUE_WITHIN_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit as the question sees it.

    ``clean_until`` and ``checked_until`` are the moments up to which its cleaning and its daily
    check hold, ``check_hours`` how long a check holds (None: its class asks for none), ``held_by``
    the number of the batch that holds it, ``reserved_for`` of the one that has it to itself now,
    until ``reserved_until``.
    """

    name: str
    equipment_class: str
    state: str
    is_qualified: bool
    calibration_due_on: date | None
    is_calibration_failed: bool
    clean_until: datetime | None
    check_hours: int | None
    checked_until: datetime | None
    held_by: str | None
    reserved_for: str | None = None
    reserved_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a unit is wanted for: the class, the batch ("" for none), and the moment."""

    scanned: str
    equipment_class: str
    used_in: str
    at: datetime
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason against a use: a word for programs and a sentence for people."""

    code: str
    words: str


def reasons_against_use(unit: Unit | None, wanted: Wanted) -> list[Reason]:
    """Return every reason why a unit may not be used now, the plainest first; none: it is fit.

    A batch that holds a unit goes on with it: what its own use made of the unit (in use, no
    longer clean) does not stop it. A calibration that ended meanwhile does.

    Args:
        unit: None when the site has none of the code that was scanned.
    """
    if unit is None:
        return [Reason(code="unknown", words=f"Equipment {wanted.scanned} is not known here.")]
    found = []
    if unit.equipment_class != wanted.equipment_class:
        words = f"{unit.name} is no {wanted.equipment_class}."
        found.append(Reason(code="wrong_class", words=words))
    is_own = unit.held_by is not None and unit.held_by == wanted.used_in
    if not is_own:
        found += _reasons_of_state(unit, wanted.at)
        found += _reasons_of_reservation(unit, wanted.used_in)
    if not unit.is_qualified:
        found.append(Reason(code="not_qualified", words=f"{unit.name} is not qualified."))
    found += _reasons_of_calibration(unit, wanted.on)
    if is_check_due(unit.check_hours, unit.checked_until, wanted.at):
        found.append(Reason(code="check_due", words=f"The daily check of {unit.name} is due."))
    return found


def _reasons_of_state(unit: Unit, at: datetime) -> list[Reason]:
    if unit.held_by is not None:
        words = f"{unit.name} is held by batch {unit.held_by} until that ends."
        return [Reason(code="in_use", words=words)]
    if unit.state != "ready":
        words = f"{unit.name} is {unit.state.replace('_', ' ')}."
        return [Reason(code=unit.state, words=words)]
    if is_over(unit.clean_until, at):
        words = f"{unit.name} has stood clean for too long: it is cleaned again before use."
        return [Reason(code="clean_hold_over", words=words)]
    return []


def _reasons_of_reservation(unit: Unit, used_in: str) -> list[Reason]:
    if unit.reserved_for is None or unit.reserved_until is None or unit.reserved_for == used_in:
        return []
    until = unit.reserved_until.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    words = f"{unit.name} is reserved for batch {unit.reserved_for} until {until}."
    return [Reason(code="reserved", words=words)]


def _reasons_of_calibration(unit: Unit, on: date) -> list[Reason]:
    if unit.is_calibration_failed:
        words = f"{unit.name} failed its last calibration."
        return [Reason(code="calibration_failed", words=words)]
    if calibration_standing(unit.calibration_due_on, on) == "overdue":
        words = f"The calibration of {unit.name} expired on {unit.calibration_due_on}."
        return [Reason(code="calibration_expired", words=words)]
    return []


def is_over(until: datetime | None, at: datetime) -> bool:
    """Say whether a time that was given is over: at its very end it is."""
    return until is not None and until <= at


def is_check_due(check_hours: int | None, checked_until: datetime | None, at: datetime) -> bool:
    """Say whether a unit must be checked before its next use."""
    return check_hours is not None and (checked_until is None or checked_until <= at)


def calibration_standing(due_on: date | None, on: date) -> str:
    """Return how a calibration stands: "calibrated", "due" within 30 days, "overdue", "" for none.

    It holds through its last day.
    """
    if due_on is None:
        return ""
    days = (due_on - on).days
    if days < 0:
        return "overdue"
    return "due" if days <= DUE_WITHIN_DAYS else "calibrated"


def is_within_tolerance(shown: Decimal, check_weight: Decimal, tolerance: Decimal) -> bool:
    """Say whether a scale shows its check weight, to the tolerance; all in the unit of the scale."""
    return abs(shown - check_weight) <= tolerance
