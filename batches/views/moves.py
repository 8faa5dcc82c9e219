"""Moves of a batch, the forms: planned, issued, started, held, let go on, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from audit.acts import Act
from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer
from audit.permissions import sites_of
from audit.views import roles_required
from batches import commands
from batches.models import Batch, Order
from batches.queries import batch_numbered, next_open_step, orders_to_plan
from batches.rules.entries import text_from
from batches.views.batches import batch_shown
from batches.views.forms import go, noted, person_of, seen_version
from kernel.errors import Invalid, NotFound, Refusal
from supply.queries import rooms_of

LONGEST_ROOM = 40


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("planner")
def plan(request: HttpRequest) -> HttpResponse:
    """Plan the batch of an order: choose the order, then a room of the site that makes it."""
    orders = list(orders_to_plan(sites_of(person_of(request))))
    asked = request.POST.get("order") or request.GET.get("order", "")
    order = next((one for one in orders if one.number == asked), None)
    context: dict[str, Any] = {
        "orders": orders,
        "order": order,
        "rooms": list(rooms_of(order.made_at)) if order else [],
    }
    if request.method != "POST":
        return render(request, "batches/plan.html", context)
    try:
        batch = _planned(request, order)
    except Refusal as refusal:
        return render(
            request, "batches/plan.html", {**context, "refusal": refusal}, status=refusal.status
        )
    return go(f"/batches/{batch.number}/")


def _planned(request: HttpRequest, order: Order | None) -> Batch:
    if order is None:
        raise Invalid("Choose an order that is ready to be made.", pointer="/order")
    room = request.POST.get("room", "")
    if not room:
        raise Invalid("Choose a room.", pointer="/room", code="blank")
    room = text_from(room, pointer="/room", longest=LONGEST_ROOM)
    return commands.plan_batch(order_id=order.pk, room_code=room, act=act_of_request(request))


Move = Callable[[Batch, int, str, Act], Any]


def _moved(request: HttpRequest, number: str, verb: str, said: str, move: Move) -> HttpResponse:
    """Make one move that takes a reason or none, and come back to where the form was."""
    batch = batch_numbered(number, person_of(request))
    try:
        with noted(request, verb, batch):
            move(
                batch,
                seen_version(request),
                request.POST.get("reason", "")[:1100],
                act_of_request(request),
            )
    except NotFound:
        raise
    except Refusal as refusal:
        context = batch_shown(request, batch_numbered(number, person_of(request)), refusal=refusal)
        return render(request, "batches/batch.html", context, status=refusal.status)
    messages.success(request, f"{batch.number} {said}.")
    return go(f"/batches/{batch.number}/")


@require_POST
@roles_required("qa")
def issue(request: HttpRequest, number: str) -> HttpResponse:
    """Issue a batch, signed by quality."""
    batch = batch_numbered(number, person_of(request))
    try:
        proof = proof_of_signer(request)
        with noted(request, "issue", batch):
            commands.issue_batch(
                batch_id=batch.pk,
                seen=seen_version(request),
                proof=proof,
                seen_digest=request.POST.get("digest", ""),
                act=act_of_proof(request, proof),
            )
    except Refusal as refusal:
        again = batch_numbered(number, person_of(request))
        is_signature = refusal.status == 401
        context = batch_shown(
            request,
            again,
            sign_error=refusal.detail if is_signature else "",
            refusal=None if is_signature else refusal,
        )
        return render(request, "batches/batch.html", context, status=refusal.status)
    messages.success(request, f"{batch.number} is issued.")
    return go(f"/batches/{batch.number}/")


@require_POST
@roles_required("operator")
def start(request: HttpRequest, number: str) -> HttpResponse:
    """Start making a batch; go to its first step."""

    def move(batch: Batch, seen: int, reason: str, act: Act) -> None:
        commands.start_batch(batch_id=batch.pk, seen=seen, act=act)

    answer = _moved(request, number, "start", "is started", move)
    if answer.status_code != 303:
        return answer
    step = next_open_step(batch_numbered(number, person_of(request)))
    return go(f"/batches/{number}/steps/{step.code}/") if step else answer


@require_POST
@roles_required("operator", "verifier", "qa", "qp")
def hold(request: HttpRequest, number: str) -> HttpResponse:
    """Put a batch on hold."""

    def move(batch: Batch, seen: int, reason: str, act: Act) -> None:
        # Stopping is never refused because the screen is old.
        commands.hold_batch(batch_id=batch.pk, cause="person", reason=reason, act=act)

    return _moved(request, number, "hold", "is on hold", move)


@require_POST
@roles_required("qa")
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """Let a batch go on."""

    def move(batch: Batch, seen: int, reason: str, act: Act) -> None:
        commands.resume_batch(batch_id=batch.pk, seen=seen, reason=reason, act=act)

    return _moved(request, number, "resume", "goes on", move)


@require_POST
@roles_required("qa")
def abort(request: HttpRequest, number: str) -> HttpResponse:
    """End the making of a batch before its last step."""

    def move(batch: Batch, seen: int, reason: str, act: Act) -> None:
        commands.abort_batch(batch_id=batch.pk, seen=seen, reason=reason, act=act)

    return _moved(request, number, "abort", "is aborted", move)


@require_POST
@roles_required("planner", "qa")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Give up a batch that was not started."""

    def move(batch: Batch, seen: int, reason: str, act: Act) -> None:
        commands.cancel_batch(batch_id=batch.pk, seen=seen, reason=reason, act=act)

    return _moved(request, number, "cancel", "is canceled", move)
