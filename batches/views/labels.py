"""Labels of a step, the screens: printed, printed again, and one replaced by another."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer, proof_of_witness, signer_facts, witness_facts
from audit.signing import digest_of
from audit.views import roles_required
from batches import commands
from batches.models import Step
from batches.queries import batch_numbered, replacement_statement, step_coded
from batches.rules.entries import reason_from
from batches.views.forms import go, noted, person_of, seen_version
from batches.views.step_screen import Typed, screen_of
from batches.views.steps import MAKERS, found_step, path_of, refused
from kernel.errors import Refusal


@require_POST
@roles_required(*MAKERS)
def labels(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Print the labels of a step, or some of them again."""
    step = found_step(request, number, code)
    copies = request.POST.get("copies", "0")
    is_number = copies.isascii() and copies.isdigit() and len(copies) <= 4
    typed = Typed(reason=request.POST.get("reason", ""), form="labels")
    try:
        with noted(request, "print_labels", step.batch, step):
            made = commands.print_labels(
                step_id=step.pk,
                seen=seen_version(request),
                copies=int(copies) if is_number else 0,
                reason=typed.reason[:1100],
                act=act_of_request(request),
            )
    except Refusal as refusal:
        typed.refusal = refusal
        return refused(request, number, code, typed)
    messages.success(request, f"{made.copies} labels are ready to print.")
    return go(path_of(step))


@require_POST
@roles_required(*MAKERS)
def replace_label(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Replace a label: show what two people will sign first, then take their signatures."""
    step = found_step(request, number, code)
    form = request.POST
    typed = Typed(
        value=form.get("scanned", "")[:120],
        fate=form.get("fate", "")[:12],
        reason=form.get("reason", "")[:1100],
        form="replace",
    )
    try:
        if "digest" not in form:
            return _shown(request, step, typed)
        proof, witness = proof_of_signer(request), proof_of_witness(request)
        with noted(request, "replace_label", step.batch, step):
            made = commands.replace_label(
                step_id=step.pk,
                seen=seen_version(request),
                scanned=typed.value,
                fate=typed.fate,
                reason=typed.reason,
                proof=proof,
                witness=witness,
                seen_digest=form.get("digest", ""),
                act=act_of_proof(request, proof),
            )
    except Refusal as refusal:
        typed.refusal = refusal
        if "digest" in form and refusal.status == 401:
            return _shown(request, step, typed)
        return refused(request, number, code, typed)
    messages.success(request, f"{made.void_serial} is void. {made.new_serial} is ready to print.")
    return go(path_of(step))


def _shown(request: HttpRequest, step: Step, typed: Typed) -> HttpResponse:
    """Show the page with the e-sign dialog of a replacement open."""
    step = step_coded(batch_numbered(step.batch.number, person_of(request)), step.code)
    reason = reason_from(typed.reason, what="A new label in the place of another")
    void = commands.require_replaceable(step, typed.value, typed.fate)
    statement = replacement_statement(step, void_serial=void, fate=typed.fate, reason=reason)
    digest = digest_of(statement)
    context: dict[str, Any] = screen_of(request, step, typed)
    witness = witness_facts(request, shown=step, digest=digest, meaning="verified")
    context["signing"] = {
        "id": "sign-replacement",
        "action": path_of(step) + "labels/replace/",
        "meaning": "performed",
        **signer_facts(request, shown=step, digest=digest, meaning="performed"),
        "what": f"Replacement of a label · {step.batch.number} · {step.code} {step.title}",
        "values": [
            {"label": "Void from now on", "value": void},
            {"label": "The old label is", "value": typed.fate},
            {"label": "Reason", "value": reason},
        ],
        "digest": digest,
        "version": step.version,
        "hidden": [
            {"name": "scanned", "value": typed.value},
            {"name": "fate", "value": typed.fate},
            {"name": "reason", "value": typed.reason},
        ],
        "witness": {"meaning": "verified", **witness},
        "submit": "Sign: label replaced",
        "error": typed.refusal.detail if typed.refusal else "",
        "is_open": True,
    }
    status = typed.refusal.status if typed.refusal else 200
    return render(request, "batches/step.html", context, status=status)
