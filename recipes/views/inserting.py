"""From the library into a draft: an entry is chosen and its names are bound; a newer one is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from audit.edges import act_of_request
from audit.views import roles_required
from kernel.errors import Conflict, Invalid, NotFound, Refusal
from recipes import commands
from recipes.models import RecipeVersion
from recipes.queries import (
    approved_entry,
    library_approved,
    newer_entries,
    read_document,
    version_numbered,
    version_title,
)
from recipes.rules.differences import counts_of, differences
from recipes.rules.document import Operation, to_plain
from recipes.rules.editing import Edited, has_place, value_at
from recipes.rules.insertion import inserted, taken, wanted_by
from recipes.rules.library import Entry, reading_of
from recipes.rules.shapes import Place
from recipes.views.findings import Finding
from recipes.views.library import matching
from recipes.views.versions import seen_version, unit_of


def origin_of(
    version: RecipeVersion, place: Place, findings: list[Finding]
) -> dict[str, Any] | None:
    """Return where the selected operation was inserted from; None where it was written here."""
    origin = None if place.is_list or place.cls is not Operation else place.plain.get("library")
    if not origin:
        return None
    code, _, number = origin["version"].partition("/")
    return {
        "name": origin["version"],
        "href": f"/recipes/{code}/{number}/",
        "newer": newer_entries(version.document).get(place.pointer),
        "is_changed": any(
            one.code == "changed_after_insertion" and one.pointer == place.pointer
            for one in findings
        ),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("engineer")
def insert(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Choose an entry of the library, name what it needs, and insert it into a draft."""
    version = _draft(code, number)
    asked = request.POST if request.method == "POST" else request.GET
    pointer, place = asked.get("list", ""), asked.get("place", "")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else None
    entry = _entry(asked.get("entry", "")) if asked.get("entry") else None
    if not (pointer.endswith("/operations") and has_place(version.document, pointer)):
        raise NotFound("There is no such place in the recipe any more.")
    context = {
        "version": version,
        "title": version_title(version),
        "list": pointer,
        "place": place,
        "approved": [] if entry else list(library_approved().filter(matching(asked.get("q", "")))),
        "q": asked.get("q", ""),
        "entry": entry,
        "unit": unit_of(read_document(entry.plain)) if entry else None,
        "wanted": _wanted(request, entry, version) if entry else [],
        "change_query": urlencode({"list": pointer, "place": place}),
    }
    if request.method != "POST" or entry is None:
        return render(request, "recipes/insert.html", context)

    def change() -> Edited:
        return inserted(version.document, entry, pointer, at, _names(request, entry, version))

    return _changed(request, version, change, "recipes/insert.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@roles_required("engineer")
def take(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show what the newest version of an entry changes in a draft, and take it."""
    version = _draft(code, number)
    asked = request.POST if request.method == "POST" else request.GET
    at = asked.get("at", "")
    newer = newer_entries(version.document).get(at)
    if newer is None:
        raise NotFound("The library has nothing newer for this operation.")
    operation = value_at(version.document, at)
    former = approved_entry(operation["library"]["version"])
    entry = _entry(newer)

    def change() -> Edited:
        return taken(version.document, at, former, entry)

    found = differences(
        *(to_plain(read_document(one)) for one in (version.document, change().plain))
    )
    context = {
        "version": version,
        "title": version_title(version),
        "at": at,
        "operation": operation,
        "entry": entry,
        "former": operation["library"]["version"],
        "differences": found,
        "counts": counts_of(found),
        "is_changed": former is None or reading_of(former.operation) != reading_of(operation),
    }
    if request.method != "POST":
        return render(request, "recipes/take.html", context)
    if asked.get("entry") != newer:
        raise Conflict("The library has moved on since this page was shown.", code="stale")
    return _changed(request, version, change, "recipes/take.html", context)


def _draft(code: str, number: int) -> RecipeVersion:
    version = version_numbered(code, number)
    if version.state != "draft" or version.recipe.therapy_id is None:
        raise Conflict("The library is inserted into the drafts of recipes.", code="frozen")
    return version


def _entry(name: str) -> Entry:
    entry = approved_entry(name)
    if entry is None:
        raise NotFound(f"The library has no approved version {name[:50]}.")
    return entry


def _names(request: HttpRequest, entry: Entry, version: RecipeVersion) -> dict[str, str]:
    """Return what a form binds; what it does not say keeps its first choice."""
    wanted = wanted_by(entry, version.document)
    return {one.name: request.POST.get(one.name, "") for one in wanted if one.name in request.POST}


def _wanted(request: HttpRequest, entry: Entry, version: RecipeVersion) -> list[dict[str, Any]]:
    return [
        {"one": one, "chosen": request.POST.get(one.name, one.chosen)}
        for one in wanted_by(entry, version.document)
    ]


def _changed(
    request: HttpRequest,
    version: RecipeVersion,
    change: Callable[[], Edited],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Save a draft with what the library gives, and go on in the designer."""
    try:
        edited = change()
        commands.revise_version(
            version_id=version.pk,
            seen=seen_version(request),
            document=edited.plain,
            act=act_of_request(request),
        )
    except Refusal as refusal:
        errors = {one.pointer.strip("/"): one.detail for one in refusal.errors}
        for row in context.get("wanted", []) if isinstance(refusal, Invalid) else []:
            row["error"] = errors.get(row["one"].name, "")
        return render(request, template, {**context, "refusal": refusal}, status=refusal.status)
    place = urlencode({"at": edited.pointer})
    response = redirect("recipe-design", code=version.recipe.code, number=version.number)
    response["Location"] += f"?{place}"
    response.status_code = 303
    return response
