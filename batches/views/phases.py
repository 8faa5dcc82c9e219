"""Phases, the screens: the commands on one step that are seldom needed, kept out of the way."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from audit.edges import act_of_request
from audit.views import roles_required
from batches import commands
from batches.views.forms import go, noted, seen_version
from batches.views.step_screen import Typed
from batches.views.steps import found_step, path_of, refused
from kernel.errors import Refusal

COMMANDERS = ("operator", "verifier", "qa", "qp", "engineer")
SAID = {
    "pause": "is paused",
    "resume": "goes on",
    "hold": "is held",
    "restart": "goes on",
    "stop": "is stopped, and the batch on hold",
    "abort": "is aborted, and the batch on hold",
    "reset": "is done again",
    "take_over": "is read and typed by people",
    "give_back": "is automatic again",
    "not_applicable": "does not apply; sign it",
}


@require_POST
@roles_required(*COMMANDERS)
def move_phase(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Give a command to a step, or say that it does not apply, and come back to it."""
    step = found_step(request, number, code)
    verb, reason = request.POST.get("verb", "")[:16], request.POST.get("reason", "")[:1100]
    act, seen = act_of_request(request), seen_version(request)
    asked: dict[str, Any] = {"step_id": step.pk, "seen": seen, "reason": reason, "act": act}
    try:
        with noted(request, verb or "move_phase", step.batch, step):
            if verb == "reset":
                commands.reset_phase(**asked)
            elif verb in ("take_over", "give_back"):
                commands.switch_mode(**asked, verb=verb)
            elif verb == "not_applicable":
                commands.mark_not_applicable(**asked)
            else:
                commands.move_phase(**asked, verb=verb)
    except Refusal as refusal:
        return refused(request, number, code, Typed(refusal=refusal, form="phase"))
    messages.success(request, f"{code} {SAID[verb]}.")
    return go(path_of(step) + ("?sign=1" if verb == "not_applicable" else ""))
