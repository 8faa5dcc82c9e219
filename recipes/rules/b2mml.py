"""A master recipe in B2MML (BatchML) as a draft, with a report of all that was not taken.

Read are a master recipe, a control recipe, and a recipe inside an executed batch record, of any
version of the schemas (mesa.org, formerly wbf.org): only the names of elements count. The parts of
the standard (ISA-88.00.02) become the parts of the document here; a procedural element becomes a
unit procedure, an operation or a step by its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kernel.errors import Invalid
from recipes.rules.b2mml_parts import RECIPES, Left, Parts
from recipes.rules.b2mml_procedure import Procedure
from recipes.rules.xml_text import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The plain document, how many elements it was made of, and what of the file is not in it."""

    plain: dict[str, Any]
    left: tuple[Left, ...]
    taken: int


def recipe_from_b2mml(root: Element, *, therapy: str, autologous: bool) -> Taken:
    """Return the draft that a file describes.

    Args:
        therapy: the code of the therapy that the recipe is for; such a file does not know it.

    Raises:
        Invalid: with code ``no_recipe``, when there is none in it, or it has no procedure.
    """
    recipe = next((one for one in root.walk() if one.name in RECIPES), None)
    if recipe is None:
        raise Invalid(
            f"{root.path} holds no recipe: no {', '.join(RECIPES)} is in it.",
            pointer="/file",
            code="no_recipe",
        )
    parts = Parts(recipe)
    said = parts.text(recipe, "ID")
    header = _header(parts, said)
    formula = recipe.first("Formula")
    if formula is not None:
        parts.take(formula)
        for one in formula.all("Parameter"):
            parts.parameter(one)
    parts.equipment_of(recipe)
    units = Procedure(parts).unit_procedures()
    references = [_origin(parts, said), *_other(parts)]
    plain = {
        "header": {**header, "therapy": therapy, "autologous": autologous},
        "formula": {"parameters": list(parts.parameters.values()), "materials": parts.materials},
        "equipment_requirements": list(parts.equipment.values()),
        "procedure": {"unit_procedures": units},
        "other_information": {"precautions": [], "references": references},
        "environment": [],
    }
    parts.take(recipe)
    for other in root.walk():
        if other.name in RECIPES and other is not recipe:
            parts.leave(other, "one recipe is taken at a time")
    left = tuple(parts.what_is_left(root))
    return Taken(plain=plain, left=left, taken=len(parts.seen))


def _header(parts: Parts, said: str) -> dict[str, Any]:
    recipe = parts.recipe
    title = parts.text(recipe, "Description")
    product: dict[str, Any] = {}
    batch_size = ""
    header = recipe.first("Header")
    if header is not None:
        parts.take(header)
        product["name"] = parts.text(header, "ProductName")[:200]
        size = header.first("BatchSize")
        nominal = parts.text(size, "Nominal") if size is not None else ""
        if size is not None and nominal:
            parts.take(size)
            batch_size = f"{nominal} {parts.text(size, 'UnitOfMeasure')}".strip()[:400]
    code = re.sub(r"[^A-Za-z0-9_-]+", "-", said).strip("-_")
    return {
        "code": (code if code[:1].isalpha() else f"B2MML-{code}")[:40],
        "title": (title or product.get("name") or said or "Imported recipe")[:200],
        "product": product,
        "batch_size": batch_size,
    }


def _origin(parts: Parts, said: str) -> str:
    """Return where the recipe comes from, as a source of the draft."""
    known = [
        f"{words} {found}"
        for words, element, name in (
            ("version", parts.recipe, "Version"),
            ("of", parts.recipe, "VersionDate"),
            ("product", parts.recipe.first("Header"), "ProductID"),
        )
        if element is not None and (found := parts.text(element, name))
    ]
    return f"B2MML {parts.recipe.name} {said}: {', '.join(known) or 'without a version'}"[:1000]


def _other(parts: Parts) -> Iterator[str]:
    """Yield the other information of the recipe itself, as sources."""
    for one in parts.recipe.all("OtherInformation"):
        value = one.first("Value")
        number = value.first("ValueString") if value is not None else None
        if value is None or number is None or not number.text:
            continue
        words = " ".join(filter(None, (parts.text(one, "ID"), parts.text(one, "Description"))))
        for inner in (
            one,
            value,
            number,
            *(value.all("DataInterpretation")),
            *value.all("DataType"),
        ):
            parts.take(inner)
        yield f"{words}: {number.text} {parts.text(value, 'UnitOfMeasure')}".strip()[:1000]
