"""Release: the certificate of a batch, and the one decision of a Qualified Person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.queries import checked_signatures, judged, signatures_in, signatures_of
from audit.views import roles_required
from batches.queries import batch_numbered
from batches.states import BATCH
from kernel.errors import Invalid, WrongCredentials
from quality import commands
from quality.permissions import REVIEWERS, may_certify
from quality.queries import (
    consequence,
    deviations_of,
    disposition_of,
    disposition_statement,
    exceptions_of,
    release_facts,
    results_of,
    steps_shown,
    verified_findings,
)
from quality.rules.release_gate import ReleaseFacts, missing_before_release
from quality.views.review import checks_of, person_of
from quality.views.signing import proof_and_act, seen_version, signing

CERTIFYING = ("issued", "reviewed", "released", "rejected")


def _dialog(request: HttpRequest, batch: Any, decision: str, error: str) -> dict[str, Any]:
    verb = "release" if decision == "released" else "reject"
    return signing(
        request,
        key=verb,
        action=f"/batches/{batch.number}/release/{'sign' if verb == 'release' else 'reject'}/",
        statement=disposition_statement(batch, decision),
        meaning=decision,
        what=f"Disposition of batch {batch.number}",
        submit=f"Sign: {decision}",
        version=batch.version,
        shown=batch,
        consequence=consequence(batch, decision),
        reason="optional" if decision == "released" else "required",
        error=error,
    )


def _dialogs(
    request: HttpRequest, batch: Any, facts: ReleaseFacts, error: dict[str, str]
) -> dict[str, Any]:
    """Return the decisions that this person may sign now, by verb."""
    if not facts.is_signer_qualified:
        return {}
    found: dict[str, Any] = {}
    verbs = BATCH.verbs_from(batch.state)
    if "release" in verbs and not missing_before_release(facts):
        found["release"] = _dialog(request, batch, "released", error.get("release", ""))
    if "reject" in verbs:
        found["reject"] = _dialog(request, batch, "rejected", error.get("reject", ""))
    return found


def certificate(
    request: HttpRequest, number: str, *, error: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """Show the certificate of a batch with what is missing, or what was decided."""
    person = person_of(request)
    batch = batch_numbered(number, person)
    disposition = disposition_of(batch)
    facts = release_facts(batch, signer=person, findings=verified_findings(batch))
    checks = checks_of(batch, facts, later=True)
    signatures = signatures_in(batch.stream()).order_by("id")
    context = {
        "batch": batch,
        "order_href": f"/orders/{batch.order.number}/",
        "disposition": disposition,
        "decision": None if disposition is None else judged(signatures_of(disposition))[0],
        "checks": checks,
        "met": sum(one["check"].is_met for one in checks),
        "missing": [one for one in checks if not one["check"].is_met],
        "findings": facts.ledger_findings,
        "results": results_of(steps_shown(batch)),
        "exceptions": exceptions_of(batch),
        "deviations": deviations_of(batch).order_by("id"),
        "unsound": checked_signatures(batch)[1],
        "signatures": judged(signatures.filter(meaning__in=CERTIFYING)),
        "step_signatures": signatures.filter(meaning__in=("performed", "verified")).count(),
        "dialogs": {} if disposition else _dialogs(request, batch, facts, error or {}),
        "is_qualified": may_certify(person, batch.site_id),
    }
    return render(request, "quality/release.html", context, status=status)


@require_safe
@roles_required(*REVIEWERS)
def release_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show the certificate."""
    return certificate(request, number)


def _signed(
    request: HttpRequest, number: str, verb: str, words: str, ask: Callable[..., Any]
) -> HttpResponse:
    batch = batch_numbered(number, person_of(request))
    try:
        proof, act = proof_and_act(request)
        ask(
            batch_id=batch.pk,
            seen=seen_version(request),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act,
            **{words: request.POST.get("reason", "")},
        )
    except (WrongCredentials, Invalid) as refusal:
        return certificate(request, number, error={verb: refusal.detail}, status=refusal.status)
    return redirect(f"/batches/{number}/release/")


@require_POST
@roles_required("qp")
def sign_release(request: HttpRequest, number: str) -> HttpResponse:
    """Release the batch."""
    return _signed(request, number, "release", "comment", commands.release_batch)


@require_POST
@roles_required("qp")
def sign_rejection(request: HttpRequest, number: str) -> HttpResponse:
    """Reject the batch."""
    return _signed(request, number, "reject", "reason", commands.reject_batch)
