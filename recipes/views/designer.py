"""The designer: the outline, the form of the selected part, and what is still wrong.

Every change is saved when a field is left or a button is pressed, by ``revise_version``: a draft
is never half saved, and each save is an entry of the ledger.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_request
from audit.views import roles_required
from kernel.errors import Conflict, Invalid, Refusal, StaleView
from recipes import commands
from recipes.forms import Surroundings, every_input, faults_by_pointer, inputs_of
from recipes.models import RecipeVersion
from recipes.queries import version_numbered, version_title
from recipes.rules import form_words
from recipes.rules.document import to_plain
from recipes.rules.editing import has_place
from recipes.rules.gestures import done
from recipes.rules.library import ONLY_OPERATION
from recipes.rules.outline import flat, outline_of, title_of
from recipes.rules.parsing import document_from
from recipes.rules.shapes import Place, nearest_place, place_at, plain_from
from recipes.rules.starts import kinds_to_start
from recipes.rules.steps import Step
from recipes.views.adding import additions
from recipes.views.findings import counted, lint_of
from recipes.views.inserting import origin_of
from recipes.views.trying import formula_of, tried
from recipes.views.versions import version_said

FIRST = "/header/product"


@require_safe
@roles_required("engineer")
def design(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show the designer of a draft; what is no draft any more is shown on its page."""
    version = version_numbered(code, number)
    if version.state != "draft":
        return redirect("recipe", code=code, number=number)
    first = FIRST if version.recipe.therapy_id else ONLY_OPERATION
    context = designed(request, version, request.GET.get("at", first))
    response = render(request, template_of(request), context)
    if is_swapped(request):
        response["HX-Push-Url"] = address(version, context["at"])
    return response


def template_of(request: HttpRequest) -> str:
    """Return the whole page, or for htmx the part that is swapped."""
    return "recipes/_designer.html" if is_swapped(request) else "recipes/designer.html"


def is_swapped(request: HttpRequest) -> bool:
    """Say whether htmx asks."""
    return request.headers.get("HX-Request") == "true"


@require_POST
@roles_required("engineer")
def edit(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Do one gesture of the designer, and save the draft."""
    version = version_numbered(code, number)
    at = request.POST.get("at", "")
    try:
        seen = _seen(request)
        if version.state != "draft":
            raise Conflict("Only a draft can be changed; draft a new version.", code="frozen")
        if seen != version.version:
            raise StaleView("Somebody changed this recipe after it was shown.")
        edited = done(version.document, request.POST)
        if to_plain(document_from(edited.plain)) != version.document:
            commands.revise_version(
                version_id=version.pk,
                seen=seen,
                document=edited.plain,
                act=act_of_request(request),
            )
    except Refusal as refusal:
        return _refused(request, version_numbered(code, number), at, refusal)
    return _saved(request, version_numbered(code, number), at, edited.pointer)


@require_POST
@roles_required("engineer")
def try_formula(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show what a formula gives with example values; nothing is written."""
    version = version_numbered(code, number)
    at = request.POST.get("at", "")
    if not is_swapped(request):
        context = designed(request, version, at, request.POST)
        return render(request, "recipes/designer.html", context)
    place = nearest_place(version.document, at)
    mine = None if place.is_list else plain_from(place.cls, request.POST, place.plain)
    trial = tried(version, place, mine, request.POST)
    return render(request, "recipes/_trial.html", {"version": version, "trial": trial})


def _seen(request: HttpRequest) -> int:
    """Return the version the page showed, or the newer one that was shown beside it."""
    return version_said(request.POST.get("over") or request.POST.get("version", ""))


def address(version: RecipeVersion, at: str) -> str:
    """Return the address of a part of the draft in the designer."""
    return f"/recipes/{version.recipe.code}/{version.number}/design/?{urlencode({'at': at})}"


def _saved(request: HttpRequest, version: RecipeVersion, at: str, now_at: str) -> HttpResponse:
    gesture = request.POST.get("act", "save")
    if not is_swapped(request):
        return HttpResponse(status=303, headers={"Location": address(version, now_at)})
    context = designed(request, version, now_at)
    if gesture == "save" and at == now_at and "over" not in request.POST:
        return render(request, "recipes/_saved.html", context)
    context["has_focus"] = gesture in ("add", "duplicate", "kind")
    response = render(request, "recipes/_designer.html", context)
    response["HX-Replace-Url"] = address(version, now_at)
    return response


def _refused(
    request: HttpRequest, version: RecipeVersion, at: str, refusal: Refusal
) -> HttpResponse:
    """Show what was typed, and beside it what was refused; of two versions, show both."""
    gesture = request.POST.get("act", "save")
    context = designed(request, version, at, request.POST, refusal)
    is_typed = gesture == "save" and isinstance(refusal, Invalid)
    if is_swapped(request):
        template = "recipes/_saved.html" if is_typed else "recipes/_designer.html"
        return render(request, template, context, status=refusal.status)
    return render(request, "recipes/designer.html", context, status=refusal.status)


def designed(
    request: HttpRequest,
    version: RecipeVersion,
    at: str,
    typed: QueryDict | None = None,
    refusal: Refusal | None = None,
) -> dict[str, Any]:
    """Return the context of the designer, one part selected.

    Args:
        typed: what was sent and refused; it is shown instead of what is stored.
    """
    plain = version.document
    place = _selected(plain, at)
    findings = lint_of(version)
    nodes = outline_of(plain, place.pointer, findings)
    is_form = typed is not None and not place.is_list and has_place(plain, at)
    is_saving = typed is not None and typed.get("act", "save") == "save"
    mine = plain_from(place.cls, typed, place.plain) if is_form and typed and is_saving else None
    faults = faults_by_pointer(refusal.errors) if refusal else {}
    inputs = (
        [] if place.is_list else inputs_of(place, Surroundings(plain=plain, faults=faults), mine)
    )
    shown = {one.pointer for one in every_input(inputs)}
    formula = formula_of(place, mine)
    return {
        "version": version,
        "title": version_title(version),
        "place": place,
        "at": place.pointer,
        "nodes": nodes,
        "node": next((one for one in flat(nodes) if one.pointer == place.pointer), None),
        "crumbs": [one for one in flat(nodes) if place.pointer.startswith(f"{one.pointer}/")],
        "thing": _thing(place),
        "inputs": inputs,
        "flat_inputs": every_input(inputs),
        "additions": additions(plain, place),
        "kinds": [(one, form_words.kind_words(one)) for one in kinds_to_start()],
        "origin": origin_of(version, place, findings),
        "findings": findings,
        "is_stopped": any(one.severity == "error" for one in findings),
        "counts": counted(findings),
        "here": [one for one in findings if one.place == place.pointer],
        "refusal": refusal,
        "elsewhere": [
            one for one in (refusal.errors if refusal else ()) if one.pointer not in shown
        ],
        "conflict": _conflict(place, mine) if isinstance(refusal, StaleView) else None,
        "formula": formula,
        "trial": tried(version, place, mine, typed) if formula is not None else None,
    }


def _selected(plain: Any, at: str) -> Place:
    place = nearest_place(plain, at)
    return place_at(plain, "/procedure/unit_procedures") if place.pointer == "/procedure" else place


def _thing(place: Place) -> dict[str, Any]:
    """Return how the selected part is called, and what can be done with it as a whole."""
    last = place.pointer.rpartition("/")[2]
    is_item = last.isdigit()
    is_step = issubclass(place.cls, Step)
    words, about, icon = form_words.PLACES.get(last, (form_words.place_words(last), "", "circle"))
    kind = str(place.plain.get("kind", "")) if is_step and is_item else ""
    if is_item:
        words = title_of(place.plain)
        about = form_words.KINDS.get(kind, ("", ""))[1]
    return {
        "title": words,
        "code": place.plain.get("code", "") if is_item else "",
        "about": about,
        "icon": icon,
        "is_item": is_item,
        "is_step": is_step and is_item,
        "kind": kind,
        "items": [
            {
                "pointer": f"{place.pointer}/{at}",
                "code": one.get("code", ""),
                "title": title_of(one),
                "note": form_words.kind_words(one["kind"]) if "kind" in one and is_step else "",
            }
            for at, one in enumerate(place.plain)
        ]
        if place.is_list
        else [],
    }


def _conflict(place: Place, mine: Any) -> dict[str, Any]:
    """Return the fields in which what was typed differs from what somebody else saved."""
    if mine is None:
        return {"rows": []}
    theirs = place.plain or {}
    return {
        "rows": [
            {
                "label": form_words.label_of(place.cls.__name__, key),
                "mine": _words(mine[key]),
                "theirs": _words(theirs.get(key)),
            }
            for key in mine
            if mine[key] != theirs.get(key)
        ]
    }


def _words(value: Any) -> str:
    match value:
        case None | "" | []:
            return "—"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_words(one) for one in value)
        case dict():
            return ", ".join(f"{key.replace('_', ' ')} {_words(one)}" for key, one in value.items())
        case _:
            return str(value)
