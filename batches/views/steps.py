"""Steps, the screens: one step a screen, its value first, then the signature."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer, proof_of_witness, signer_facts, witness_facts
from audit.signing import digest_of
from audit.views import EVERYBODY, roles_required
from batches import commands
from batches.models import Step, StepValue
from batches.queries import (
    batch_numbered,
    correction_statement,
    next_open_step,
    open_holds,
    step_coded,
    step_found,
)
from batches.views.forms import go, noted, person_of, seen_version
from batches.views.step_screen import Typed, screen_of
from kernel.errors import Invalid, NotFound, Refusal

MAKERS = ("operator", "qa")
# Kinds of steps whose entry is several fields of one name.
LISTED = {"confirm": "checks", "line_clearance": "checks", "label": "counts"}
WITNESSES = ("operator", "verifier", "qa")


def whole_step(request: HttpRequest, number: str, code: str) -> Step:
    """Return the step of the address with all that its screen shows."""
    return step_coded(batch_numbered(number, person_of(request)), code)


def found_step(request: HttpRequest, number: str, code: str) -> Step:
    """Return the step of the address for a gesture on it."""
    return step_found(number, code, person_of(request))


def path_of(step: Step) -> str:
    """Return the address of a step's screen."""
    return f"/batches/{step.batch.number}/steps/{step.code}/"


@require_safe
@roles_required(*EVERYBODY)
def step_page(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Show one step: what to do, what to enter, what was entered, who signed.

    An earlier execution of it is asked for by its number, and can only be read.
    """
    asked = request.GET.get("execution", "")
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= 4
    batch = batch_numbered(number, person_of(request))
    step = step_coded(batch, code, int(asked) if is_number else None)
    return render(request, "batches/step.html", screen_of(request, step))


@require_safe
@roles_required(*EVERYBODY)
def step_status(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Show whether the batch is on hold, and whether somebody changed the step meanwhile.

    Where the batch moved on (held, let go on, ended), all that can be done is shown anew; else
    nothing but the status is, so that whoever is typing is not disturbed.
    """
    step = whole_step(request, number, code)
    batch = step.batch
    is_moved = request.GET.get("batch", batch.state) != batch.state
    shown = request.GET.get("version", "")
    is_known = shown.isascii() and shown.isdigit() and not is_moved
    context: dict[str, Any] = {
        "step": step,
        "batch": batch,
        "holds": open_holds(batch) if batch.state == "on_hold" else [],
        "shown_version": shown if is_known else step.version,
        "is_stale": is_known and shown != str(step.version),
        "is_moved": is_moved,
    }
    if is_moved:
        context |= screen_of(request, step)
    return render(request, "batches/_step_news.html", context)


def refused(request: HttpRequest, number: str, code: str, typed: Typed) -> HttpResponse:
    """Show the step again with what was refused, and everything that was typed."""
    assert typed.refusal is not None, "only a refusal comes here"
    context = screen_of(request, whole_step(request, number, code), typed)
    return render(request, "batches/step.html", context, status=typed.refusal.status)


@require_POST
@roles_required(*MAKERS)
def start_step(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Start a step."""
    step = found_step(request, number, code)
    try:
        with noted(request, "start", step.batch, step):
            commands.start_step(
                step_id=step.pk, seen=seen_version(request), act=act_of_request(request)
            )
    except Refusal as refusal:
        return refused(request, number, code, Typed(refusal=refusal, form="start"))
    return go(path_of(step))


@require_POST
@roles_required(*MAKERS)
def enter_value(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Take a value; then the signature is asked for at once."""
    step = found_step(request, number, code)
    form = request.POST
    listed = LISTED.get(step.kind)
    entered = ",".join(form.getlist(listed)) if listed else form.get("value", "")
    reason = form.get("reason", "")
    happened_at = form.get("happened_at", "")[:40]
    typed = Typed(value=entered, reason=reason, happened_at=happened_at, form="value")
    try:
        with noted(request, "enter_value", step.batch, step):
            outcome = commands.enter_value(
                step_id=step.pk,
                seen=seen_version(request),
                entered=entered[:1000],
                unit=form.get("unit", "")[:40],
                source=form.get("source", "keyed"),
                reason=reason[:1100],
                happened_at=happened_at,
                act=act_of_request(request),
            )
    except Refusal as refusal:
        typed.refusal = refusal
        return refused(request, number, code, typed)
    if isinstance(outcome, StepValue):
        return go(path_of(step) + "?sign=1")
    stop = {
        "title": "Stop: wrong patient" if outcome.belongs_to_other else "Stop: wrong identity",
        "expected": outcome.expected,
        "found": entered[:120],
        "detail": f"{outcome.detail} Batch {number} is on hold. Quality must decide.",
        "href": path_of(step),
    }
    context = {**screen_of(request, whole_step(request, number, code)), "stop": stop}
    return render(request, "batches/step.html", context, status=409)


@require_POST
@roles_required(*MAKERS)
def sign_step(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Sign a step as performed, by the person signed in; go to the next step."""
    step = found_step(request, number, code)
    try:
        proof = proof_of_signer(request)
        with noted(request, "sign", step.batch, step):
            signed = commands.sign_step(
                step_id=step.pk,
                seen=seen_version(request),
                proof=proof,
                seen_digest=request.POST.get("digest", ""),
                act=act_of_proof(request, proof),
            )
    except Refusal as refusal:
        return refused(request, number, code, Typed(refusal=refusal, form="sign"))
    if signed.state == "performed":
        return go(path_of(step) + "?sign=1")
    return onward(request, signed)


@require_POST
@roles_required(*WITNESSES)
def verify_step(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Sign a step as verified, by a second person on the same screen; the session stays as it is."""
    step = found_step(request, number, code)
    try:
        proof = proof_of_witness(request, prefix="")
        with noted(request, "verify", step.batch, step):
            verified = commands.verify_step(
                step_id=step.pk,
                seen=seen_version(request),
                proof=proof,
                seen_digest=request.POST.get("digest", ""),
                act=act_of_proof(request, proof),
            )
    except Refusal as refusal:
        return refused(request, number, code, Typed(refusal=refusal, form="verify"))
    return onward(request, verified)


def onward(request: HttpRequest, done: Step) -> HttpResponse:
    """Go on with the next step that can be done, or back to the batch when there is none."""
    messages.success(request, f"{done.code} {done.title} is complete.")
    batch = done.batch
    step = next_open_step(batch, after=done) if batch.state == "in_progress" else None
    return go(
        f"/batches/{batch.number}/steps/{step.code}/" if step else f"/batches/{batch.number}/"
    )


@require_POST
@roles_required(*MAKERS)
def correct_value(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Correct a value; where the step was signed, show the correction first, then take signatures."""
    step = found_step(request, number, code)
    form = request.POST
    entered, reason = form.get("value", "")[:400], form.get("reason", "")[:1100]
    typed = Typed(value=entered, reason=reason, form="correct")
    is_signed = step.state in ("performed", "complete")
    try:
        if is_signed and "digest" not in form:
            return _shown_correction(request, step, typed)
        proof = proof_of_signer(request) if is_signed else None
        witness = proof_of_witness(request) if is_signed and step.verified_by_id else None
        act = act_of_proof(request, proof) if proof else act_of_request(request)
        with noted(request, "correct_value", step.batch, step):
            commands.correct_value(
                step_id=step.pk,
                seen=seen_version(request),
                entered=entered,
                reason=reason,
                proof=proof,
                witness=witness,
                seen_digest=form.get("digest", ""),
                act=act,
            )
    except Refusal as refusal:
        typed.refusal = refusal
        if is_signed and "digest" in form and refusal.status == 401:
            return _shown_correction(request, step, typed)
        return refused(request, number, code, typed)
    return go(path_of(step) if is_signed else path_of(step) + "?sign=1")


def _shown_correction(request: HttpRequest, step: Step, typed: Typed) -> HttpResponse:
    """Show the page with the e-sign dialog of a correction open."""
    step = step_coded(batch_numbered(step.batch.number, person_of(request)), step.code)
    if not typed.reason.strip():
        raise Invalid("A correction needs a reason.", pointer="/reason", code="reason_needed")
    context = screen_of(request, step, typed)
    value = context["value"]
    if value is None:
        raise NotFound("There is no value to correct.")
    status = typed.refusal.status if typed.refusal else 200
    digest = digest_of(correction_statement(step, entered=typed.value, reason=typed.reason))
    witness = witness_facts(request, shown=step, digest=digest, meaning="verified")
    context["signing"] = {
        "id": "sign-correction",
        "action": path_of(step) + "correct/",
        "meaning": "performed",
        **signer_facts(request, shown=step, digest=digest, meaning="performed"),
        "what": f"Correction · {step.batch.number} · {step.code} {step.title}",
        "values": [
            {"label": "Value", "value": typed.value, "old": value["words"]},
            {"label": "Reason", "value": typed.reason},
        ],
        "digest": digest,
        "version": step.version,
        "hidden": [
            {"name": "value", "value": typed.value},
            {"name": "reason", "value": typed.reason},
        ],
        "witness": {"meaning": "verified", **witness} if step.verified_by_id else None,
        "submit": f"Sign: corrected to {typed.value}",
        "error": typed.refusal.detail if typed.refusal else "",
        "is_open": True,
    }
    return render(request, "batches/step.html", context, status=status)
