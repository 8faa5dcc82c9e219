"""Review by exception, the gestures: open, accept, investigate, sign, give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from audit.edges import act_of_request
from audit.views import roles_required
from batches.queries import batch_numbered
from kernel.errors import Invalid, WrongCredentials
from quality import commands
from quality.forms import CommentForm, EscalateForm, QualityForm
from quality.permissions import QUALITY_UNIT
from quality.queries import exception_of
from quality.views.review import person_of, review_screen
from quality.views.signing import proof_and_act, seen_version


def _back(number: str, exception_id: int) -> HttpResponse:
    return redirect(f"/batches/{number}/review/?exception={exception_id}")


@require_POST
@roles_required(*QUALITY_UNIT)
def open_one(request: HttpRequest, number: str, exception_id: int) -> HttpResponse:
    """Open an exception: the look is on record."""
    exception_of(batch_numbered(number, person_of(request)), exception_id)
    commands.open_exception(exception_id=exception_id, act=act_of_request(request))
    return _back(number, exception_id)


def _decided(
    request: HttpRequest,
    number: str,
    exception_id: int,
    *,
    name: str,
    form: QualityForm,
    ask: Callable[[], Any],
) -> HttpResponse:
    exception_of(batch_numbered(number, person_of(request)), exception_id)
    if form.is_valid():
        try:
            ask()
        except Invalid as refusal:
            form.blame(refusal)
        else:
            return _back(number, exception_id)
    return review_screen(request, number, chosen=exception_id, forms={name: form}, status=422)


@require_POST
@roles_required(*QUALITY_UNIT)
def accept_one(request: HttpRequest, number: str, exception_id: int) -> HttpResponse:
    """Accept an exception, with a comment."""
    form = CommentForm(request.POST)
    return _decided(
        request,
        number,
        exception_id,
        name="comment",
        form=form,
        ask=lambda: commands.accept_exception(
            exception_id=exception_id,
            comment=form.cleaned_data["comment"],
            act=act_of_request(request),
        ),
    )


@require_POST
@roles_required(*QUALITY_UNIT)
def escalate_one(request: HttpRequest, number: str, exception_id: int) -> HttpResponse:
    """Open a deviation for an exception."""
    form = EscalateForm(request.POST)
    return _decided(
        request,
        number,
        exception_id,
        name="escalate",
        form=form,
        ask=lambda: commands.escalate_exception(
            exception_id=exception_id,
            description=form.cleaned_data["description"],
            act=act_of_request(request),
        ),
    )


def _signed(request: HttpRequest, number: str, key: str, ask: Callable[..., Any]) -> HttpResponse:
    batch = batch_numbered(number, person_of(request))
    try:
        proof, act = proof_and_act(request)
        ask(
            batch_id=batch.pk,
            seen=seen_version(request),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            comment=request.POST.get("reason", ""),
            act=act,
        )
    except WrongCredentials as refusal:
        return review_screen(request, number, error={key: refusal.detail}, status=refusal.status)
    return redirect(f"/batches/{number}/review/#decide")


@require_POST
@roles_required("verifier")
def sign_production(request: HttpRequest, number: str) -> HttpResponse:
    """Sign the production review."""
    return _signed(request, number, "production", commands.review_production)


@require_POST
@roles_required(*QUALITY_UNIT)
def sign_quality(request: HttpRequest, number: str) -> HttpResponse:
    """Sign the quality review."""
    return _signed(request, number, "quality", commands.review_batch)


@require_POST
@roles_required(*QUALITY_UNIT)
def give_back(request: HttpRequest, number: str) -> HttpResponse:
    """Give the record back to production for correction, with a reason."""
    batch = batch_numbered(number, person_of(request))
    commands.return_batch(
        batch_id=batch.pk,
        seen=seen_version(request),
        reason=request.POST.get("reason", ""),
        act=act_of_request(request),
    )
    return redirect(f"/batches/{number}/review/")
