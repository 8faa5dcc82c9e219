"""Files of a batch, the screen: all of them, and the certified copies that quality made."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_proof
from audit.forms import proof_of_signer, signer_facts
from audit.permissions import holds
from audit.signing import digest_of
from audit.views import EVERYBODY, roles_required
from batches import commands
from batches.models import Batch
from batches.queries import (
    batch_numbered,
    copies_of,
    copy_found,
    copy_statement,
    files_of,
    original_of,
)
from batches.reports.copies import copy_pdf
from batches.reports.signed import signed
from batches.rules.copies import CERTIFIED, CERTIFIERS, DECIDED, TITLE, WORDS, Certificate
from batches.views.forms import go, noted, person_of
from kernel.errors import Refusal


def path_of(batch: Batch) -> str:
    """Return the address of the files of a batch."""
    return f"/batches/{batch.number}/files/"


@require_safe
@roles_required(*EVERYBODY)
def batch_files(request: HttpRequest, number: str) -> HttpResponse:
    """Show the files of a batch and its certified copies."""
    batch = batch_numbered(number, person_of(request))
    return render(request, "batches/files.html", _shown(request, batch))


def _shown(request: HttpRequest, batch: Batch, **more: Any) -> dict[str, Any]:
    user = person_of(request)
    may_certify = holds(user, *CERTIFIERS, site_id=batch.site_id)
    return {
        "batch": batch,
        "files": files_of(batch),
        "copies": copies_of(batch),
        "may_certify": may_certify,
        "may_certify_record": may_certify and batch.state in DECIDED,
        **more,
    }


@require_POST
@roles_required(*CERTIFIERS)
def certify_copy(request: HttpRequest, number: str) -> HttpResponse:
    """Certify a copy: show what is signed first, then draw the copy and take the signature."""
    batch = batch_numbered(number, person_of(request))
    text = request.POST.get("file", "")
    file_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    try:
        if "digest" not in request.POST:
            return _asked(request, batch, file_id)
        proof = proof_of_signer(request)
        act = act_of_proof(request, proof)
        original = original_of(batch, file_id)
        count = batch.certified_copies.count() + 1
        seen = request.POST.get("digest", "")
        # Drawn before anything is locked: it takes a second.
        certificate = Certificate(
            batch=batch.number,
            number=count,
            original=original,
            certified_by=act.by.full_name,
            username=act.by.username,
            certified_at=act.at,
            statement_digest=seen,
        )
        content = signed(copy_pdf(certificate), reason=TITLE)
        with noted(request, "certify_copy", batch):
            commands.certify_copy(
                batch_id=batch.pk,
                file_id=file_id,
                number=count,
                original_digest=original.digest,
                content=content,
                proof=proof,
                seen_digest=seen,
                act=act,
            )
    except Refusal as refusal:
        if "digest" in request.POST and refusal.status == 401:
            return _asked(request, batch, file_id, refusal)
        context = _shown(request, batch, refusal=refusal)
        return render(request, "batches/files.html", context, status=refusal.status)
    return go(path_of(batch))


def _asked(
    request: HttpRequest, batch: Batch, file_id: int | None, refusal: Refusal | None = None
) -> HttpResponse:
    """Show the page with the e-sign dialog of a copy open."""
    original = original_of(batch, file_id)
    digest = digest_of(
        copy_statement(batch, original=original.name, original_digest=original.digest)
    )
    signing = {
        "id": "sign-copy",
        "action": path_of(batch) + "certify/",
        "meaning": CERTIFIED,
        **signer_facts(request, shown=batch, digest=digest, meaning=CERTIFIED),
        "what": f"{TITLE} · {batch.number} · {original.name}",
        "values": [
            {"label": "Original", "value": original.name},
            {"label": "SHA-256", "value": " ".join(wrap(original.digest, 16))},
            {"label": "Size", "value": f"{len(original.content)} bytes"},
            {"label": "Statement", "value": WORDS},
        ],
        "digest": digest,
        "hidden": [{"name": "file", "value": "" if file_id is None else file_id}],
        "consequence": "The copy is kept beside the original, and listed on the record.",
        "submit": "Sign: a true copy",
        "error": refusal.detail if refusal else "",
        "is_open": True,
    }
    context = _shown(request, batch, signing=signing)
    return render(request, "batches/files.html", context, status=refusal.status if refusal else 200)


@require_safe
@roles_required(*EVERYBODY)
def certified_copy(request: HttpRequest, number: str, copy: int) -> HttpResponse:
    """Give out a certified copy exactly as it is kept."""
    batch = batch_numbered(number, person_of(request))
    one = copy_found(batch, copy)
    answer = HttpResponse(bytes(one.content), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{batch.number}-{one.code}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
