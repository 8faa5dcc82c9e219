"""What every form of this floor shares: the version shown, and a trace of what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.edges import act_of_request
from audit.models import User
from batches.commands import note_refusal
from batches.models import Batch, Step
from kernel.errors import Conflict, Invalid, NotPermitted, Refusal, WrongCredentials

# Refused entries that say something of the process or of the person, not of a typing error.
NOTED_CODES = ("hard_limit", "unit_mismatch")


def person_of(request: HttpRequest) -> User:
    """Return who is signed in; the page was opened for them."""
    assert isinstance(request.user, User), "roles_required let nobody else in"
    return request.user


def seen_version(request: HttpRequest) -> int:
    """Return the version that stood on the screen.

    Raises:
        Invalid: it is not a number; the form was not ours.
    """
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid("The form does not say which version was shown.", pointer="/version")
    return int(text)


@contextmanager
def noted(
    request: HttpRequest, verb: str, batch: Batch, step: Step | None = None
) -> Iterator[None]:
    """Keep in the ledger that somebody tried what is refused inside (requirement P11-08)."""
    try:
        yield
    except Refusal as refusal:
        if _is_telling(refusal):
            note_refusal(
                batch_id=batch.pk,
                step_id=step.pk if step else None,
                verb=verb,
                refusal=refusal,
                act=act_of_request(request),
            )
        raise


def _is_telling(refusal: Refusal) -> bool:
    if isinstance(refusal, WrongCredentials):
        return False
    return isinstance(refusal, Conflict | NotPermitted) or refusal.code in NOTED_CODES


def go(path: str) -> HttpResponse:
    """Answer a form that was taken: 303, so that a reload shows and does not send again."""
    response = redirect(path)
    response.status_code = 303
    return response
