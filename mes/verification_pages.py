"""Pages that verify: one batch at once, the whole ledger as a job with a progress bar.

On the roof, because a whole record is known here only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.commands import ask_job, cancel_job
from audit.edges import act_of_request
from audit.models import Job, User
from audit.queries import job_numbered, jobs_of_kind
from audit.views import EVERYBODY, roles_required
from batches.queries import batch_numbered
from kernel.errors import Invalid, Unauthenticated
from mes.packages import verify
from mes.packages.uploaded import verdict_of
from mes.verifying import VERIFY_LEDGER, verify_batch

TRUSTEES = ("qa", "qp", "admin")
SHOWN = 20


def person_of(request: HttpRequest) -> User:
    """Return who is asking."""
    if not isinstance(request.user, User):
        raise Unauthenticated("Sign in first.")
    return request.user


@require_POST
@roles_required(*EVERYBODY)
def verify_one(request: HttpRequest, number: str) -> HttpResponse:
    """Verify the record of one batch, and say what was found."""
    batch = batch_numbered(number, person_of(request))
    context = {"batch": batch, **report_shown(verify_batch(batch))}
    is_part = request.headers.get("HX-Request") is not None
    return render(request, "audit/_verified.html" if is_part else "audit/verified.html", context)


@require_safe
@roles_required(*TRUSTEES)
def verifications(request: HttpRequest) -> HttpResponse:
    """Show the verifications of the whole ledger, newest first."""
    jobs = list(jobs_of_kind(VERIFY_LEDGER)[:SHOWN])
    rows = [
        {
            "href": f"/verification/{job.pk}/",
            "cells": [
                {"text": f"No. {job.pk}"},
                {"state": look_of(job)[0], "label": look_of(job)[1]},
                {"at": job.created_at},
                {"text": job.asked_by.full_name},
                {"text": str(job.result.get("entries", job.done)), "is_number": True},
            ],
        }
        for job in jobs
    ]
    columns = [{"label": name} for name in ("Verification", "Result", "Asked", "By")]
    context = {
        "rows": rows,
        "columns": [*columns, {"label": "Entries", "is_number": True}],
        "empty": {"title": "Not verified yet", "icon_name": "shield"},
    }
    return render(request, "audit/verifications.html", context)


@require_POST
@roles_required(*TRUSTEES)
def verify_all(request: HttpRequest) -> HttpResponse:
    """Ask for a verification of the whole ledger; one that is under way is shown instead."""
    job = ask_job(kind=VERIFY_LEDGER, payload={}, act=act_of_request(request))
    return redirect("verification", job_id=job.pk)


@require_safe
@roles_required(*TRUSTEES)
def verification(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far a verification is, and what it found."""
    job = job_numbered(job_id, kind=VERIFY_LEDGER)
    is_part = request.headers.get("HX-Request") is not None
    return render(request, "audit/_job.html" if is_part else "audit/job.html", job_shown(job))


@require_POST
@roles_required(*TRUSTEES)
def stop_verification(request: HttpRequest, job_id: int) -> HttpResponse:
    """Stop a verification."""
    job = job_numbered(job_id, kind=VERIFY_LEDGER)
    cancel_job(job_id=job.pk, act=act_of_request(request))
    return redirect("verification", job_id=job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required(*TRUSTEES)
def package_page(request: HttpRequest) -> HttpResponse:
    """Verify the package of a batch that somebody brings, and keep nothing of it."""
    asked = {name: request.POST.get(name, "").strip()[:400] for name in ("fingerprint", "paper")}
    context: dict[str, Any] = {**asked, "proves": verify.PROVES}
    status = 200
    if request.method == "POST":
        try:
            context["verdict"] = verdict_of(request.FILES.get("package"), **asked)
        except Invalid as refusal:
            context["refusal"], status = refusal.detail, refusal.status
    return render(request, "audit/package.html", context, status=status)


def job_shown(job: Job) -> dict[str, Any]:
    """Return the context of a job's page."""
    state, word = look_of(job)
    return {
        "job": job,
        "look": state,
        "word": word,
        "is_active": job.state in (Job.State.WAITING, Job.State.RUNNING),
        **(report_shown(job.result) if job.state == Job.State.DONE else {}),
    }


def report_shown(report: dict[str, Any]) -> dict[str, Any]:
    """Return the context in which a report is shown."""
    last = report.get("last_checkpoint_at")
    return {"report": report, "last_checkpoint": last and datetime.fromisoformat(last)}


def look_of(job: Job) -> tuple[str, str]:
    """Return (state whose look it takes, word) of a job."""
    if job.state == Job.State.DONE:
        return ("intact", "Intact") if job.result.get("intact") else ("broken", "Not as recorded")
    words = {"waiting": "Waiting", "running": "Running", "failed": "Failed", "canceled": "Stopped"}
    looks = {"waiting": "issued", "running": "running", "failed": "broken", "canceled": "planned"}
    return looks[job.state], words[job.state]
