"""The recurring review of access: what is due, the list to sign, and what was signed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.commands import review_access
from audit.edges import act_of_proof, now
from audit.forms import proof_of_signer, signer_facts
from audit.models import Site, User
from audit.permissions import ACCESS_REVIEWERS, ROLE_ASKERS, sites_of
from audit.queries import (
    EVERYWHERE,
    access_statement,
    judged,
    review_seen,
    reviews_due,
    reviews_seen,
    signatures_of,
    sites_offered,
)
from audit.signing import digest_of
from audit.views import roles_required
from audit.views.asking import person_of
from kernel.errors import Invalid, NotFound, WrongCredentials

PAGE = 50


def _is_whole(by: User) -> bool:
    return sites_of(by, *ROLE_ASKERS) is None


@require_safe
@roles_required(*ROLE_ASKERS)
def access_reviews(request: HttpRequest) -> HttpResponse:
    """Show what is due or overdue, and the reviews that were signed."""
    by = person_of(request)
    context = {
        "due": reviews_due(sites_offered(by), whole=_is_whole(by), on=now().date()),
        "reviews": reviews_seen(by)[:PAGE],
    }
    return render(request, "audit/access_reviews.html", context)


def _place(code: str, by: User) -> Site | None:
    """Return the site that is reviewed; None is the whole house."""
    if code == EVERYWHERE and _is_whole(by):
        return None
    found = next((one for one in sites_offered(by) if one.code == code), None)
    if found is None:
        raise NotFound("There is no such site.")
    return found


@require_safe
@roles_required(*ROLE_ASKERS)
def access_list(request: HttpRequest, code: str) -> HttpResponse:
    """Show who may do what right now; quality signs it."""
    return access_screen(request, code)


def access_screen(
    request: HttpRequest, code: str, *, error: str = "", status: int = 200
) -> HttpResponse:
    """Return the page of a list that can be signed, with what was refused in its dialog."""
    by = person_of(request)
    place = _place(code, by)
    statement = access_statement(place, at=now())
    digest = digest_of(statement)
    sites = sites_of(by, *ACCESS_REVIEWERS)
    may_sign = sites is None or (place is not None and place.pk in sites)
    context = {
        "code": code,
        "place": place,
        "accounts": statement["accounts"],
        "signing": {
            "id": "sign-review",
            "action": f"/access-reviews/of/{code}/sign/",
            **signer_facts(request, shown=place or EVERYWHERE, digest=digest, meaning="reviewed"),
            "what": f"Who may do what: {place.code if place else EVERYWHERE}",
            "meaning": "reviewed",
            "values": [{"label": "Accounts in the list", "value": len(statement["accounts"])}],
            "digest": digest,
            "submit": "Sign: access reviewed",
            "reason": "required",
            "reason_label": "What was found",
            "error": error,
            "is_open": bool(error),
        }
        if may_sign
        else None,
    }
    return render(request, "audit/access_list.html", context, status=status)


@require_POST
@roles_required(*ACCESS_REVIEWERS)
def access_sign(request: HttpRequest, code: str) -> HttpResponse:
    """Sign the list as it was shown."""
    place = _place(code, person_of(request))
    try:
        proof = proof_of_signer(request)
        review = review_access(
            site=place,
            comment=request.POST.get("reason", ""),
            proof=proof,
            seen_digest=request.POST.get("digest", ""),
            act=act_of_proof(request, proof),
        )
    except (WrongCredentials, Invalid) as refusal:
        return access_screen(request, code, error=refusal.detail, status=refusal.status)
    return redirect("access-review", review.pk)


@require_safe
@roles_required(*ROLE_ASKERS)
def access_review(request: HttpRequest, review_id: int) -> HttpResponse:
    """Show a review as it was signed."""
    review = review_seen(review_id, person_of(request))
    context = {
        "review": review,
        "accounts": review.listed,
        "signature": next(iter(judged(signatures_of(review))), None),
    }
    return render(request, "audit/access_review.html", context)
