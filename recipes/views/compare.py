"""Two versions side by side, like a pull request, with comments on their lines."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from audit.edges import act_of_request
from audit.permissions import holds
from audit.views import EVERYBODY, roles_required
from kernel.errors import Refusal
from recipes import commands
from recipes.models import RecipeComment, RecipeVersion
from recipes.queries import comments_on, document_of, version_numbered, version_title, versions
from recipes.rules.differences import Difference, counts_of, differences
from recipes.rules.document import to_plain


@require_safe
@roles_required(*EVERYBODY)
def compare(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show what a version changes: against the one asked for, the one in force, or the last."""
    version = version_numbered(code, number)
    return render(request, "recipes/compare.html", compared(request, version))


def compared(
    request: HttpRequest, version: RecipeVersion, refusal: Refusal | None = None
) -> dict[str, Any]:
    """Return the context of the page."""
    others = list(versions().filter(recipe=version.recipe).exclude(pk=version.pk))
    old = _base(request.GET.get("with", ""), version, others)
    found = differences(_plain(old), _plain(version)) if old else []
    comments = list(comments_on(version))
    return {
        "version": version,
        "title": version_title(version),
        "others": others,
        "old": old,
        "differences": [_shown(one, comments) for one in found],
        "counts": counts_of(found),
        "elsewhere": _elsewhere(comments, found),
        "open_count": sum(one.resolved_at is None for one in comments),
        "may_comment": holds(request.user, "engineer", "qa"),
        "commented": request.POST.get("pointer"),
        "typed": request.POST.get("text", ""),
        "refusal": refusal,
    }


def _plain(version: RecipeVersion) -> dict[str, Any]:
    """Return the document with its fields in the order of the document, not of the database."""
    plain: dict[str, Any] = to_plain(document_of(version))
    return plain


def _base(asked: str, version: RecipeVersion, others: list[RecipeVersion]) -> RecipeVersion | None:
    if asked.isascii() and asked.isdigit():
        return next((one for one in others if str(one.number) == asked), None)
    in_force = [one for one in others if one.state == "effective" and one.number < version.number]
    return next(iter(in_force or [one for one in others if one.number < version.number]), None)


def _shown(one: Difference, comments: list[RecipeComment]) -> dict[str, Any]:
    """Return a difference with the comments on it and on each of its lines."""
    return {
        "difference": one,
        "id": one.path.strip("/").replace("/", "-"),
        "comments": [each for each in comments if each.pointer == one.path],
        "changes": [
            {
                "change": change,
                "id": change.path.strip("/").replace("/", "-"),
                "comments": [each for each in comments if each.pointer == change.path],
            }
            for change in one.changes
        ],
    }


def _elsewhere(comments: list[RecipeComment], found: list[Difference]) -> list[RecipeComment]:
    """Return the comments on what does not differ (any more), and on the whole."""
    shown = {one.path for one in found} | {each.path for one in found for each in one.changes}
    return [one for one in comments if one.pointer not in shown]


@require_POST
@roles_required("engineer", "qa")
def comment(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Write a comment on a line of a version."""
    version = version_numbered(code, number)
    pointer = request.POST.get("pointer", "")
    try:
        commands.write_comment(
            version_id=version.pk,
            pointer=pointer,
            text=request.POST.get("text", "").replace("\r\n", "\n"),
            act=act_of_request(request),
        )
    except Refusal as refusal:
        context = compared(request, version, refusal)
        return render(request, "recipes/compare.html", context, status=refusal.status)
    return _back(request, version, pointer)


@require_POST
@roles_required("engineer", "qa")
def resolve(request: HttpRequest, code: str, number: int, comment_id: int) -> HttpResponse:
    """Settle a comment."""
    version = version_numbered(code, number)
    settled = commands.resolve_comment(comment_id=comment_id, act=act_of_request(request))
    messages.success(request, "The comment is settled.")
    return _back(request, version, settled.pointer)


def _back(request: HttpRequest, version: RecipeVersion, pointer: str) -> HttpResponse:
    asked = request.POST.get("with", "")
    query = f"?{urlencode({'with': asked})}" if asked.isascii() and asked.isdigit() else ""
    place = pointer.strip("/").replace("/", "-")
    path = f"/recipes/{version.recipe.code}/{version.number}/compare/"
    return HttpResponse(status=303, headers={"Location": f"{path}{query}#{place}"})
