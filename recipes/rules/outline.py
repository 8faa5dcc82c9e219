"""The outline of a recipe: its parts as a tree, unit procedure > operation > step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from recipes.rules.document import Document
from recipes.rules.form_words import PLACES, kind_words, place_words
from recipes.rules.shapes import Shape, nearest_place, place_at, shapes_of, stands_apart

_OPERATION = re.compile(r"/procedure/unit_procedures/\d+/operations/\d+")
_MOST_STEPS = 150
# What a recipe says of its product, and an entry of the library does not.
OF_RECIPES = ("header", "environment", "design_space")
# Fields that say in a word what an item is.
_TITLES = ("title", "label", "name", "quantity")


class Pointed(Protocol):
    """A finding: all that the outline asks of it is where it is."""

    @property
    def pointer(self) -> str:
        """The JSON pointer of what is wrong."""


@dataclass(slots=True, kw_only=True)
class Node:
    """One line of the outline."""

    pointer: str
    key: str
    code: str
    title: str
    note: str = ""
    icon: str = ""
    is_item: bool = False
    is_current: bool = False
    findings: int = 0
    is_folded: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def all_findings(self) -> int:
        """The findings here and below."""
        return self.findings + sum(one.all_findings for one in self.children)

    @property
    def shown_findings(self) -> int:
        """The findings to show on this line: those below, too, where the lines below are hidden."""
        return self.findings if self.is_shown else self.all_findings

    @property
    def is_open(self) -> bool:
        """Whether this line or one below is the current one."""
        return self.is_current or any(one.is_open for one in self.children)

    @property
    def is_shown(self) -> bool:
        """Whether the lines below are shown: of a list of many, only while one stands in it."""
        if self.is_folded:
            return False
        has_items = any(one.is_item for one in self.children)
        return not has_items or self.is_open or self.pointer.startswith("/procedure/")


def outline_of(plain: Mapping[str, Any], current: str, findings: Sequence[Pointed]) -> list[Node]:
    """Return the outline of a plain document, its findings counted where they belong."""
    counts: dict[str, int] = {}
    for one in findings:
        at = nearest_place(plain, one.pointer).pointer
        counts[at] = counts.get(at, 0) + 1
    nodes = []
    hidden = () if plain["header"].get("therapy") else OF_RECIPES
    for shape in [one for one in shapes_of(Document) if one.name not in hidden]:
        nodes.append(_branch(shape, "", plain, current, counts))
    _fold(nodes)
    return nodes


def _fold(nodes: Sequence[Node]) -> None:
    """Fold the operations of a long recipe, but for the one where somebody stands."""
    operations = [one for one in flat(nodes) if _OPERATION.fullmatch(one.pointer)]
    if sum(len(one.children) for one in operations) > _MOST_STEPS:
        for one in operations:
            one.is_folded = not one.is_open


def _branch(
    shape: Shape, holder: str, plain: Mapping[str, Any], current: str, counts: Mapping[str, int]
) -> Node:
    pointer = f"{holder}/{shape.name}"
    place = place_at(plain, pointer)
    node = Node(
        pointer=pointer,
        key=pointer.strip("/").replace("/", "-"),
        code="",
        title=place_words(shape.name),
        note=str(len(place.plain)) if place.is_list else "",
        icon=PLACES[shape.name][2] if shape.name in PLACES else "circle",
        is_current=pointer == current,
        findings=counts.get(pointer, 0),
    )
    if place.is_list:
        node.children = [
            _item(f"{pointer}/{at}", item, current, plain, counts)
            for at, item in enumerate(place.plain)
        ]
        return node
    lists = [one for one in shapes_of(place.cls) if stands_apart(place.cls, one)]
    node.children = [_branch(one, pointer, plain, current, counts) for one in lists]
    if [one.name for one in lists] == ["unit_procedures"]:
        # The procedure is its unit procedures: one line for both.
        inner = node.children[0]
        inner.findings += node.findings
        return inner
    return node


def _item(
    pointer: str,
    item: Mapping[str, Any],
    current: str,
    plain: Mapping[str, Any],
    counts: Mapping[str, int],
) -> Node:
    cls = place_at(plain, pointer).cls
    code = str(item.get("code") or "")
    node = Node(
        pointer=pointer,
        key=code or pointer.strip("/").replace("/", "-"),
        code=code,
        title=title_of(item),
        note=kind_words(str(item["kind"])) if "instruction" in item else "",
        is_item=True,
        is_current=pointer == current,
        findings=counts.get(pointer, 0),
    )
    for shape in shapes_of(cls):
        if stands_apart(cls, shape):
            list_pointer = f"{pointer}/{shape.name}"
            node.findings += counts.get(list_pointer, 0)
            node.children += [
                _item(f"{list_pointer}/{at}", one, current, plain, counts)
                for at, one in enumerate(item.get(shape.name) or ())
            ]
    return node


def title_of(item: Mapping[str, Any]) -> str:
    """Return what an item is called in one line."""
    found = next((str(item[one]) for one in _TITLES if item.get(one)), "")
    return f"{found.replace('_', ' ')} of the {item['place']}" if "warn_low" in item else found


def flat(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield every line of the outline from top to bottom."""
    for node in nodes:
        yield node
        yield from flat(node.children)
