"""Weighing, the screen: empty, full, and what the containers hold against the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from audit.edges import act_of_request
from audit.views import roles_required
from batches import commands
from batches.models import Step, Weighing
from batches.views.forms import go, noted, seen_version
from batches.views.step_screen import Typed
from batches.views.steps import MAKERS, found_step, path_of, refused
from kernel.errors import NotFound, Refusal

_LONGEST = 1100


def _empty(request: HttpRequest, step: Step, common: dict[str, Any]) -> Weighing:
    form = request.POST
    return commands.weigh_empty(
        lot=form.get("lot", "")[:200],
        scale=form.get("scale", "")[:200],
        is_typed=form.get("source") != "scanned",
        typed_reason=form.get("typed_reason", "")[:_LONGEST],
        entered=form.get("value", "").strip()[:200],
        reason=form.get("reason", "")[:_LONGEST],
        **common,
    )


def _full(request: HttpRequest, step: Step, common: dict[str, Any]) -> Weighing:
    form = request.POST
    return commands.weigh_full(
        entered=form.get("value", "").strip()[:200],
        reason=form.get("reason", "")[:_LONGEST],
        **common,
    )


def _discard(request: HttpRequest, step: Step, common: dict[str, Any]) -> Weighing:
    return commands.discard_container(reason=request.POST.get("reason", "")[:_LONGEST], **common)


def _return(request: HttpRequest, step: Step, common: dict[str, Any]) -> Weighing:
    number = request.POST.get("number", "")
    is_number = number.isascii() and number.isdigit() and len(number) <= 4
    return commands.return_container(
        number=int(number) if is_number else 0,
        reason=request.POST.get("reason", "")[:_LONGEST],
        **common,
    )


GESTURES: dict[str, tuple[str, Callable[[HttpRequest, Step, dict[str, Any]], Weighing]]] = {
    "empty": ("weigh_empty", _empty),
    "full": ("weigh_full", _full),
    "discard": ("discard", _discard),
    "return": ("return", _return),
}


@require_POST
@roles_required(*MAKERS)
def weigh(request: HttpRequest, number: str, code: str, gesture: str) -> HttpResponse:
    """Weigh a container empty or full, give one up, or return what is in one to its lot."""
    if gesture not in GESTURES:
        raise NotFound("There is no such gesture.")
    step = found_step(request, number, code)
    verb, ask = GESTURES[gesture]
    form = request.POST
    typed = Typed(value=form.get("value", ""), reason=form.get("reason", ""), form=gesture)
    common = {
        "step_id": step.pk,
        "seen": seen_version(request),
        "act": act_of_request(request),
    }
    try:
        with noted(request, verb, step.batch, step):
            ask(request, step, common)
    except Refusal as refusal:
        typed.refusal = refusal
        return refused(request, number, code, typed)
    return go(path_of(step))
