"""A master recipe in B2MML: shown as it would be drafted, with what is left out; then drafted."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from audit.edges import act_of_request
from audit.views import roles_required
from kernel.errors import Invalid, Refusal
from recipes import commands
from recipes.models import Therapy
from recipes.queries import therapies, therapy_coded
from recipes.rules.b2mml import Taken, recipe_from_b2mml
from recipes.rules.completeness import missing_before_approval
from recipes.rules.parsing import document_from
from recipes.rules.xml_text import element_from_xml
from recipes.views.beginning import text_of, to_designer
from recipes.views.versions import unit_of


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("engineer")
def read_b2mml(request: HttpRequest) -> HttpResponse:
    """Show what a file would become; draft it when that was seen. Nothing is kept in between."""
    context: dict[str, Any] = {"therapies": list(therapies()), "typed": request.POST}
    if request.method != "POST":
        return render(request, "recipes/b2mml.html", context)
    try:
        therapy = _therapy(request)
        context["text"] = text_of(request)
        root = element_from_xml(context["text"])
        taken = recipe_from_b2mml(root, therapy=therapy.code, autologous=therapy.is_autologous)
        code = request.POST.get("code", "").strip()
        if code:
            taken.plain["header"]["code"] = code
        context.update(_shown(taken))
        if request.POST.get("act") == "create":
            version = commands.draft_version(
                recipe_code=taken.plain["header"]["code"],
                therapy=therapy,
                document=taken.plain,
                act=act_of_request(request),
            )
            return to_designer(version)
    except Refusal as refusal:
        context["refusal"] = refusal
        return render(request, "recipes/b2mml.html", context, status=refusal.status)
    return render(request, "recipes/b2mml.html", context)


def _therapy(request: HttpRequest) -> Therapy:
    code = request.POST.get("therapy", "")
    if not code:
        raise Invalid("Say for which therapy it is.", pointer="/therapy", code="required")
    return therapy_coded(code)


def _shown(taken: Taken) -> dict[str, Any]:
    document = document_from(taken.plain)
    return {
        "taken": taken,
        "code": document.header.code,
        "document": document,
        "tree": [unit_of(document, at) for at in range(len(document.procedure.unit_procedures))],
        "findings": missing_before_approval(document),
    }
