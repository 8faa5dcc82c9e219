"""Reservations: a unit is kept for a batch ahead of time, and given back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from audit.acts import Act, command, record
from audit.permissions import holds, require, sites_of
from kernel.errors import Conflict, Invalid, NotFound
from supply.commands.service import unit_for_update
from supply.models import Equipment, Reservation
from supply.states import RESERVATION

RESERVERS = ("planner", "qa")
LONGEST = timedelta(days=366)
BATCH_NUMBER = re.compile(r"B-[0-9]{6,12}")


@command
def reserve_unit(
    *,
    code: str,
    batch: str,
    begins_at: datetime,
    ends_at: datetime,
    is_shared: bool = False,
    act: Act,
) -> Reservation:
    """Reserve a unit for a batch from one moment to another.

    Args:
        is_shared: others may reserve it for the same time; only of a unit that is shared.

    Raises:
        NotFound: there is no such unit where this person works.
        NotPermitted: neither a planner nor quality assurance there.
        Invalid: it is no number of a batch, or no time to come.
        Conflict: with code ``reserved``, another reservation overlaps it.
    """
    unit = unit_for_update(code, act)
    require(holds(act.by, *RESERVERS, site_id=unit.site_id), "reserve equipment here")
    number = batch.strip()
    if not BATCH_NUMBER.fullmatch(number):
        raise Invalid("The number of a batch is needed: B-000001.", pointer="/batch", code="blank")
    if not begins_at < ends_at <= begins_at + LONGEST or ends_at <= act.at:
        raise Invalid("It ends after it begins, and after now.", pointer="/ends_at", code="range")
    if is_shared and not unit.is_shared:
        raise Invalid(
            f"{unit.name} serves one batch at a time.", pointer="/is_shared", code="not_shared"
        )
    reservation = Reservation(
        equipment=unit,
        batch=number,
        begins_at=begins_at,
        ends_at=ends_at,
        is_shared=is_shared,
        reserved_by=act.by,
        reserved_at=act.at,
    )
    try:
        with transaction.atomic():
            reservation.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            _overlap(unit, begins_at, ends_at), pointer="/begins_at", code="reserved"
        ) from None
    record(act, "reserve", reservation)
    return reservation


def _overlap(unit: Equipment, begins_at: datetime, ends_at: datetime) -> str:
    """Return a sentence that names the batch of the first reservation in the way."""
    standing = unit.reservations.filter(state="standing")
    first = standing.filter(begins_at__lt=ends_at, ends_at__gt=begins_at).first()
    return f"{unit.name} is reserved for batch {first.batch if first else '?'} at that time."


@command
def cancel_reservation(*, reservation_id: int, reason: str, act: Act) -> Reservation:
    """Give a reservation back before it ends.

    Raises:
        NotFound: there is none of that id where this person works.
        NotPermitted: neither a planner nor quality assurance there.
        IllegalMove: it was given back before.
        Invalid: nobody says why.
    """
    sites = sites_of(act.by)
    found = Reservation.objects.select_related("equipment").select_for_update(of=("self",))
    one = found.filter(pk=reservation_id).first()
    if one is None or (sites is not None and one.equipment.site_id not in sites):
        raise NotFound("There is no such reservation.")
    require(holds(act.by, *RESERVERS, site_id=one.equipment.site_id), "cancel reservations here")
    if not reason.strip():
        raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    one.state = RESERVATION.after(one.state, "cancel")
    one.save(update_fields=["state"])
    record(act, "cancel", one, reason=reason.strip()[:1000])
    return one


def give_back(*, used_in: str, act: Act) -> None:
    """Give back what is still reserved for a batch that has ended; inside its command."""
    found = Reservation.objects.select_for_update(of=("self",))
    for one in found.filter(batch=used_in, state="standing", ends_at__gt=act.at).order_by("pk"):
        one.state = RESERVATION.after(one.state, "cancel")
        one.save(update_fields=["state"])
        record(act, "cancel", one, reason="The batch has ended.")
