"""Amendments, the screens: the list with each difference drawn, the form, and the decisions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer, signer_facts
from audit.models import Signature
from audit.permissions import holds
from audit.signing import digest_of
from audit.views import EVERYBODY, roles_required
from batches import commands
from batches.commands.amendments import AMENDABLE, SEALED, WRITERS
from batches.forms import AddedStepForm, AmendmentForm
from batches.models import Amendment, Batch
from batches.queries import (
    amendments_of,
    batch_numbered,
    change_of,
    decision_of,
    differences_of,
    documents_of,
    effective_plain,
    latest_of,
    rejection_statement,
    signatures_on_amendments,
    state_of,
    statement_now,
)
from batches.rules.amendments import (
    TARGETS,
    UNTOUCHED,
    changeable,
    lines_of,
    reads,
    words_of_change,
)
from batches.views.forms import go, noted, person_of
from kernel.canonical import digest
from kernel.errors import Conflict, Invalid, NotFound, Refusal, StaleView
from recipes.queries import read_document
from recipes.rules.document import Document
from recipes.rules.editing import free_code

WHATS = (
    ("add_step", "Add a step after"),
    ("change_limits", "Change the limits of"),
    ("change_quantity", "Change the quantity of"),
    ("change_target", "Change the target of parameter"),
)


@require_safe
@roles_required(*EVERYBODY)
def amendments(request: HttpRequest, number: str) -> HttpResponse:
    """Show what this batch does otherwise than its frozen recipe, and what is asked for."""
    batch = batch_numbered(number, person_of(request))
    return render(request, "batches/amendments.html", shown(request, batch))


def shown(request: HttpRequest, batch: Batch, **more: Any) -> dict[str, Any]:
    """Return the context of the page."""
    user = person_of(request)
    listed = amendments_of(batch)
    signed = signatures_on_amendments(batch)
    for one in listed:
        one.batch = batch
    try:
        bases, current = documents_of(batch)
    except Refusal as refusal:
        # Reading stays open where somebody altered what was approved; nothing can be decided.
        bases, current = {}, None
        more.setdefault("refusal", refusal)
    is_running = batch.state in AMENDABLE and current is not None
    is_closed = batch.state in SEALED or current is None
    may_decide = not is_closed and holds(user, "qa", site_id=batch.site_id)
    error = more.pop("sign_error", ("", ""))
    open_ones = [one for one in listed if decision_of(one) is None]
    deciding = [one for one in open_ones if may_decide and one.written_by_id != user.pk]
    return {
        "batch": batch,
        "rows": [
            _row(one, bases.get(one.pk), current, signed[one.pk]) for one in reversed(listed)
        ],
        "counts": {word: sum(state_of(one) == word for one in listed) for word in
                   ("approved", "proposed")},
        "may_write": is_running and holds(user, *WRITERS, site_id=batch.site_id),
        "mine": [] if is_closed else [one for one in open_ones if one.written_by_id == user.pk],
        "dialogs": [
            dialog
            for one in deciding
            for meaning in (("approved", "rejected") if is_running else ("rejected",))
            if (dialog := _dialog(request, one, current or {}, meaning, error)) is not None
        ],
        **more,
    }  # fmt: skip


def _row(
    one: Amendment,
    before: dict[str, Any] | None,
    current: dict[str, Any] | None,
    signatures: list[Signature],
) -> dict[str, Any]:
    """Return one amendment as it is shown.

    Args:
        before: the document it was made to, once it is in force; ``current`` is that of now.
    """
    base = current if decision_of(one) is None else before
    return {
        "amendment": one,
        "decision": decision_of(one),
        "state": state_of(one),
        "words": words_of_change(change_of(one)),
        "differences": differences_of(one, base),
        "signatures": signatures,
    }


def _dialog(
    request: HttpRequest,
    one: Amendment,
    current: dict[str, Any],
    meaning: str,
    error: tuple[str, str],
) -> dict[str, Any] | None:
    """Return the dialog of a decision; None where the place reads otherwise by now."""
    try:
        is_approval = meaning == "approved"
        said = statement_now(one, current) if is_approval else rejection_statement(one)
    except (Conflict, NotFound):
        return None
    key, verb = f"{meaning}-{one.code}", "approve" if is_approval else "reject"
    value = digest_of(said)
    change = change_of(one)
    lines = [
        {"label": "Amendment", "value": words_of_change(change)},
        *({"label": each.label, "old": each.old, "value": each.new} for each in lines_of(change)),
        {"label": "Written by", "value": said["written_by"]},
    ]
    if is_approval:
        lines.append({"label": "Document before", "value": said["base_digest"][:16]})
        lines.append({"label": "Document afterwards", "value": said["effective_digest"][:16]})
    return {
        "id": f"sign-{key}",
        "code": one.code,
        "verb": verb,
        "action": f"/batches/{one.batch.number}/amendments/{one.number}/{verb}/",
        "meaning": meaning,
        **signer_facts(request, shown=one, digest=value, meaning=meaning),
        "what": f"{one.batch.number} · amendment {one.code}",
        "values": lines,
        "digest": value,
        "consequence": "In force at once, and an exception for the review of this batch."
        if is_approval
        else "The batch goes on as it is.",
        "reason": "" if is_approval else "required",
        "submit": f"Sign: {verb} {one.code}",
        "error": error[1] if error[0] == key else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required(*WRITERS)
def amendment_new(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a change of a running batch: what and where first, then what it shall read."""
    batch = batch_numbered(number, person_of(request))
    plain = effective_plain(batch)
    if batch.state not in AMENDABLE or not plain:
        raise NotFound(f"Batch {batch.number} is not being made.")
    document = read_document(plain)
    asked = {name: request.GET.get(name, "")[:40] for name in ("what", "place", "kind")}
    context: dict[str, Any] = {
        "batch": batch,
        "asked": asked,
        "whats": WHATS,
        "kinds": AddedStepForm.kinds,
        "steps": _places(batch, document),
        "parameters": [one for one in document.formula.parameters if not one.formula],
        "shown": digest(plain),
    }
    try:
        form = _form(request, document, plain, asked)
    except Refusal as refusal:
        context["refusal"] = refusal
        return render(request, "batches/amendment_new.html", context, status=refusal.status)
    context["form"] = form
    if request.method != "POST" or form is None:
        return render(request, "batches/amendment_new.html", context)
    return _written(request, batch, document, form, context)


def _written(
    request: HttpRequest,
    batch: Batch,
    document: Document,
    form: AddedStepForm | AmendmentForm,
    context: dict[str, Any],
) -> HttpResponse:
    """Write the amendment of a form, or show the form again with what is wrong."""
    status = 422
    if form.is_valid():
        try:
            if request.POST.get("shown", "") != context["shown"]:
                raise StaleView("The batch was amended after this form was shown. Look again.")
            units = {one.code: one.unit for one in document.formula.parameters}
            change = form.change(units) if isinstance(form, AddedStepForm) else form.change()
            with noted(request, "write_amendment", batch):
                made = commands.write_amendment(
                    batch_id=batch.pk,
                    change=change,
                    reason=form.cleaned_data["reason"],
                    act=act_of_request(request),
                )
        except Refusal as refusal:
            form.blame(refusal)
            status = refusal.status
        else:
            messages.success(request, f"{made.code} is written: quality decides.")
            return go(f"/batches/{batch.number}/amendments/#{made.code}")
    return render(request, "batches/amendment_new.html", context, status=status)


def _places(batch: Batch, document: Document) -> list[dict[str, Any]]:
    """Return the steps of a batch with what may be changed of each now."""
    states = {one.code: one.state for one in latest_of(batch.steps.all())}
    return [
        {
            "code": step.code,
            "title": step.title,
            "is_open": states.get(step.code) in UNTOUCHED,
            "state": states.get(step.code, ""),
        }
        for step in document.steps
    ]


def _form(
    request: HttpRequest, document: Document, plain: dict[str, Any], asked: dict[str, str]
) -> AddedStepForm | AmendmentForm | None:
    """Return the form for what was chosen; None while nothing was.

    Raises:
        NotFound: there is no such place.
        Invalid: the place has nothing of that sort.
    """
    what, place = asked["what"], asked["place"]
    if what not in dict(WHATS) or not place:
        return None
    data = request.POST if request.method == "POST" else None
    if what == "change_target":
        parameter = document.parameter(place)
        before = reads(plain, what, place, TARGETS)  # type: ignore[arg-type]  # one of WHATS
        unit = parameter.unit if parameter else ""
        return AmendmentForm(data, what=what, place=place, before=before, unit=unit)
    step = next((one for one in document.steps if one.code == place), None)
    if step is None:
        raise NotFound(f"The batch has no step {place}.")
    if what == "add_step":
        if asked["kind"] not in dict(AddedStepForm.kinds):
            return None
        codes = {one.code for one in document.steps}
        parameters = [
            (one.code, f"{one.label} ({one.code})") for one in document.formula.parameters
        ]
        return AddedStepForm(
            data,
            place=place,
            kind=asked["kind"],
            parameters=parameters,
            initial={"code": free_code(place, codes), "decimals": 1},
        )
    names = changeable(step, what)  # type: ignore[arg-type]  # one of WHATS
    if not names:
        raise Invalid(f"Step {place} has nothing of that sort to change.", pointer="/place")
    before = reads(plain, what, place, names)  # type: ignore[arg-type]  # one of WHATS
    material = document.material(str(getattr(step, "material", "")))
    unit = getattr(step, "unit", None) or (material.unit if material else "")
    return AmendmentForm(data, what=what, place=place, before=before, unit=unit)


def _amendment(batch: Batch, number: int) -> Amendment:
    found = batch.amendments.filter(number=number).first() if number < 2**15 else None
    if found is None:
        raise NotFound(f"Batch {batch.number} has no amendment A{number}.")
    return found


@require_POST
@roles_required("qa")
def amendment_approve(request: HttpRequest, number: str, amendment: int) -> HttpResponse:
    """Approve an amendment, signed by quality: it is in force at once."""
    return _decided(request, number, amendment, "approved")


@require_POST
@roles_required("qa")
def amendment_reject(request: HttpRequest, number: str, amendment: int) -> HttpResponse:
    """Reject an amendment, signed by quality and with a reason."""
    return _decided(request, number, amendment, "rejected")


def _decided(request: HttpRequest, number: str, amendment: int, meaning: str) -> HttpResponse:
    batch = batch_numbered(number, person_of(request))
    found = _amendment(batch, amendment)
    seen = request.POST.get("digest", "")
    try:
        proof = proof_of_signer(request)
        act = act_of_proof(request, proof)
        with noted(request, f"{meaning} amendment", batch):
            if meaning == "approved":
                commands.approve_amendment(
                    amendment_id=found.pk, proof=proof, seen_digest=seen, act=act
                )
            else:
                commands.reject_amendment(
                    amendment_id=found.pk,
                    proof=proof,
                    seen_digest=seen,
                    reason=request.POST.get("reason", "")[:1100],
                    act=act,
                )
    except NotFound:
        raise
    except Refusal as refusal:
        batch = batch_numbered(number, person_of(request))
        is_signature = refusal.status == 401
        told = {"sign_error": (f"{meaning}-{found.code}", refusal.detail)} if is_signature else {
            "refusal": refusal
        }  # fmt: skip
        context = shown(request, batch, **told)
        return render(request, "batches/amendments.html", context, status=refusal.status)
    messages.success(request, f"{found.code} is {meaning}.")
    return go(f"/batches/{batch.number}/amendments/")


@require_POST
@roles_required(*WRITERS)
def amendment_withdraw(request: HttpRequest, number: str, amendment: int) -> HttpResponse:
    """Take back what one has written oneself."""
    batch = batch_numbered(number, person_of(request))
    found = _amendment(batch, amendment)
    try:
        with noted(request, "withdraw_amendment", batch):
            commands.withdraw_amendment(
                amendment_id=found.pk,
                reason=request.POST.get("reason", "")[:1100],
                act=act_of_request(request),
            )
    except Refusal as refusal:
        context = shown(request, batch, refusal=refusal)
        return render(request, "batches/amendments.html", context, status=refusal.status)
    messages.success(request, f"{found.code} is withdrawn.")
    return go(f"/batches/{batch.number}/amendments/")
