"""The library: its entries, one entry with its versions and where it is used, and a new one."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from audit.csv import csv_response
from audit.edges import act_of_request
from audit.permissions import holds
from audit.views import EVERYBODY, roles_required
from kernel.errors import NotFound, Refusal
from recipes import commands
from recipes.models import RecipeVersion
from recipes.queries import document_of, library, where_used
from recipes.states import VERSION
from recipes.views.beginning import to_designer
from recipes.views.versions import unit_of

PAGE = 50
COLUMNS = ("entry", "title", "version", "state", "drafted_by", "drafted_at", "digest")
STATES = ("draft", "in_review", "approved")


def matching(words: str) -> Q:
    """Return the condition that an entry's code or title holds these words."""
    said = words.strip()[:60].replace("\x00", "")
    return Q(recipe__code__icontains=said) | Q(recipe__title__icontains=said)


@require_safe
@roles_required(*EVERYBODY)
def library_list(request: HttpRequest) -> HttpResponseBase:
    """Show the versions of the library, newest first, by cursor, or all as CSV."""
    words, state = request.GET.get("q", "").strip()[:60], request.GET.get("state", "")
    chosen: dict[str, str] = {"q": words} if words else {}
    rows = library().filter(matching(words))
    if state in VERSION.states:
        chosen["state"] = state
        rows = rows.filter(state=state)
    rows = rows.order_by("-pk")
    if request.GET.get("format") == "csv":
        return csv_response(request, "library", COLUMNS, map(_csv_row, rows.iterator(500)))
    before = request.GET.get("before", "")
    is_cursor = before.isascii() and before.isdigit() and len(before) <= 18
    some = list((rows.filter(pk__lt=int(before)) if is_cursor else rows)[: PAGE + 1])
    page = some[:PAGE]
    context = {
        "versions": page,
        "chosen": chosen,
        "states": STATES,
        "may_draft": holds(request.user, "engineer"),
        "csv_href": f"?{urlencode({**chosen, 'format': 'csv'})}",
        "pager": {
            "shown": len(page),
            "total": rows.count(),
            "noun": "versions",
            "prev_href": f"?{urlencode(chosen)}" if is_cursor else "",
            "next_href": f"?{urlencode({**chosen, 'before': str(page[-1].pk)})}"
            if len(some) > PAGE
            else "",
        },
    }
    return render(request, "recipes/library.html", context)


def _csv_row(one: RecipeVersion) -> list[Any]:
    return [
        one.recipe.code, one.recipe.title, one.number, one.state, one.drafted_by.username,
        one.drafted_at, one.document_digest,
    ]  # fmt: skip


@require_safe
@roles_required(*EVERYBODY)
def library_entry(request: HttpRequest, code: str) -> HttpResponse:
    """Show an entry: the text of its newest version, all versions, and where each is used."""
    versions = list(library().filter(recipe__code=code)) if "\x00" not in code else []
    if not versions:
        raise NotFound(f"The library has no entry {code[:40]}.")
    newest = next((one for one in versions if one.state == "approved"), versions[0])
    context = {
        "recipe": newest.recipe,
        "versions": versions,
        "newest": newest,
        "unit": unit_of(document_of(newest)),
        "uses": where_used(code),
        "draft": next((one for one in versions if one.state == "draft"), None),
        "may_draft": holds(request.user, "engineer"),
    }
    return render(request, "recipes/library_entry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("engineer")
def new_entry(request: HttpRequest) -> HttpResponse:
    """Ask what an entry is called, and open its draft."""
    if request.method != "POST":
        return render(request, "recipes/library_new.html", {"typed": {}, "errors": {}})
    try:
        version = commands.begin_entry(
            code=request.POST.get("code", ""),
            title=request.POST.get("title", ""),
            act=act_of_request(request),
        )
    except Refusal as refusal:
        errors = {one.pointer.strip("/"): one.detail for one in refusal.errors}
        context = {"typed": request.POST, "errors": errors, "refusal": refusal}
        return render(request, "recipes/library_new.html", context, status=refusal.status)
    return to_designer(version)
