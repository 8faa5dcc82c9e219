"""Every read of the third floor that leaves it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT

from audit.models import Signature
from audit.queries import Standing, judged, signatures_of, standing_of_change
from audit.rules.training import Procedure
from kernel.canonical import canonical
from kernel.errors import FieldError, Invalid, NotFound
from kernel.prepared import prepared
from recipes.models import Recipe, RecipeComment, RecipeVersion, Therapy
from recipes.rules.completeness import missing_before_approval
from recipes.rules.document import Document, to_plain
from recipes.rules.library import Entry, origins_in, wrong_origins
from recipes.rules.parsing import document_from


@lru_cache(maxsize=512)
def procedure_of(version_id: int, document_digest: str) -> Procedure:
    """Return a version of a recipe as what people are trained on; remembered, as it never changes.

    Args:
        document_digest: of the document that a batch froze: another document is another answer.
    """
    return _procedures(_procedure_rows(version_id))[0]


def procedures() -> list[Procedure]:
    """Return the versions that people can be trained on: approved, in force, or once in force."""
    found = RecipeVersion.objects.filter(
        state__in=("approved", "effective", "superseded"), recipe__therapy__isnull=False
    )
    return _procedures(_as_procedures(found.order_by("recipe__code", "number")))


def _as_procedures(versions: QuerySet[RecipeVersion]) -> QuerySet[RecipeVersion, Any]:
    """Read the code, the number, and the oldest version whose training is still good."""
    return versions.values_list("recipe__code", "number", KT("document__header__training_since"))


@prepared
def _procedure_rows(version_id: int) -> QuerySet[RecipeVersion, Any]:
    return _as_procedures(RecipeVersion.objects.filter(pk=version_id).order_by())


def _procedures(rows: Iterable[Any]) -> list[Procedure]:
    return [
        Procedure(code=code, version=number, since=int(oldest or number))
        for code, number, oldest in rows
    ]


def therapies() -> QuerySet[Therapy]:
    """Return what hospitals can order, by code."""
    return Therapy.objects.select_related("made_at").order_by("code")


def therapy_coded(code: str) -> Therapy:
    """Return the therapy of that code.

    Raises:
        NotFound: there is none.
    """
    found = therapies().filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no therapy {code[:40]}.")
    return found


def therapy_to_order(code: str) -> Therapy:
    """Return a therapy that can be made today.

    Raises:
        Invalid: there is none of that code (``unknown``), or no recipe of it is in force
            (``no_recipe``).
    """
    in_force = RecipeVersion.objects.filter(recipe__therapy=OuterRef("pk"), state="effective")
    found = therapies().annotate(is_made=Exists(in_force)).filter(code=code).first()
    if found is None:
        raise Invalid("There is no such therapy.", pointer="/therapy", code="unknown")
    if not found.is_made:
        raise Invalid("This therapy has no recipe in force.", pointer="/therapy", code="no_recipe")
    return found


def effective_version(therapy_code: str, *, site_id: int | None = None) -> RecipeVersion:
    """Return the version by which a therapy is made today.

    Args:
        site_id: where it is made; a recipe of that site comes before one for all sites.

    Raises:
        Invalid: with code ``unknown_therapy`` or ``no_effective_recipe``.
    """
    if not Therapy.objects.filter(code=therapy_code).exists():
        raise Invalid(
            f"There is no therapy {therapy_code[:40]}.", pointer="/therapy", code="unknown_therapy"
        )
    found = (
        versions()
        .filter(recipe__therapy__code=therapy_code, state="effective")
        .filter(Q(recipe__site=None) | Q(recipe__site=site_id))
        .order_by(F("recipe__site").asc(nulls_last=True))
        .first()
    )
    if found is None:
        raise Invalid(
            f"No recipe of {therapy_code} is effective.",
            pointer="/therapy",
            code="no_effective_recipe",
        )
    return found


def versions() -> QuerySet[RecipeVersion]:
    """Return all versions with their recipes, newest first."""
    found = RecipeVersion.objects.select_related("recipe__therapy", "drafted_by")
    return found.order_by("recipe__code", "-number")


def recipes() -> QuerySet[Recipe]:
    """Return all recipes, by code."""
    return Recipe.objects.select_related("therapy").order_by("code")


def version_numbered(code: str, number: int) -> RecipeVersion:
    """Return one version of the recipe of that code.

    Raises:
        NotFound: there is none.
    """
    # PostgreSQL has no text with NUL in it, and no integer beyond 31 bits in this column.
    known = "\x00" not in code and number < 2**31
    found = versions().filter(recipe__code=code, number=number).first() if known else None
    if found is None:
        raise NotFound(f"There is no version {number} of a recipe {code[:40]}.")
    return found


def version_title(version: RecipeVersion) -> str:
    """Return how a version is called everywhere: its recipe and its number."""
    return f"{version.recipe.code} v{version.number}"


def therapy_of(version: RecipeVersion) -> str:
    """Return the code of the therapy; empty for an entry of the library."""
    return version.recipe.therapy.code if version.recipe.therapy else ""


def version_statement(version: RecipeVersion) -> dict[str, Any]:
    """Return what is signed about a version: which document, of which recipe, for which therapy."""
    return {
        "record": "recipe version",
        "recipe": version.recipe.code,
        "number": version.number,
        "therapy": therapy_of(version),
        "title": version.recipe.title,
        "document_digest": version.document_digest,
    }


def document_of(version: RecipeVersion) -> Document:
    """Return the document of a version as an object of the rules."""
    return read_document(version.document)


def read_document(plain: Any) -> Document:
    """Return the document that a stored plain document describes; read once, then remembered."""
    return _read(canonical(plain))


@lru_cache(maxsize=64)
def _read(text: str) -> Document:
    return document_from(json.loads(text))


def findings_of(version: RecipeVersion) -> tuple[FieldError, ...]:
    """Return every reason why a version cannot be approved yet, in words."""
    return (*missing_before_approval(document_of(version)), *origins_of(version)[0])


def origins_of(version: RecipeVersion) -> tuple[list[FieldError], list[FieldError]]:
    """Return what is wrong with the origins of inserted operations, and what was changed."""
    return wrong_origins(version.document, entries_named(version.document))


def entry_of(version: RecipeVersion) -> Entry:
    """Return a version of the library as the rules know it."""
    plain = to_plain(document_of(version))
    name = f"{version.recipe.code}/{version.number}"
    return Entry(name=name, digest=version.document_digest, plain=plain)


def library() -> QuerySet[RecipeVersion]:
    """Return the versions of the library, newest first."""
    return versions().filter(recipe__therapy__isnull=True)


def library_approved() -> QuerySet[RecipeVersion]:
    """Return the newest approved version of each entry, by code."""
    approved = library().filter(state="approved").order_by("recipe__code", "-number")
    return approved.distinct("recipe__code")


def entries_named(plain: Mapping[str, Any]) -> dict[str, Entry]:
    """Return the approved versions of the library that a document names, by their names."""
    named = {operation["library"]["version"] for _, operation in origins_in(plain)}
    return {name: entry for name in sorted(named) if (entry := approved_entry(name))}


def approved_entry(name: str) -> Entry | None:
    """Return the approved version of the library called CODE/3, or None."""
    code, _, number = name.partition("/")
    if not (number.isascii() and number.isdigit() and len(number) <= 6 and code.isascii()):
        return None
    found = library().filter(recipe__code=code, number=int(number), state="approved").first()
    return entry_of(found) if found and "\x00" not in code else None


def newer_entries(plain: Mapping[str, Any]) -> dict[str, str]:
    """Return the newest approved version of what is inserted, by the pointer of the operation."""
    origins = {pointer: one["library"]["version"] for pointer, one in origins_in(plain)}
    codes = {name.partition("/")[0] for name in origins.values()}
    newest = {
        one.recipe.code: one.number for one in library_approved().filter(recipe__code__in=codes)
    }
    found = {}
    for pointer, name in origins.items():
        code, _, number = name.partition("/")
        if newest.get(code, 0) > int(number):
            found[pointer] = f"{code}/{newest[code]}"
    return found


def where_used(code: str) -> list[tuple[RecipeVersion, list[str]]]:
    """Return the versions of recipes that hold an entry, newest first, and which versions of it."""
    anywhere = Q()
    for number in library().filter(recipe__code=code).values_list("number", flat=True):
        inserted = {"operations": [{"library": {"version": f"{code}/{number}"}}]}
        anywhere |= Q(document__contains={"procedure": {"unit_procedures": [inserted]}})
    if not anywhere:
        return []
    return [
        (
            one,
            sorted(
                {
                    operation["library"]["version"]
                    for _, operation in origins_in(one.document)
                    if operation["library"]["version"].partition("/")[0] == code
                }
            ),
        )
        for one in versions().filter(anywhere, recipe__therapy__isnull=False)
    ]


def signatures_on(version: RecipeVersion) -> list[Signature]:
    """Return the signatures on a version, oldest first."""
    return judged(signatures_of(version).order_by("pk"))


def standing_of_versions(signatures: Sequence[Signature]) -> dict[int, Standing]:
    """Return how versions stand beside their signatures: drafted again since, or altered."""
    found = RecipeVersion.objects.in_bulk({one.subject_id for one in signatures})
    standings = {}
    for one in signatures:
        version = found.get(one.subject_id)
        if version is not None and version.document_digest == one.statement["document_digest"]:
            standings[one.pk] = Standing.AS_SIGNED
        else:
            standings[one.pk] = standing_of_change(one)
    return standings


def authors_of(version: RecipeVersion) -> set[int]:
    """Return the ids of everybody who wrote a version: the drafter, and who signed as author."""
    signed = signatures_of(version).filter(meaning="authored")
    return {version.drafted_by_id, *signed.values_list("signer_id", flat=True)}


def comments_on(version: RecipeVersion) -> QuerySet[RecipeComment]:
    """Return the comments on a version, oldest first."""
    found = RecipeComment.objects.filter(version=version)
    return found.select_related("written_by", "resolved_by").order_by("pk")


def open_comments(version: RecipeVersion) -> int:
    """Return how many comments on a version nobody settled yet."""
    return RecipeComment.objects.filter(version=version, resolved_at=None).count()
