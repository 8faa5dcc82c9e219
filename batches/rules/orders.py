"""What is wrong with an order, in words, each fault with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from kernel.errors import FieldError

# A clock of a hospital may run a little ahead of ours.
AHEAD = timedelta(minutes=5)
OLDEST_YEARS = 130
HEAVIEST_KG, TALLEST_CM = Decimal(500), Decimal(280)
LONGEST_WINDOW = timedelta(days=366)
SEXES = ("female", "male", "other", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOrder:
    """What a hospital asks for: the patient's data go to the vault, the rest to the order."""

    external_id: str
    therapy: str
    identifiers: tuple[tuple[str, str], ...]
    family_name: str
    given_name: str
    birth_date: date
    sex: str
    weight_kg: Decimal
    height_cm: Decimal
    collection_planned_at: datetime | None
    administer_from: date
    administer_to: date
    prescriber_identifier: str
    prescriber_name: str
    consent_reference: str
    consent_signed_at: datetime


def faults_of(wanted: WantedOrder, *, at: datetime, is_autologous: bool) -> tuple[FieldError, ...]:
    """Return every fault of an order that shows without looking at other records.

    Args:
        at: the time of asking.
        is_autologous: the patient's own material is needed, so its collection must be planned.
    """
    return (
        *_faults_of_patient(wanted, at.date()),
        *_faults_of_times(wanted, at, is_autologous),
    )


def _faults_of_patient(wanted: WantedOrder, today: date) -> list[FieldError]:
    found = []
    if len(set(wanted.identifiers)) != len(wanted.identifiers):
        found.append(_fault("/patient/identifiers", "twice", "An identifier stands twice."))
    if wanted.birth_date > today:
        found.append(_fault("/patient/birth_date", "future", "The birth date is in the future."))
    elif wanted.birth_date.year < today.year - OLDEST_YEARS:
        found.append(_fault("/patient/birth_date", "range", "Nobody alive is that old."))
    for pointer, value, most, unit in (
        ("/patient/weight_kg", wanted.weight_kg, HEAVIEST_KG, "kg"),
        ("/patient/height_cm", wanted.height_cm, TALLEST_CM, "cm"),
    ):
        if not 0 < value <= most:
            found.append(_fault(pointer, "range", f"Must be above 0 and at most {most} {unit}."))
        elif value != round(value, 2):
            found.append(_fault(pointer, "decimals", "At most two decimals."))
    return found


def _faults_of_times(wanted: WantedOrder, at: datetime, is_autologous: bool) -> list[FieldError]:
    found = []
    planned, window = wanted.collection_planned_at, "/administration_window"
    if planned is None and is_autologous:
        found.append(
            _fault("/collection", "required", "This therapy needs the patient's own material.")
        )
    if planned is not None and planned < at - timedelta(days=1):
        found.append(_fault("/collection/planned_at", "past", "The collection is in the past."))
    if wanted.administer_from > wanted.administer_to:
        found.append(_fault(f"{window}/to", "order", "The window ends before it begins."))
    elif wanted.administer_to - wanted.administer_from > LONGEST_WINDOW:
        found.append(_fault(f"{window}/to", "range", "The window is longer than a year."))
    if wanted.administer_to < at.date():
        found.append(_fault(f"{window}/to", "past", "The window is over."))
    elif planned is not None and planned.date() > wanted.administer_to:
        found.append(
            _fault("/collection/planned_at", "order", "The collection is after the window.")
        )
    if wanted.consent_signed_at > at + AHEAD:
        found.append(_fault("/consent/signed_at", "future", "The consent is in the future."))
    elif wanted.consent_signed_at.date() < wanted.birth_date:
        found.append(_fault("/consent/signed_at", "order", "The consent is before the birth."))
    return found


def _fault(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
