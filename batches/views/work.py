"""My work: what can be done now, where this person works, and a scan field that is always live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.models import User
from audit.permissions import ROLE_ASKERS, holds, sites_of
from audit.queries import locked_accounts
from audit.views import EVERYBODY, roles_required
from batches.models import Batch, Step
from batches.queries import (
    batches_seen,
    definition_of,
    next_open_step,
    open_holds,
    why_not_valid,
    work_of,
)
from batches.rules.labels import scanned_from
from batches.rules.phases import phase_of
from batches.views.forms import go, person_of
from supply.queries import equipment_seen

MOST_CARDS = 24
# What waits for whom, by role: the states of batches that they move on.
WAITING = {
    "qa": ("planned", "on_hold", "production_reviewed"),
    "qp": ("qa_review",),
    "planner": ("planned",),
    "operator": ("issued",),
}


@require_safe
@roles_required(*EVERYBODY, "admin")
def my_work(request: HttpRequest) -> HttpResponse:
    """Show the open steps as cards, and the batches that wait for this person's role.

    Whoever only administers accounts has no work on batches, and is led to the people.
    """
    if not holds(person_of(request), *EVERYBODY):
        return go("/people/")
    return render(request, "batches/my_work.html", work_shown(person_of(request)))


@require_safe
@roles_required(*EVERYBODY)
def my_work_cards(request: HttpRequest) -> HttpResponse:
    """Show the cards alone, for the live page."""
    return render(request, "batches/_my_work_cards.html", work_shown(person_of(request)))


def work_shown(user: User) -> dict[str, Any]:
    """Return the context of the page."""
    is_maker = holds(user, "operator", "verifier")
    steps = work_of(user) if is_maker else []
    waiting = waiting_batches(user)
    return {
        "cards": [card_of(step) for step in steps[:MOST_CARDS]],
        "waiting": waiting,
        "is_maker": is_maker,
        "may_plan": holds(user, "planner"),
        "layout": "screen_operator.html" if is_maker else "base.html",
        "watches_access": holds(user, *ROLE_ASKERS),
        "locked": list(locked_accounts(user)),
        "topics": "feed",
    }


def card_of(step: Step) -> dict[str, Any]:
    """Return a card: for whom, what, in which state, and since when or until when."""
    phase = definition_of(step)
    batch = step.batch
    seconds = getattr(phase, "min_seconds", None)
    ends_at = None
    if step.state == "running" and step.started_at is not None and seconds is not None:
        ends_at = step.started_at + timedelta(seconds=seconds)
    return {
        "href": f"/batches/{batch.number}/steps/{step.code}/",
        "step": step,
        "batch": batch,
        "state": "on_hold" if batch.state == "on_hold" else shown_state(step),
        "ends_at": ends_at,
    }


def shown_state(step: Step) -> str:
    """Return how far a step is signed, or that it is held or paused."""
    phase = phase_of(step.state, step.phase)
    return phase if phase in ("held", "paused") else step.state


def waiting_batches(user: User) -> list[Batch]:
    """Return the batches that wait for one of this person's roles, the longest waiting first."""
    states = {state for role, of in WAITING.items() if holds(user, role) for state in of}
    found = batches_seen(sites_of(user)).filter(state__in=states)
    return list(found.order_by("updated_at")[:MOST_CARDS])


@require_POST
@roles_required(*EVERYBODY)
def open_scanned(request: HttpRequest) -> HttpResponse:
    """Open what was scanned on My work: a batch by its number, bag or label, or a unit by its code."""
    text = request.POST.get("code", "").strip()[:120]
    user = person_of(request)
    identity, serial = scanned_from(text)
    batch = batch_scanned(text, user) or (batch_scanned(identity, user) if serial else None)
    if batch is not None and serial and (why := why_not_valid(batch, serial)):
        messages.error(request, why)
        return go(f"/batches/{batch.number}/")
    if batch is None:
        if _is_unit(text, user):
            return go(f"/equipment/{quote(text, safe='')}/")
        messages.warning(request, "Nothing here has the code that was scanned.")
        return go("/")
    step = next_open_step(batch)
    if step is None or open_holds(batch):
        return go(f"/batches/{batch.number}/")
    return go(f"/batches/{batch.number}/steps/{step.code}/")


def _is_unit(text: str, user: User) -> bool:
    """Say whether this is the code of a unit of equipment that stands where this person works."""
    if not text or "\x00" in text:
        return False
    return equipment_seen(sites_of(user)).filter(code=text).exists()


def batch_scanned(text: str, user: User) -> Batch | None:
    """Return the batch that a code leads to, if this person works at its site."""
    if not text or "\x00" in text:
        return None
    seen = batches_seen(sites_of(user))
    return (
        seen.filter(number=text.upper()).first()
        or seen.filter(order__chain__value=text).first()
        or seen.filter(order__chain__containers__code=text).first()
    )
