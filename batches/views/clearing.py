"""Clearing a room, the screen: its plan, its points, and the two signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer, proof_of_witness, signer_facts, witness_facts
from audit.permissions import holds, sites_of
from audit.signing import digest_of
from audit.views import roles_required
from batches import commands
from batches.commands.clearing import WRITERS
from batches.models import Changeover
from batches.queries import (
    changeover_after,
    changeover_statement,
    changeovers_of,
    last_batch_in,
    plan_in_force,
    plan_statement,
    plan_waiting,
    why_not_clear,
)
from batches.queries.clearing import IN_ROOM
from batches.rules.changeovers import median_of
from batches.views.forms import go, person_of, seen_version
from kernel.errors import Conflict, NotFound, Refusal
from supply.queries import equipment_seen

_LONGEST = 20_000
PAGE = 50


def room_asked(request: HttpRequest, code: str) -> Any:
    """Return the room of the address.

    Raises:
        NotFound: the person's sites have none of that code.
    """
    seen = equipment_seen(sites_of(person_of(request)))
    room = seen.filter(code=code, equipment_class="room").first() if "\x00" not in code else None
    if room is None:
        raise NotFound(f"There is no room {code[:40]}.")
    return room


def clearing_of(request: HttpRequest, room: Any, error: str = "") -> dict[str, Any]:
    """Return what the page of a room shows of its clearing, and what this person may do."""
    user = person_of(request)
    last, plan, waiting = last_batch_in(room.pk), plan_in_force(room.pk), plan_waiting(room.pk)
    now = changeover_after(last) if last is not None else None
    is_operator = holds(user, "operator", site_id=room.site_id)
    is_out = last is not None and last.state not in IN_ROOM
    return {
        "last": last,
        "plan": plan,
        "waiting": waiting,
        "now": now,
        "why_not": why_not_clear(room),
        "done": sum(bool(point["by"]) for point in now.points) if now else 0,
        "may_begin": is_operator and plan is not None and is_out and now is None,
        "may_do": is_operator and now is not None and now.state == "open",
        "may_write": holds(user, *WRITERS, site_id=room.site_id) and waiting is None,
        "may_withdraw": waiting is not None
        and (waiting.written_by_id == user.pk or holds(user, "qa", site_id=room.site_id)),
        "dialogs": [one for one in (_plan_dialog(request, room, waiting, error),
                                    _sign_dialog(request, room, now, error)) if one],
    }  # fmt: skip


def shown(request: HttpRequest, room: Any, error: str = "") -> dict[str, Any]:
    """Return the context of the page."""
    found = changeovers_of(room.pk)
    return {
        "room": room,
        **clearing_of(request, room, error),
        "changeovers": found[:PAGE],
        "count": len(found),
        "median": median_of(found),
        "median_of_switches": median_of([one for one in found if one.is_other_therapy]),
    }


def _plan_dialog(request: HttpRequest, room: Any, plan: Any, error: str) -> dict[str, Any] | None:
    user = person_of(request)
    if plan is None or plan.written_by_id == user.pk or not holds(user, "qa", site_id=room.site_id):
        return None
    digest = digest_of(plan_statement(plan))
    return {
        "id": "sign-plan",
        "action": f"/equipment/{room.code}/changeovers/plan/approve/",
        "meaning": "approved",
        **signer_facts(request, shown=plan, digest=digest, meaning="approved"),
        "what": f"Changeover plan {plan.number} of {room.name}",
        "opens": f"Approve plan {plan.number}",
        "values": [
            {"label": f"Point {place}", "value": text} for place, text in enumerate(plan.points, 1)
        ],
        "digest": digest,
        "consequence": "Holds from now on: no batch is started in this room without it.",
        "submit": f"Sign: approve plan {plan.number}",
        "error": error,
        "hidden": [{"name": "plan", "value": plan.pk}],
    }


def _sign_dialog(
    request: HttpRequest, room: Any, found: Changeover | None, error: str
) -> dict[str, Any] | None:
    """Return the dialog of the next signature on a changeover, for whoever may give it."""
    user = person_of(request)
    if found is None or found.state == "done":
        return None
    is_first = found.state == "open"
    if is_first and (
        not holds(user, "operator", site_id=room.site_id)
        or any(not point["by"] for point in found.points)
    ):
        return None
    digest = digest_of(changeover_statement(found))
    meaning = "performed" if is_first else "verified"
    facts = signer_facts if is_first else witness_facts
    return {
        "id": "sign-changeover",
        "action": f"/equipment/{room.code}/changeovers/sign/",
        "meaning": meaning,
        **({} if is_first else {"who": ""}),
        **facts(request, shown=found, digest=digest, meaning=meaning),
        "what": f"Changeover of {room.name} after {found.after.number}",
        "opens": "Sign: the room is clear" if is_first else "Verify: the room is clear",
        "values": [
            {"label": point["text"], "value": f"{point['by']}, {str(point['at'])[:16]}"}
            for point in found.points
        ],
        "digest": digest,
        "version": found.version,
        "submit": "Sign: the room is clear" if is_first else "Verify: the room is clear",
        "error": error,
    }


def answered(request: HttpRequest, code: str, act: Callable[[Any], str]) -> HttpResponse:
    """Do something in a room and come back to it; a refusal is told on the page."""
    room = room_asked(request, code)
    try:
        said = act(room)
    except Refusal as refusal:
        is_told = refusal.status == 401
        context = shown(request, room, refusal.detail if is_told else "")
        context |= {} if is_told else {"refusal": refusal}
        return render(request, "batches/changeovers.html", context, status=refusal.status)
    messages.success(request, said)
    return go(f"/equipment/{room.code}/changeovers/")


@require_POST
@roles_required("operator")
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Begin the changeover of a room."""

    def act(room: Any) -> str:
        made = commands.begin_changeover(room_code=room.code, act=act_of_request(request))
        return f"The changeover of {room.name} after {made.after.number} is begun."

    return answered(request, code, act)


@require_POST
@roles_required("operator")
def point(request: HttpRequest, code: str) -> HttpResponse:
    """Say that a point is done."""

    def act(room: Any) -> str:
        place = request.POST.get("place", "")
        is_number = place.isascii() and place.isdigit() and len(place) <= 3
        made = commands.do_point(
            changeover_id=_now(room).pk,
            seen=seen_version(request),
            place=int(place) if is_number else -1,
            act=act_of_request(request),
        )
        done = sum(bool(one["by"]) for one in made.points)
        return f"{done} of {len(made.points)} points done."

    return answered(request, code, act)


@require_POST
@roles_required("operator", "verifier", "qa")
def sign(request: HttpRequest, code: str) -> HttpResponse:
    """Sign a changeover, as the one who did it or as the second person."""

    def act(room: Any) -> str:
        found = _now(room)
        is_first = found.state == "open"
        proof = (proof_of_signer if is_first else proof_of_witness)(request)
        made = commands.sign_changeover(
            changeover_id=found.pk,
            seen=seen_version(request),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act_of_proof(request, proof),
        )
        return f"{room.name} is clear." if made.state == "done" else "Signed; now a second person."

    return answered(request, code, act)


@require_POST
@roles_required(*WRITERS)
def write_plan(request: HttpRequest, code: str) -> HttpResponse:
    """Write the plan of a room, one point on a line."""

    def act(room: Any) -> str:
        made = commands.write_changeover_plan(
            room_code=room.code,
            points=request.POST.get("points", "")[:_LONGEST].splitlines(),
            reason=request.POST.get("reason", "")[:1100],
            act=act_of_request(request),
        )
        return f"Plan {made.number} waits for its approval."

    return answered(request, code, act)


@require_POST
@roles_required("qa")
def approve_plan(request: HttpRequest, code: str) -> HttpResponse:
    """Approve the plan that waits, with a signature."""

    def act(room: Any) -> str:
        proof = proof_of_signer(request)
        made = commands.approve_changeover_plan(
            plan_id=_waiting(room).pk,
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act_of_proof(request, proof),
        )
        return f"Plan {made.number} is in force."

    return answered(request, code, act)


@require_POST
@roles_required(*WRITERS)
def withdraw_plan(request: HttpRequest, code: str) -> HttpResponse:
    """Take back the plan that waits."""

    def act(room: Any) -> str:
        made = commands.withdraw_changeover_plan(
            plan_id=_waiting(room).pk, act=act_of_request(request)
        )
        return f"Plan {made.number} is withdrawn."

    return answered(request, code, act)


def _now(room: Any) -> Changeover:
    last = last_batch_in(room.pk)
    found = changeover_after(last) if last is not None else None
    if found is None:
        raise Conflict("No changeover was begun.", code="not_begun")
    return found


def _waiting(room: Any) -> Any:
    found = plan_waiting(room.pk)
    if found is None:
        raise Conflict("No plan waits for its approval.", code="not_waiting")
    return found
