"""Reservations, on the page of a unit: made ahead, and given back."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from audit.edges import act_of_request
from audit.views import roles_required
from kernel.errors import Invalid, NotFound
from supply import commands
from supply.commands.reservations import RESERVERS
from supply.models import Equipment
from supply.views.unit import answer


@require_POST
@roles_required(*RESERVERS)
def reserve(request: HttpRequest, code: str) -> HttpResponse:
    """Reserve a unit for a batch."""

    def act(unit: Equipment) -> str:
        given = request.POST
        made = commands.reserve_unit(
            code=unit.code,
            batch=given.get("batch", ""),
            begins_at=_moment(request, "begins_at"),
            ends_at=_moment(request, "ends_at"),
            is_shared=given.get("is_shared") == "yes",
            act=act_of_request(request),
        )
        return f"{unit.name} is reserved for batch {made.batch}."

    return answer(request, code, act)


def _moment(request: HttpRequest, name: str) -> datetime:
    """Return a moment of the form, which is in UTC as the page says."""
    try:
        found = datetime.fromisoformat(request.POST.get(name, ""))
    except ValueError:
        raise Invalid("A day and a time are needed.", pointer=f"/{name}", code="blank") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@require_POST
@roles_required(*RESERVERS)
def cancel(request: HttpRequest, code: str, reservation_id: int) -> HttpResponse:
    """Give a reservation back."""

    def act(unit: Equipment) -> str:
        if not unit.reservations.filter(pk=reservation_id).exists():
            raise NotFound("There is no such reservation.")
        commands.cancel_reservation(
            reservation_id=reservation_id,
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )
        return f"The reservation of {unit.name} is given back."

    return answer(request, code, act)
