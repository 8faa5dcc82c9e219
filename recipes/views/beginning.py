"""Where a draft comes from: a new recipe, a new version of one, or a file of YAML."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.edges import act_of_request
from audit.queries import making_sites
from audit.views import EVERYBODY, roles_required
from kernel.errors import Conflict, Invalid, Refusal
from recipes import commands
from recipes.models import RecipeVersion, Therapy
from recipes.queries import (
    document_of,
    library,
    therapies,
    therapy_coded,
    version_numbered,
    version_title,
    versions,
)
from recipes.rules.document import to_plain
from recipes.rules.yaml_text import plain_from_yaml
from recipes.rules.yaml_writing import yaml_of

LARGEST_FILE = 512 * 1024
NEW = "new"


def to_designer(version: RecipeVersion) -> HttpResponse:
    """Send whoever began a draft to its designer."""
    response = redirect("recipe-design", code=version.recipe.code, number=version.number)
    response.status_code = 303
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("engineer")
def new_recipe(request: HttpRequest) -> HttpResponse:
    """Ask what the recipe is called and for which therapy; then open its draft."""
    if request.method != "POST":
        return render(request, "recipes/new.html", _asked(request))
    form = request.POST
    is_new = form.get("therapy", "") == NEW
    try:
        version = commands.begin_recipe(
            code=form.get("code", ""),
            title=form.get("title", ""),
            therapy=form.get("therapy_code" if is_new else "therapy", ""),
            therapy_name=form.get("therapy_name", "") if is_new else None,
            is_autologous="autologous" in form,
            made_at=form.get("made_at", ""),
            act=act_of_request(request),
        )
    except Refusal as refusal:
        return render(request, "recipes/new.html", _asked(request, refusal), status=refusal.status)
    return to_designer(version)


def _asked(request: HttpRequest, refusal: Refusal | None = None) -> dict[str, Any]:
    errors = {one.pointer.strip("/"): one.detail for one in refusal.errors} if refusal else {}
    if "therapy" in errors and request.POST.get("therapy") == NEW:
        errors["therapy_code"] = errors.pop("therapy")
    return {
        "therapies": list(therapies()),
        "makers": [("", "The site that orders it"), *((s.code, s.name) for s in making_sites())],
        "typed": request.POST,
        "is_first_time": request.method != "POST",
        "errors": errors,
        "refusal": refusal,
    }


@require_POST
@roles_required("engineer")
def new_version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Draft the next version from the one in force (of an entry, the newest approved), or this."""
    shown = version_numbered(code, number)
    all_versions = versions().filter(recipe=shown.recipe)
    draft = all_versions.filter(state="draft").first()
    if draft is not None:
        raise Conflict(f"{version_title(draft)} is being drafted already.", code="drafted")
    current = "effective" if shown.recipe.therapy_id else "approved"
    source = all_versions.filter(state=current).first() or shown
    version = commands.draft_version(
        recipe_code=source.recipe.code,
        therapy=source.recipe.therapy,
        document=source.document,
        act=act_of_request(request),
    )
    return to_designer(version)


@require_safe
@roles_required(*EVERYBODY)
def write_recipe(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Hand out a version as YAML."""
    version = version_numbered(code, number)
    name = f"{version.recipe.code}-v{version.number}.yaml"
    return HttpResponse(
        yaml_of(to_plain(document_of(version))),
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("engineer")
def read_recipe(request: HttpRequest) -> HttpResponse:
    """Take a recipe as YAML, pasted or as a file, as the next draft of its recipe."""
    if request.method != "POST":
        return render(request, "recipes/import.html", {"text": ""})
    text = ""
    try:
        text = text_of(request)
        plain = plain_from_yaml(text)
        header = plain.get("header") if isinstance(plain, dict) else None
        if not isinstance(header, dict):
            raise Invalid(
                "This is no recipe: it has no header.", pointer="/header", code="no_recipe"
            )
        version = commands.draft_version(
            recipe_code=str(header.get("code", "")),
            therapy=_therapy_named(header),
            document=plain,
            act=act_of_request(request),
        )
    except Refusal as refusal:
        context = {"text": text, "refusal": refusal}
        return render(request, "recipes/import.html", context, status=refusal.status)
    return to_designer(version)


def _therapy_named(header: dict[str, Any]) -> Therapy | None:
    """Return the therapy that a header names; none for a version of a library entry."""
    code = str(header.get("therapy") or "")
    is_entry = not code and library().filter(recipe__code=str(header.get("code", ""))).exists()
    return None if is_entry else therapy_coded(code)


def text_of(request: HttpRequest) -> str:
    """Return the text that was pasted, or that of the file that was sent.

    Raises:
        Invalid: there is none, it is too large, or it is not UTF-8.
    """
    file = request.FILES.get("file")
    if file is None:
        text = request.POST.get("text", "")
    elif (file.size or 0) > LARGEST_FILE:
        raise Invalid("The recipe is larger than 512 KB.", pointer="/file", code="too_large")
    else:
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Invalid(
                "The file is not text in UTF-8.", pointer="/file", code="not_text"
            ) from None
    if not text.strip():
        raise Invalid("Choose a file, or paste a recipe.", pointer="/text", code="required")
    return text
