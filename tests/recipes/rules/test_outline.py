"""The outline: every part once, findings where they belong, and long recipes folded."""

from __future__ import annotations

from typing import Any

from kernel.errors import FieldError
from recipes.rules.document import to_plain
from recipes.rules.outline import flat, outline_of
from recipes.rules.parsing import document_from
from tests.worlds.recipes import plain_document, step

FIRST = "/procedure/unit_procedures/0/operations/0"


def small() -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(document_from(plain_document()))
    return plain


def test_every_step_stands_in_the_outline_once() -> None:
    codes = [one.code for one in flat(outline_of(small(), "/header", []))]
    assert [one for one in codes if one.startswith("S")] == [f"S{one:02}" for one in range(1, 12)]


def test_a_finding_is_counted_at_the_part_that_holds_its_field() -> None:
    found = [
        FieldError(pointer=f"{FIRST}/steps/1/verify", code="x", detail="x"),
        FieldError(pointer="/header/product/name", code="x", detail="x"),
        FieldError(pointer="/nowhere", code="x", detail="x"),
    ]
    nodes = outline_of(small(), f"{FIRST}/steps/1", found)
    counted = {one.pointer: one.findings for one in flat(nodes) if one.findings}
    assert counted == {f"{FIRST}/steps/1": 1, "/header/product": 1, "/header": 1}


def test_a_long_recipe_is_folded_but_for_where_one_stands() -> None:
    plain = plain_document()
    operations = plain["procedure"]["unit_procedures"][0]["operations"]
    for number in range(4):
        steps = [step(f"T{number}{one:02}", "confirm", "Look") for one in range(50)]
        operations.append({"code": f"OX{number}", "title": "More", "steps": steps})
    plain = to_plain(document_from(plain))
    at = "/procedure/unit_procedures/0/operations/3"
    found = [FieldError(pointer=f"{FIRST}/steps/1", code="x", detail="x")]
    nodes = {one.pointer: one for one in flat(outline_of(plain, f"{at}/steps/7", found))}
    assert nodes[at].is_shown
    assert not nodes[FIRST].is_shown
    assert nodes[FIRST].shown_findings == 1
