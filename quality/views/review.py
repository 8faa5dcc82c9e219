"""Review by exception, the screen: the review of one batch."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.edges import now
from audit.models import User
from audit.queries import checked_signatures, judged, signatures_of
from audit.views import roles_required
from batches.queries import batch_numbered, section_counts
from batches.states import BATCH
from kernel.errors import NotFound
from quality.forms import CommentForm, EscalateForm, QualityForm
from quality.models import BatchException
from quality.permissions import REVIEWERS, may_decide, may_review_production
from quality.queries import (
    chart_of,
    deviations_of,
    exception_of,
    exceptions_of,
    last_review,
    makers_of,
    participants_of,
    release_facts,
    review_statement,
    sections_of,
    steps_around,
    steps_of,
)
from quality.rules.release_gate import Check, ReleaseFacts, checklist, missing_before_review
from quality.views.signing import signing

# Asked when somebody releases, on the page of the release.
ASKED_LATER = ("ledger", "signer", "independence")


def person_of(request: HttpRequest) -> User:
    """Return who is signed in; the page was opened for them."""
    assert isinstance(request.user, User), "roles_required let nobody else in"
    return request.user


def checks_of(batch: Any, facts: ReleaseFacts, *, later: bool) -> list[dict[str, Any]]:
    """Return the lines of the checklist with the place where each is put in order."""
    places = {
        "execution": f"/batches/{batch.number}/",
        "production_review": f"/batches/{batch.number}/review/#decide",
        "exceptions_opened": f"/batches/{batch.number}/review/#exceptions",
        "exceptions_decided": f"/batches/{batch.number}/review/#exceptions",
        "deviations": f"/deviations/?batch={batch.number}",
        "holds": f"/batches/{batch.number}/",
        "identity_at_receipt": f"/orders/{batch.order.number}/",
        "identity_in_steps": f"/batches/{batch.number}/",
        "trail_review": f"/batches/{batch.number}/trail/",
        "quality_review": f"/batches/{batch.number}/review/#decide",
        "review_is_current": f"/batches/{batch.number}/review/#decide",
        "ledger": f"/batches/{batch.number}/",
    }
    asked: list[Check] = [
        check for check in checklist(facts) if later or check.code not in ASKED_LATER
    ]
    return [{"check": check, "href": places.get(check.code, "")} for check in asked]


def number_in(request: HttpRequest, name: str) -> int | None:
    """Return a number of the address; what is none is None."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _next_of(exceptions: list[BatchException], here: BatchException | None) -> Any:
    """Return the exception to look at after ``here``: the next not opened, else not decided."""
    place = exceptions.index(here) + 1 if here in exceptions else 0
    turned = exceptions[place:] + exceptions[:place]
    for is_wanted in (_is_unopened, _is_undecided):
        found = next((one for one in turned if is_wanted(one) and one != here), None)
        if found is not None:
            return found
    return None


def _is_unopened(one: BatchException) -> bool:
    return one.opened_at is None


def _is_undecided(one: BatchException) -> bool:
    return one.state == "open"


def _dialogs(
    request: HttpRequest, batch: Any, facts: ReleaseFacts, error: dict[str, str]
) -> list[Any]:
    """Return the signatures that whoever looks may give now."""
    person = person_of(request)
    kinds = []
    verbs = BATCH.verbs_from(batch.state)
    may = may_review_production(person, batch.site_id) and person.pk not in makers_of(batch)
    if may and "review_production" in verbs:
        kinds.append("production")
    is_open = batch.state.startswith("qa_review") or "open_review" in verbs
    is_current = facts.is_quality_reviewed and not facts.is_changed_since_review
    if (
        is_open
        and not is_current
        and is_independent(person, batch)
        and not missing_before_review(facts)
    ):
        kinds.append("quality")
    return [_dialog(request, batch, kind, error.get(kind, "")) for kind in kinds]


def _dialog(request: HttpRequest, batch: Any, kind: str, error: str) -> dict[str, Any]:
    return signing(
        request,
        key=kind,
        action=f"/batches/{batch.number}/review/{kind}/",
        statement=review_statement(batch, kind),
        meaning="reviewed",
        what=f"{kind.capitalize()} review of batch {batch.number}",
        submit=f"Sign: reviewed for {kind}",
        version=batch.version,
        shown=batch,
        reason="optional",
        error=error,
    )


def is_independent(person: User, batch: Any) -> bool:
    """Say whether the person decides for quality here and had no part in the making."""
    return may_decide(person, batch.site_id) and person.pk not in participants_of(batch)


def review_screen(
    request: HttpRequest,
    number: str,
    *,
    chosen: int | None = None,
    forms: dict[str, QualityForm] | None = None,
    error: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the review of a batch; looking at an exception is a POST, so that it is on record."""
    person = person_of(request)
    batch = batch_numbered(number, person)
    exceptions = list(exceptions_of(batch))
    wanted = chosen if chosen is not None else number_in(request, "exception")
    selected = None if wanted is None else exception_of(batch, wanted)
    may = is_independent(person, batch)
    facts = release_facts(batch)
    checks = checks_of(batch, facts, later=False)
    sections = sections_of(batch, exceptions, whole=number_in(request, "section"))
    is_shown = selected is not None and (selected.opened_at is not None or not may)
    context = {
        "batch": batch,
        "exceptions": exceptions,
        "undecided": sum(one.state != "accepted" for one in exceptions),
        "selected": selected,
        "is_shown": is_shown,
        "next": _next_of(exceptions, selected),
        "around": steps_around(batch, selected) if selected and is_shown else [],
        "chart": chart_of(selected) if selected and is_shown else None,
        "deviations": deviations_of(batch).order_by("id"),
        "sections": sections,
        "values": sum(one.values for one in sections),
        "in_range": sum(one.in_range for one in sections),
        "checks": checks,
        "met": sum(one["check"].is_met for one in checks),
        "may_decide": may,
        "may_change": batch.state not in ("released", "rejected"),
        "dialogs": _dialogs(request, batch, facts, error or {}),
        "reviews": [
            {"review": one, "signature": next(iter(judged(signatures_of(one))), None)}
            for one in (last_review(batch, kind) for kind in ("production", "quality", "trail"))
            if one is not None
        ],
        "checked": _checked(batch) if "signatures" in request.GET else None,
        "is_changed": facts.is_changed_since_review,
        "comment_form": (forms or {}).get("comment", CommentForm()),
        "escalate_form": (forms or {}).get("escalate", EscalateForm()),
    }
    return render(request, "quality/review.html", context, status=status)


def _checked(batch: Any) -> dict[str, Any]:
    """Check every signature on a batch, and say how many there are and which do not hold."""
    count, unsound = checked_signatures(batch)
    return {"count": count, "unsound": unsound, "at": now()}


@require_safe
@roles_required(*REVIEWERS)
def review_signatures(request: HttpRequest, number: str) -> HttpResponse:
    """Check every signature on a batch, to be put into the page while somebody reads it."""
    batch = batch_numbered(number, person_of(request))
    context = {"batch": batch, "checked": _checked(batch)}
    return render(request, "quality/_signatures_checked.html", context)


@require_safe
@roles_required(*REVIEWERS)
def review_section(request: HttpRequest, number: str, place: int) -> HttpResponse:
    """Show all steps of one unit procedure, to be put into the page."""
    batch = batch_numbered(number, person_of(request))
    counted = section_counts(batch, ())
    if not 1 <= place <= len(counted):
        raise NotFound(f"Batch {number} has no such section.")
    title = counted[place - 1].title
    context = {"batch": batch, "steps": steps_of(batch, title), "label": title}
    return render(request, "quality/_steps.html", context)


@require_safe
@roles_required(*REVIEWERS)
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Show the review of a batch."""
    return review_screen(request, number)
