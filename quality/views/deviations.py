"""Deviations: the list, one deviation with its life, and every move in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.acts import Act
from audit.csv import csv_response
from audit.edges import act_of_request
from audit.queries import judged, signatures_of
from audit.views import roles_required
from kernel.errors import Invalid, WrongCredentials
from quality import commands
from quality.forms import AssessForm, ClassifyForm, InvestigateForm, QualityForm, ReasonForm
from quality.models import Deviation
from quality.permissions import QUALITY_UNIT, READERS, may_decide
from quality.queries import (
    batch_of,
    closing_statement,
    deviation_numbered,
    deviations_seen,
    life_of,
    related_batches,
)
from quality.states import DEVIATION
from quality.views.review import person_of
from quality.views.signing import proof_and_act, seen_version, signing

PAGE = 25
COLUMNS = (
    "deviation", "site", "kind", "title", "class", "state", "batch", "reported_by", "reported_at",
    "closed_by", "closed_at", "cause", "impact_on_other_batches", "decision",
)  # fmt: skip
FORMS: dict[str, type[QualityForm]] = {
    "classify": ClassifyForm,
    "investigate": InvestigateForm,
    "assess": AssessForm,
    "return": ReasonForm,
    "reopen": ReasonForm,
}
# The journey of a deviation: what each state is called, and where it stands.
WAY = (
    ("open", "Reported"),
    ("under_investigation", "Investigation"),
    ("cause_found", "Impact and decision"),
    ("qa_approval", "QA approval"),
    ("closed", "Closed"),
)


def _filters(request: HttpRequest) -> dict[str, str]:
    """Return the filters of the list that say something we know."""
    asked = {
        "state": (request.GET.get("state", ""), DEVIATION.states),
        "class": (request.GET.get("class", ""), Deviation.Class.values),
    }
    found = {name: value for name, (value, known) in asked.items() if value in known}
    batch = request.GET.get("batch", "").strip()[:24]
    return {**found, "batch": batch} if batch and batch.isprintable() else found


@require_safe
@roles_required(*READERS)
def deviation_list(request: HttpRequest) -> HttpResponseBase:
    """Show the deviations, newest first, by cursor, or all as CSV; the address holds the filters."""
    chosen = _filters(request)
    rows = deviations_seen(person_of(request))
    if "state" in chosen:
        rows = rows.filter(state=chosen["state"])
    if "class" in chosen:
        rows = rows.filter(classification=chosen["class"])
    if "batch" in chosen:
        rows = rows.filter(batch__number__iexact=chosen["batch"])
    if request.GET.get("format") == "csv":
        found = rows.order_by("-pk").iterator(500)
        return csv_response(request, "deviations", COLUMNS, map(_csv_row, found))
    total = rows.count()
    before = request.GET.get("before", "")
    is_cursor = before.isascii() and before.isdigit() and len(before) <= 18
    older = rows.filter(pk__lt=int(before)) if is_cursor else rows
    some = list(older.order_by("-pk")[: PAGE + 1])
    page = some[:PAGE]
    here = urlencode(chosen)
    context = {
        "deviations": page,
        "chosen": chosen,
        "states": [(state, word) for state, word in WAY],
        "classes": Deviation.Class.choices,
        "csv_href": f"?{urlencode({**chosen, 'format': 'csv'})}",
        "pager": {
            "shown": len(page),
            "total": total,
            "noun": "deviations",
            "prev_href": f"/deviations/?{here}" if is_cursor else "",
            "next_href": f"/deviations/?{urlencode({**chosen, 'before': page[-1].pk})}"
            if len(some) > PAGE
            else "",
        },
    }
    return render(request, "quality/deviations.html", context)


def _csv_row(one: Deviation) -> list[Any]:
    batch, closed_by = one.batch, one.closed_by
    return [
        one.number, one.site.code, one.kind, one.title, one.classification, one.state,
        None if batch is None else batch.number, one.reported_by.full_name, one.reported_at,
        None if closed_by is None else closed_by.full_name, one.closed_at,
        one.cause, one.impact_on_other_batches, one.decision,
    ]  # fmt: skip


def _journey(deviation: Deviation) -> list[dict[str, Any]]:
    place = [state for state, _ in WAY].index(deviation.state)
    closed = deviation.state == "closed"
    return [
        {
            "label": word,
            "state": "done" if index < place or closed else "current" if index == place else "todo",
        }
        for index, (_, word) in enumerate(WAY)
    ]


def deviation_screen(
    request: HttpRequest,
    number: str,
    *,
    forms: dict[str, QualityForm] | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show a deviation with what may be done now."""
    person = person_of(request)
    deviation = deviation_numbered(number, person)
    may = may_decide(person, deviation.site_id)
    verbs = DEVIATION.verbs_from(deviation.state) if may else ()
    initial = {"classification": deviation.classification}
    shown = {
        verb: (forms or {}).get(verb) or FORMS[verb](initial=initial, auto_id=f"id_{verb}_%s")
        for verb in verbs
        if verb in FORMS
    }
    is_own = deviation.reported_by_id == person.pk
    context = {
        "deviation": deviation,
        "batch": batch_of(deviation),
        "related": related_batches(deviation),
        "journey": _journey(deviation),
        "life": life_of(deviation),
        "exceptions": deviation.exceptions.select_related("batch", "step"),
        "forms": shown,
        "verbs": verbs,
        "is_own": is_own,
        "signatures": judged(signatures_of(deviation)),
        "closing": signing(
            request,
            key="close",
            action=f"/deviations/{deviation.number}/close/",
            statement=closing_statement(deviation),
            meaning="closed",
            what=f"Closing of deviation {deviation.number}",
            submit="Sign: closed",
            version=deviation.version,
            shown=deviation,
            error=error,
        )
        if "close" in verbs and not is_own
        else None,
    }
    return render(request, "quality/deviation.html", context, status=status)


@require_safe
@roles_required(*READERS)
def deviation_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a deviation."""
    return deviation_screen(request, number)


def _moved(
    request: HttpRequest, number: str, verb: str, ask: Callable[..., Deviation]
) -> HttpResponse:
    deviation_numbered(number, person_of(request))
    form = FORMS[verb](request.POST, auto_id=f"id_{verb}_%s")
    if form.is_valid():
        act: Act = act_of_request(request)
        try:
            ask(number=number, seen=seen_version(request), act=act, **form.cleaned_data)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            return redirect(f"/deviations/{number}/")
    return deviation_screen(request, number, forms={verb: form}, status=422)


@require_POST
@roles_required(*QUALITY_UNIT)
def classify(request: HttpRequest, number: str) -> HttpResponse:
    """Say how grave it is."""
    return _moved(request, number, "classify", commands.classify_deviation)


@require_POST
@roles_required(*QUALITY_UNIT)
def investigate(request: HttpRequest, number: str) -> HttpResponse:
    """Write down the cause."""
    return _moved(request, number, "investigate", commands.investigate_deviation)


@require_POST
@roles_required(*QUALITY_UNIT)
def assess(request: HttpRequest, number: str) -> HttpResponse:
    """Write down the impact on other batches and the decision."""
    return _moved(request, number, "assess", commands.assess_deviation)


@require_POST
@roles_required(*QUALITY_UNIT)
def send_back(request: HttpRequest, number: str) -> HttpResponse:
    """Send it back to the investigation."""
    return _moved(request, number, "return", commands.return_deviation)


@require_POST
@roles_required(*QUALITY_UNIT)
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """Open it again."""
    return _moved(request, number, "reopen", commands.reopen_deviation)


@require_POST
@roles_required(*QUALITY_UNIT)
def close(request: HttpRequest, number: str) -> HttpResponse:
    """Close it with a signature."""
    deviation_numbered(number, person_of(request))
    try:
        proof, act = proof_and_act(request)
        commands.close_deviation(
            number=number,
            seen=seen_version(request),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act,
        )
    except WrongCredentials as refusal:
        return deviation_screen(request, number, error=refusal.detail, status=refusal.status)
    return redirect(f"/deviations/{number}/")
