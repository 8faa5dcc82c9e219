"""Drafting: a therapy, a draft by an engineer, and its submission with the author's signature."""

from __future__ import annotations

from typing import Any

from audit.acts import Act, command, record
from audit.models import Site
from audit.permissions import holds, require
from audit.queries import next_id
from audit.signing import Proof, sign
from kernel.canonical import digest
from kernel.errors import Conflict, Invalid, NotFound, StaleView
from recipes.models import Recipe, RecipeVersion, Therapy
from recipes.queries import version_statement
from recipes.rules.document import to_plain
from recipes.rules.library import refuse_no_entry
from recipes.rules.parsing import document_from
from recipes.states import VERSION


@command
def add_therapy(
    *, code: str, name: str, is_autologous: bool, made_at: Site | None, act: Act
) -> Therapy:
    """Add what hospitals can order; ``made_at`` None means that the ordering site makes it.

    Raises:
        Conflict: there is a therapy of that code.
    """
    if Therapy.objects.filter(code=code).exists():
        raise Conflict(f"There is a therapy {code} already.", code="exists")
    therapy = Therapy(code=code, name=name, is_autologous=is_autologous, made_at=made_at)
    therapy.save(force_insert=True)
    record(act, "add", therapy)
    return therapy


@command
def draft_version(
    *, recipe_code: str, therapy: Therapy | None, document: Any, site: Site | None = None, act: Act
) -> RecipeVersion:
    """Draft the next version of a recipe; the recipe itself is made with its first version.

    Args:
        therapy: what is made by it; None: it is an entry of the library.
        document: the plain document, as YAML or JSON gives it.
        site: where it is made by this recipe; None: wherever the therapy is made.

    Raises:
        NotPermitted: the drafter is no engineer.
        Invalid: the document cannot be read, or is another recipe's or therapy's.
    """
    require(holds(act.by, "engineer"), "draft recipes")
    plain = _checked(document, recipe_code=recipe_code, therapy=therapy)
    recipe = _recipe(recipe_code, therapy, site, str(plain["header"]["title"]), act)
    last = recipe.versions.order_by("-number").values_list("number", flat=True).first()
    version = RecipeVersion(
        id=next_id(RecipeVersion),
        recipe=recipe,
        number=(last or 0) + 1,
        document=plain,
        document_digest=digest(plain),
        drafted_by=act.by,
        drafted_at=act.at,
    )
    version.save(force_insert=True)
    record(act, "draft", version)
    return version


def _checked(document: Any, *, recipe_code: str, therapy: Therapy | None) -> dict[str, Any]:
    read = document_from(document)
    for pointer, said, meant in (
        ("/header/code", read.header.code, recipe_code),
        ("/header/therapy", read.header.therapy, therapy.code if therapy else ""),
    ):
        if said != meant:
            raise Invalid(
                f"The document says {said or 'nothing'}, not {meant or 'nothing'}.",
                pointer=pointer,
                code="other_recipe",
            )
    if read.header.autologous != (therapy is not None and therapy.is_autologous):
        raise Invalid(
            "Document and therapy disagree on whether it is autologous.",
            pointer="/header/autologous",
            code="other_recipe",
        )
    plain: dict[str, Any] = to_plain(read)
    if therapy is None:
        refuse_no_entry(plain)
    return plain


def _recipe(code: str, therapy: Therapy | None, site: Site | None, title: str, act: Act) -> Recipe:
    known = Recipe.objects.select_for_update().filter(code=code).first()
    if known is not None:
        if known.therapy_id != (therapy.pk if therapy else None):
            raise Conflict(f"{code} is the recipe of another therapy.", code="other_therapy")
        if site is not None and known.site_id != site.pk:
            raise Conflict(f"{code} is the recipe of another site.", code="other_site")
        return known
    recipe = Recipe(id=next_id(Recipe), code=code, therapy=therapy, title=title, site=site)
    recipe.save(force_insert=True)
    record(act, "add", recipe)
    return recipe


def version_for_update(version_id: int, *, seen: int | None) -> RecipeVersion:
    """Return a version under lock, its recipe locked before it.

    Raises:
        NotFound: there is none.
        StaleView: it changed after it was shown.
    """
    recipe_id = (
        RecipeVersion.objects.filter(pk=version_id).values_list("recipe_id", flat=True).first()
    )
    if recipe_id is None:
        raise NotFound("There is no such recipe version.")
    recipe = Recipe.objects.select_for_update(of=("self",)).select_related("therapy")
    locked = recipe.get(pk=recipe_id)
    version = RecipeVersion.objects.select_for_update(of=("self",)).get(pk=version_id)
    version.recipe = locked
    if seen is not None and seen != version.version:
        raise StaleView("Somebody changed this version after it was shown. Look again.")
    return version


def move_version(version: RecipeVersion, verb: str, *fields: str, act: Act, reason: str) -> None:
    """Move a version that is locked, and tell the ledger."""
    version.state = VERSION.after(version.state, verb)
    version.version += 1
    version.save(update_fields=["state", "version", *fields])
    record(act, verb, version, reason=reason)


@command
def revise_version(*, version_id: int, seen: int, document: Any, act: Act) -> RecipeVersion:
    """Replace the document of a draft.

    Raises:
        Conflict: the version is no draft any more.
        NotPermitted: whoever asks is no engineer.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "engineer"), "draft recipes")
    if version.state != "draft":
        raise Conflict("Only a draft can be changed; draft a new version.", code="frozen")
    plain = _checked(document, recipe_code=version.recipe.code, therapy=version.recipe.therapy)
    version.document, version.document_digest = plain, digest(plain)
    version.drafted_by, version.drafted_at = act.by, act.at
    version.version += 1
    version.save(
        update_fields=["document", "document_digest", "drafted_by", "drafted_at", "version"]
    )
    record(act, "revise", version)
    return version


@command
def submit_version(
    *, version_id: int, seen: int | None = None, proof: Proof, seen_digest: str, act: Act
) -> RecipeVersion:
    """Hand a draft in for approval, signed by its author (21 CFR 211.186(a)).

    Raises:
        NotPermitted: the signer is no engineer.
        IllegalMove: the version is no draft.
        StaleView: it is not what was shown.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "engineer"), "submit recipes")
    move_version(version, "submit", act=act, reason="")
    sign(
        act=act,
        proof=proof,
        subject=version,
        meaning="authored",
        statement=version_statement(version),
        seen_digest=seen_digest,
    )
    return version


@command
def return_version(*, version_id: int, seen: int, reason: str, act: Act) -> RecipeVersion:
    """Give a version back to its author, with a reason.

    Raises:
        NotPermitted: whoever asks is not quality assurance.
        Invalid: there is no reason.
    """
    version = version_for_update(version_id, seen=seen)
    require(holds(act.by, "qa"), "return recipes")
    if not reason.strip():
        raise Invalid("Say what has to change.", pointer="/reason", code="reason_needed")
    # Whoever checked it checked what is changed now: it is checked again.
    version.checked_by = version.checked_at = None
    words = reason.strip()[:1000]
    move_version(version, "return", "checked_by", "checked_at", act=act, reason=words)
    return version
