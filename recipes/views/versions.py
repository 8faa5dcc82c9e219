"""Recipes, the screens: the versions, and one master record as a tree with its signatures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_proof, act_of_request
from audit.forms import proof_of_signer, signer_facts
from audit.permissions import holds
from audit.signing import Proof, digest_of
from audit.views import EVERYBODY, roles_required
from kernel.errors import Invalid, Refusal
from kernel.quantities import quantity_label, spoken_seconds, unit_label
from recipes import commands
from recipes.models import RecipeVersion
from recipes.queries import (
    authors_of,
    document_of,
    findings_of,
    open_comments,
    signatures_on,
    therapy_of,
    version_numbered,
    version_statement,
    version_title,
    versions,
)
from recipes.rules.document import Document
from recipes.rules.limits import range_label
from recipes.rules.steps import (
    CalculationStep,
    HoldTimeStep,
    NumberStep,
    SensorStep,
    Step,
    TimerStep,
)
from recipes.states import VERSION

# The moves that are signed, in the order in which they follow, and what each signature means.
MEANINGS = {"submit": "authored", "check": "reviewed", "approve": "approved"}


@require_safe
@roles_required(*EVERYBODY)
def recipe_list(request: HttpRequest) -> HttpResponse:
    """Show every version of every recipe, newest first."""
    return render(
        request,
        "recipes/list.html",
        {
            "versions": list(versions().filter(recipe__therapy__isnull=False)[:500]),
            "may_draft": holds(request.user, "engineer"),
        },
    )


@require_safe
@roles_required(*EVERYBODY)
def recipe_page(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show one version: its parts, its procedure, what is missing, who signed."""
    return render(request, "recipes/version.html", shown(request, version_numbered(code, number)))


def shown(
    request: HttpRequest, version: RecipeVersion, refusal: Refusal | None = None
) -> dict[str, Any]:
    """Return the context of the page."""
    document = document_of(version)
    may = may_now(request, version)
    error = refusal.detail if refusal is not None and refusal.status == 401 else ""
    return {
        "version": version,
        "title": version_title(version),
        "document": document,
        "header": document.header,
        "parameters": [
            {
                "parameter": one,
                "value": one.formula
                or (quantity_label(one.default, one.unit) if one.default is not None else "—"),
                "unit": unit_label(one.unit) or "—",
            }
            for one in document.formula.parameters
        ],
        "materials": [
            {"material": one, "amount": quantity_label(one.quantity, one.unit)}
            for one in document.formula.materials
        ],
        "tree": [unit_of(document, at) for at in range(len(document.procedure.unit_procedures))],
        "watches": [
            {
                "watch": one,
                "words": f"{one.quantity.replace('_', ' ')} of the {one.place}",
                "limits": _watched(one),
            }
            for one in document.environment
        ],
        "findings": findings_of(version),
        "signatures": signatures_on(version),
        "may": may,
        "open_comments": open_comments(version),
        "drafting": _drafting(request, version),
        "signing": dialog_of(request, version, may, error),
        "refusal": None if error else refusal,
    }


def _drafting(request: HttpRequest, version: RecipeVersion) -> dict[str, Any]:
    """Return how an engineer goes on: in this draft, in the one there is, or in a new one."""
    if not holds(request.user, "engineer"):
        return {}
    if version.state == "draft":
        return {"design": version.number}
    draft = versions().filter(recipe=version.recipe, state="draft").first()
    return {"other": draft.number} if draft else {"is_new": True}


def unit_of(document: Document, at: int = 0) -> dict[str, Any]:
    """Return one unit procedure with its operations and steps in words."""
    unit = document.procedure.unit_procedures[at]
    return {
        "unit_procedure": unit,
        "operations": [
            {"operation": one, "steps": [line_of(step) for step in one.steps]}
            for one in unit.operations
        ],
    }


def _watched(watch: Any) -> list[tuple[str, str]]:
    names = ("critical_low", "warn_low", "warn_high", "critical_high")
    return [
        (name.replace("_", " "), quantity_label(getattr(watch, name), watch.unit))
        for name in names
        if getattr(watch, name) is not None
    ]


def line_of(step: Step) -> dict[str, Any]:
    """Return one step of the tree: what it asks for, and its limits in words."""
    line: dict[str, Any] = {"step": step, "kind": step.kind.replace("_", " ")}
    match step:
        case NumberStep() | SensorStep() | CalculationStep():
            line["soft"] = range_label(step.soft, step.unit)
            line["hard"] = range_label(step.hard, step.unit)
            line["formula"] = step.formula if isinstance(step, CalculationStep) else ""
        case TimerStep() | HoldTimeStep():
            least, most = step.min_seconds, step.max_seconds
            line["soft"] = (
                f"{spoken_seconds(least)} to {spoken_seconds(most)}"
                if most
                else (f"at least {spoken_seconds(least)}")
            )
        case _:
            pass
    return line


def may_now(request: HttpRequest, version: RecipeVersion) -> dict[str, bool]:
    """Return which moves of the table this person may make now."""
    verbs = VERSION.verbs_from(version.state)
    is_author = request.user.pk in authors_of(version)
    is_of_therapy = version.recipe.therapy_id is not None
    is_checked = version.checked_by_id is not None
    is_checker = version.checked_by_id == request.user.pk
    may_sign = "approve" in verbs and not is_author and not is_checker
    return {
        "submit": "submit" in verbs and holds(request.user, "engineer"),
        "check": may_sign and not is_checked and holds(request.user, "engineer", "qa"),
        "approve": may_sign and is_checked and holds(request.user, "qa"),
        "schedule": is_of_therapy and "schedule" in verbs and holds(request.user, "qa"),
        "return": "return" in verbs and holds(request.user, "qa"),
        "make_effective": is_of_therapy and "make_effective" in verbs and holds(request.user, "qa"),
    }


def dialog_of(
    request: HttpRequest, version: RecipeVersion, may: dict[str, bool], error: str
) -> dict[str, Any] | None:
    """Return the e-sign dialog of the move that this person may sign now, if there is one."""
    verb = next((one for one in MEANINGS if may[one]), None)
    if verb is None:
        return None
    meaning = MEANINGS[verb]
    digest = digest_of(version_statement(version))
    return {
        "id": "sign-version",
        "action": f"/recipes/{version.recipe.code}/{version.number}/{verb}/",
        "meaning": meaning,
        **signer_facts(request, shown=version, digest=digest, meaning=meaning),
        "what": f"{version_title(version)} · {version.recipe.title}",
        "values": [
            {"label": "Recipe", "value": version_title(version)},
            {"label": "Therapy", "value": therapy_of(version) or "none: the library"},
            {"label": "Document", "value": version.document_digest[:16]},
        ],
        "digest": digest,
        "version": version.version,
        "verb": verb.capitalize(),
        "consequence": "The document cannot be changed any more.",
        "submit": f"Sign: {verb} {version_title(version)}",
        "error": error,
    }


def seen_version(request: HttpRequest) -> int:
    """Return which version the form says it was shown."""
    return version_said(request.POST.get("version", ""))


def version_said(text: str) -> int:
    """Return the version that a form names.

    Raises:
        Invalid: it is not a number; the form was not ours.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid("The form does not say which version was shown.", pointer="/version")
    return int(text)


def _answer(
    request: HttpRequest, code: str, number: int, said: str, move: Callable[[RecipeVersion], object]
) -> HttpResponse:
    """Make one move; show the page again with what was refused."""
    version = version_numbered(code, number)
    try:
        move(version)
    except Refusal as refusal:
        context = shown(request, version_numbered(code, number), refusal)
        return render(request, "recipes/version.html", context, status=refusal.status)
    messages.success(request, f"{version_title(version)} {said}.")
    response = redirect("recipe", code=code, number=number)
    response.status_code = 303
    return response


def _signed(
    request: HttpRequest, version: RecipeVersion, sign: Callable[..., RecipeVersion]
) -> None:
    proof: Proof = proof_of_signer(request)
    sign(
        version_id=version.pk,
        seen=seen_version(request),
        proof=proof,
        seen_digest=request.POST.get("digest", ""),
        act=act_of_proof(request, proof),
    )


@require_POST
@roles_required("engineer")
def submit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Hand a draft in, signed by its author."""

    def move(version: RecipeVersion) -> None:
        _signed(request, version, commands.submit_version)

    return _answer(request, code, number, "is handed in", move)


@require_POST
@roles_required("engineer", "qa")
def check(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Check a version independently of its author, with a signature."""

    def move(version: RecipeVersion) -> None:
        _signed(request, version, commands.check_version)

    return _answer(request, code, number, "is checked", move)


@require_POST
@roles_required("qa")
def schedule(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Set when an approved version comes into force by itself; empty takes the date back."""

    def move(version: RecipeVersion) -> None:
        commands.schedule_version(
            version_id=version.pk,
            seen=seen_version(request),
            effective_from=_moment(request.POST.get("effective_from", "")),
            act=act_of_request(request),
        )

    return _answer(request, code, number, "is scheduled", move)


def _moment(text: str) -> datetime | None:
    """Return the time of a form, in UTC."""
    if not text.strip():
        return None
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("This is no date and time.", pointer="/effective_from", code="date") from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


@require_POST
@roles_required("qa")
def approve(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Approve a version, signed by quality."""

    def move(version: RecipeVersion) -> None:
        _signed(request, version, commands.approve_version)

    return _answer(request, code, number, "is approved", move)


@require_POST
@roles_required("qa")
def give_back(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Give a version back to its author."""

    def move(version: RecipeVersion) -> None:
        commands.return_version(
            version_id=version.pk,
            seen=seen_version(request),
            reason=request.POST.get("reason", ""),
            act=act_of_request(request),
        )

    return _answer(request, code, number, "is given back", move)


@require_POST
@roles_required("qa")
def put_in_force(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put an approved version in force."""

    def move(version: RecipeVersion) -> None:
        commands.make_effective(
            version_id=version.pk, seen=seen_version(request), act=act_of_request(request)
        )

    return _answer(request, code, number, "is in force", move)
