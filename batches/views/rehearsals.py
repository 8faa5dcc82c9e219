"""Rehearsals, the screens: begun from a recipe, walked in the real step screen, confirmed.

Every screen says REHEARSAL. The step is drawn by the templates of a batch, with what the simulator
shows in place of what a plant knows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from audit.edges import act_of_proof, act_of_request, now
from audit.forms import proof_of_signer, signer_facts
from audit.permissions import TRAINING_RECORDERS, holds
from audit.queries import judged, signatures_of
from audit.signing import digest_of
from audit.views import roles_required
from batches import commands
from batches.commands.rehearsals import REHEARSABLE, REHEARSERS
from batches.models import Rehearsal
from batches.queries import (
    document_rehearsed,
    faults_in,
    found_in,
    place_in,
    rehearsal_seen,
    rehearsal_statement,
    rehearsals_of,
)
from batches.rules.needs import is_scanned
from batches.rules.rehearsals import ENTERED, PATIENT, SCENARIOS, fitting, shown_at, words_at
from batches.views.forms import go, person_of, seen_version
from batches.views.step_screen import Typed
from kernel.errors import NotFound, Refusal
from kernel.quantities import decimal_from, quantity_label, text_of
from recipes.queries import document_of, version_numbered, version_title
from recipes.rules.document import Document
from recipes.rules.limits import Range, range_label
from recipes.rules.steps import ScanMaterialStep, Step, TimerStep

MARK = "REHEARSAL"


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required(*REHEARSERS)
def rehearse(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Choose a scenario and begin; below, what was rehearsed of this version so far."""
    version = version_numbered(code, number)
    if version.state not in REHEARSABLE:
        raise NotFound(f"{version_title(version)} is not rehearsed: it is {version.state}.")
    names = fitting(document_of(version))
    context: dict[str, Any] = {
        "version": version,
        "title": version_title(version),
        "scenarios": [(name, SCENARIOS[name][0]) for name in names],
        "rehearsals": rehearsals_of(version.pk, person_of(request)),
    }
    if request.method != "POST":
        return render(request, "batches/rehearse.html", context)
    scenario = request.POST.get("scenario", "")[:16]
    try:
        made = commands.begin_rehearsal(
            version_id=version.pk, scenario=scenario, act=act_of_request(request)
        )
    except Refusal as refusal:
        context["refusal"] = refusal
        return render(request, "batches/rehearse.html", context, status=refusal.status)
    return go(f"/rehearsals/{made.pk}/")


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required(*REHEARSERS)
def rehearsal(request: HttpRequest, number: int) -> HttpResponse:
    """Show the step that is to be done now, take what is done at it, or show how it ended."""
    found = rehearsal_seen(number, person_of(request))
    is_own = found.person_id == person_of(request).pk
    if request.method == "POST":
        return _rehearsed(request, found)
    if found.state == "running" and is_own:
        return render(request, "batches/rehearsal_step.html", _step_shown(request, found, Typed()))
    return render(request, "batches/rehearsal.html", _ended(request, found))


def _rehearsed(request: HttpRequest, found: Rehearsal) -> HttpResponse:
    verb = request.POST.get("verb", "go_on")[:8]
    typed = Typed(
        value=request.POST.get("value", "")[:400],
        reason=request.POST.get("reason", "")[:1100],
        form="hold" if verb == "hold" else "entry",
    )
    try:
        made = commands.rehearse_step(
            rehearsal_id=found.pk,
            seen=seen_version(request),
            verb=verb,
            entered=_entered(request, found),
            reason=typed.reason,
            act=act_of_request(request),
        )
    except NotFound:
        raise
    except Refusal as refusal:
        typed.refusal = refusal
        found = rehearsal_seen(found.pk, person_of(request))
        if found.state != "running":
            return go(f"/rehearsals/{found.pk}/")
        context = _step_shown(request, found, typed)
        return render(request, "batches/rehearsal_step.html", context, status=refusal.status)
    if verb == "hold" and made.state == "running":
        messages.info(request, "Put on hold. The simulated quality lets the work go on.")
    return go(f"/rehearsals/{made.pk}/")


def _entered(request: HttpRequest, found: Rehearsal) -> str:
    """Return what was entered; of points to confirm, whether all of them were ticked."""
    here = place_in(found)
    checks = getattr(here.step, "checks", ()) if here else ()
    if checks:
        return "all" if len(set(request.POST.getlist("checks"))) == len(checks) else ""
    return request.POST.get("value", "")[:400]


def _step_shown(request: HttpRequest, found: Rehearsal, typed: Typed) -> dict[str, Any]:
    """Return what the templates of a step ask for, of a step that was started."""
    document, here = document_rehearsed(found), place_in(found)
    assert here is not None, "a rehearsal that runs has a step to be done"
    step = here.step
    shown = shown_at(document, step, faults_in(found), found_in(found))
    is_entered = step.kind in ENTERED and not (
        step.kind == "confirm" and not getattr(step, "checks", ())
    )
    return {
        "rehearsal": found,
        "title": version_title(found.recipe_version),
        "simulator": words_at(step, shown),
        "screen": {
            "patient_code": PATIENT,
            "batch_number": MARK,
            "product": document.header.product.name or document.header.title,
            "step_number": here.ordinal,
            "step_count": len(document.steps),
            "step_title": step.title,
            "is_identity_proven": _is_identified(document, found),
            "clock_from": None,
        },
        "batch": {"number": MARK, "state": "in_progress"},
        "step": {
            "code": step.code,
            "title": step.title,
            "kind": step.kind,
            "version": found.version,
            "state": "running",
            "execution": found.pk,
        },
        "phase": step,
        "kind": _kind(document, step, shown),
        "may_enter": is_entered,
        "typed": typed,
        "problem": typed.problem(),
        "error": typed.error_at("/value"),
        "reason_error": typed.error_at("/reason"),
        "asks_reason": bool(typed.form == "entry" and (typed.reason or typed.error_at("/reason"))),
        "is_first": not typed.error_at("/reason"),
        "is_scan": is_scanned(step),
        "is_mine": True,
    }


def _is_identified(document: Document, found: Rehearsal) -> bool:
    """Say whether a bag or a label was scanned so far, and was the right one."""
    kinds = {one.code: one.kind for one in document.steps}
    return any(
        one["act"] == "go_on" and kinds[one["step"]] == "scan_identity" for one in found.acts
    )


def _kind(document: Document, step: Step, shown: str) -> dict[str, Any]:
    """Return what the input of a step shows beside its instruction, as the simulator has it."""
    told: dict[str, Any] = {}
    if hasattr(step, "hard") and hasattr(step, "soft"):
        told |= _limits(step)
    match step.kind:
        case "sensor":
            live = {"sensor": "Simulated sensor", "at": now(), "value": decimal_from(shown)}
            told |= {"unit": step.unit, "live": live}  # type: ignore[attr-defined]
        case "line_clearance":
            told |= {"area": step.area, "stage": step.stage}  # type: ignore[attr-defined]
        case "number" | "calculation" | "in_process_control":
            told["unit"] = step.unit  # type: ignore[attr-defined]
            told |= {"result": shown, "formula": step.formula} if step.kind == "calculation" else {}  # type: ignore[attr-defined]
        case "scan_identity":
            told["expected"] = f"the {step.target} of patient {PATIENT}"  # type: ignore[attr-defined]
        case "scan_material" | "scan_equipment":
            told |= {"expected": shown, "amount": _amount(document, step)}
    if isinstance(step, TimerStep):
        most = step.max_seconds
        told |= {
            "least": timedelta(seconds=step.min_seconds),
            "most": timedelta(seconds=most) if most else None,
            "ends_at": now() - timedelta(seconds=int(shown) - step.min_seconds),
            "is_over": True,
        }
    return told


def _amount(document: Document, step: Step) -> str:
    if not isinstance(step, ScanMaterialStep):
        return ""
    line = document.material(step.material)
    if step.quantity is not None and step.unit:
        return quantity_label(step.quantity, step.unit)
    return quantity_label(line.quantity, line.unit) if line else ""


def _limits(step: Any) -> dict[str, Any]:
    def edge(limits: Range | None, side: str) -> str:
        found = getattr(limits, side) if limits else None
        return "" if found is None else text_of(found)

    return {
        "low": edge(step.hard, "min"),
        "high": edge(step.hard, "max"),
        "soft_low": edge(step.soft, "min"),
        "soft_high": edge(step.soft, "max"),
        "hard_words": range_label(step.hard, step.unit),
        "soft_words": range_label(step.soft, step.unit),
    }


def _ended(request: HttpRequest, found: Rehearsal, **more: Any) -> dict[str, Any]:
    """Return the context of the page of a rehearsal that is not being walked."""
    acts = {one["step"]: one for one in found.acts}
    user = person_of(request)
    may_confirm = (
        found.state == "passed" and found.person_id != user.pk and holds(user, *TRAINING_RECORDERS)
    )
    error = str(more.pop("sign_error", ""))
    return {
        "rehearsal": found,
        "title": version_title(found.recipe_version),
        "count": len(document_rehearsed(found).steps),
        # Told only once it is over: whoever rehearses must find them.
        "faults": []
        if found.state == "running"
        else [{"fault": one, "act": acts.get(one.step)} for one in faults_in(found)],
        "signatures": judged(signatures_of(found).order_by("pk")),
        "signing": _dialog(request, found, error) if may_confirm else None,
        **more,
    }


def _dialog(request: HttpRequest, found: Rehearsal, error: str) -> dict[str, Any]:
    statement = rehearsal_statement(found)
    digest = digest_of(statement)
    return {
        "id": "sign-rehearsal",
        "action": f"/rehearsals/{found.pk}/confirm/",
        "meaning": "approved",
        **signer_facts(request, shown=found, digest=digest, meaning="approved"),
        "what": f"{found.code} of {found.person.full_name}",
        "values": [
            {"label": "Recipe", "value": statement["recipe"]},
            {"label": "Scenario", "value": found.get_scenario_display()},
            {"label": "Steps", "value": str(len(found.acts))},
            {"label": "Training until", "value": f"{statement['training_until']:%d %b %Y}"},
        ],
        "digest": digest,
        "consequence": "Records a training on this version of the recipe.",
        "submit": f"Sign: {found.code} was passed",
        "error": error,
    }


@require_POST
@roles_required(*REHEARSERS)
def rehearsal_leave(request: HttpRequest, number: int) -> HttpResponse:
    """End one's own rehearsal before its last step."""
    found = rehearsal_seen(number, person_of(request))
    commands.leave_rehearsal(rehearsal_id=found.pk, act=act_of_request(request))
    messages.info(request, f"{found.code} was left.")
    return go(f"/rehearsals/{found.pk}/")


@require_POST
@roles_required(*TRAINING_RECORDERS)
def rehearsal_confirm(request: HttpRequest, number: int) -> HttpResponse:
    """Sign that a rehearsal was passed; the training follows."""
    found = rehearsal_seen(number, person_of(request))
    try:
        proof = proof_of_signer(request)
        commands.confirm_rehearsal(
            rehearsal_id=found.pk,
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act_of_proof(request, proof),
        )
    except Refusal as refusal:
        told: dict[str, Any] = (
            {"sign_error": refusal.detail} if refusal.status == 401 else {"refusal": refusal}
        )
        found = rehearsal_seen(number, person_of(request))
        context = _ended(request, found, **told)
        return render(request, "batches/rehearsal.html", context, status=refusal.status)
    messages.success(request, f"{found.code} is confirmed: the training is recorded.")
    return go(f"/rehearsals/{found.pk}/")
