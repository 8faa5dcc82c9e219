"""Recording that a person was trained."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from audit.commands import record_training
from audit.edges import act_of_request
from audit.models import User
from audit.permissions import TRAINING_RECORDERS
from audit.queries import person_seen, user_named
from audit.views import roles_required
from audit.views.asking import day_in, person_of, text_in
from audit.views.people import person_screen
from kernel.errors import Invalid, NotFound, Refusal


@require_POST
@roles_required(*TRAINING_RECORDERS)
def training_add(request: HttpRequest, username: str) -> HttpResponse:
    """Record that somebody was trained on a version of a procedure."""
    user = person_seen(username, person_of(request))
    typed = {name: text_in(request.POST, name) for name in ("procedure", "trained_by", "until")}
    evidence = request.POST.get("evidence", "")[:200]
    try:
        code, version = _procedure(typed["procedure"])
        record_training(
            user=user,
            procedure=code,
            version=version,
            trained_by=_trainer(typed["trained_by"]),
            evidence=evidence,
            valid_until=_end_of(request),
            act=act_of_request(request),
        )
    except Refusal as refusal:
        return person_screen(request, username, refusal=refusal, **typed, evidence=evidence)
    return redirect("person", username)


def _procedure(text: str) -> tuple[str, int]:
    code, _, version = text.rpartition(" v")
    if not (version.isascii() and version.isdigit() and len(version) < 9):
        raise Invalid("Choose a procedure.", pointer="/procedure", code="required")
    return code, int(version)


def _trainer(username: str) -> User:
    try:
        return user_named(username.casefold())
    except NotFound:
        raise Invalid(
            "There is no such account: give the user ID of the trainer.",
            pointer="/trained_by",
            code="unknown",
        ) from None


def _end_of(request: HttpRequest) -> datetime:
    """Return the end of the last day on which the training holds."""
    day = day_in(request.POST, "until")
    if day is None or day.year > 2200:
        raise Invalid("Say until when it holds.", pointer="/valid_until", code="required")
    return datetime.combine(day, time.min, UTC) + timedelta(days=1)
