"""A recipe begins: its therapy, where it is new, and its first draft, in one gesture."""

from __future__ import annotations

import re

from audit.acts import Act, command
from audit.permissions import holds, require
from audit.queries import site_coded
from kernel.errors import Conflict, Invalid, NotFound
from recipes.commands.drafting import add_therapy, draft_version
from recipes.models import Recipe, RecipeVersion, Therapy
from recipes.rules.starts import new_document, new_entry

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)


@command
def begin_recipe(
    *,
    code: str,
    title: str,
    therapy: str,
    therapy_name: str | None,
    is_autologous: bool,
    made_at: str = "",
    act: Act,
) -> RecipeVersion:
    """Draft the first version of a new recipe; a therapy that is not known yet is added.

    Args:
        therapy: the code of the therapy.
        therapy_name: what a new therapy is called; None for one that is known.
        is_autologous: whether a new therapy is made from the patient's own cells.
        made_at: the code of the site that makes a new therapy; empty: the site that orders it.

    Raises:
        NotPermitted: whoever asks is no engineer.
        Invalid: a code or a name says nothing, or there is no such therapy.
        Conflict: there is such a recipe, or such a therapy, already.
    """
    require(holds(act.by, "engineer"), "begin recipes")
    code, title = _code(code, 40, "/code"), _said(title, 200, "/title")
    therapy = _code(therapy, 24, "/therapy")
    _refuse_known(code)
    known = (
        _known_therapy(therapy)
        if therapy_name is None
        else _new_therapy(therapy, therapy_name, is_autologous, made_at, act)
    )
    document = new_document(
        code=code, title=title, therapy=known.code, autologous=known.is_autologous
    )
    return draft_version(recipe_code=code, therapy=known, document=document, act=act)


@command
def begin_entry(*, code: str, title: str, act: Act) -> RecipeVersion:
    """Draft the first version of a new entry of the library.

    Raises:
        NotPermitted: whoever asks is no engineer.
        Invalid: the code or the title says nothing.
        Conflict: there is such a recipe, or such an entry, already.
    """
    require(holds(act.by, "engineer"), "begin entries of the library")
    code, title = _code(code, 40, "/code"), _said(title, 120, "/title")
    _refuse_known(code)
    document = new_entry(code=code, title=title)
    return draft_version(recipe_code=code, therapy=None, document=document, act=act)


def _refuse_known(code: str) -> None:
    known = Recipe.objects.filter(code=code).first()
    if known is not None:
        what = "recipe" if known.therapy_id else "entry of the library"
        raise Conflict(
            f"There is a {what} {code} already: draft a new version of it.",
            pointer="/code",
            code="exists",
        )


def _known_therapy(code: str) -> Therapy:
    known = Therapy.objects.filter(code=code).first()
    if known is None:
        raise NotFound(f"There is no therapy {code}.")
    return known


def _new_therapy(code: str, name: str, is_autologous: bool, made_at: str, act: Act) -> Therapy:
    if Therapy.objects.filter(code=code).exists():
        raise Conflict(
            f"There is a therapy {code} already: choose it from the list.",
            pointer="/therapy_code",
            code="exists",
        )
    said = _said(name, 120, "/therapy_name")
    site = site_coded(made_at) if made_at else None
    return add_therapy(code=code, name=said, is_autologous=is_autologous, made_at=site, act=act)


def _code(text: str, longest: int, pointer: str) -> str:
    asked = text.strip()
    if not _CODE.fullmatch(asked) or len(asked) > longest:
        raise Invalid(
            f"A code is a letter, then letters, digits, hyphens or underscores: {longest} at most.",
            pointer=pointer,
            code="not_a_code",
        )
    return asked


def _said(text: str, longest: int, pointer: str) -> str:
    said = text.strip()
    if not said or len(said) > longest or not said.isprintable():
        raise Invalid(f"Say it in 1 to {longest} characters.", pointer=pointer, code="required")
    return said
