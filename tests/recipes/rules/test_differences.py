"""Differences between versions: moved is not removed and added, and nothing is left out."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.rules import editing
from recipes.rules.differences import counts_of, differences, pieces_of
from recipes.rules.document import to_plain
from recipes.rules.parsing import document_from
from recipes.rules.starts import add_step, kinds_to_start
from tests.worlds.recipes import plain_document

STEPS = "/procedure/unit_procedures/0/operations/0/steps"
MAKING = "/procedure/unit_procedures/0/operations/1/steps"


def whole(plain: Any) -> dict[str, Any]:
    stored: dict[str, Any] = to_plain(document_from(plain))
    return stored


def small() -> dict[str, Any]:
    return whole(plain_document())


def told(old: Any, new: Any) -> list[tuple[str, list[str]]]:
    return [(one.path, list(one.sorts)) for one in differences(old, new)]


def test_the_same_document_has_no_differences() -> None:
    assert differences(small(), small()) == []


def test_a_changed_limit_is_told_with_both_values() -> None:
    new = editing.set_at(small(), f"{MAKING}/2/hard/max", "250.0").plain
    found = differences(small(), whole(new))
    assert [(one.path, one.code, one.sorts) for one in found] == [
        ("/steps/S05", "S05", ["changed"])
    ]
    change = found[0].changes[0]
    assert (change.path, change.label) == ("/steps/S05/hard", "Never beyond")
    assert ("old", "200.0") in change.pieces
    assert ("new", "250.0") in change.pieces


def test_a_step_that_moves_into_another_operation_is_moved() -> None:
    new = whole(editing.move(small(), f"{STEPS}/1", 1).plain)
    found = differences(small(), new)
    moved = [one for one in found if "moved" in one.sorts]
    assert [one.path for one in moved] == ["/steps/S02"]
    assert moved[0].moved == "from after S01 in Clearance to the first place in Making"
    assert "added" not in dict(counts_of(found))


def test_what_follows_a_moved_step_is_not_moved_with_it() -> None:
    new = whole(editing.move(small(), f"{MAKING}/0", 1).plain)
    found = differences(small(), new)
    assert [one.sorts for one in found] == [["moved"]]


def test_an_added_and_a_removed_step_are_told_as_a_whole() -> None:
    new = whole(add_step(small(), STEPS, "timer", 1).plain)
    assert ("/steps/S12", ["added"]) in told(small(), new)
    assert ("/steps/S12", ["removed"]) in told(new, small())


def test_parts_beside_the_procedure_are_compared_by_their_codes() -> None:
    old = small()
    new = editing.move(old, "/formula/materials/0", 1).plain
    new = editing.set_at(new, "/formula/materials/1/quantity", "12").plain
    new = editing.set_at(new, "/header/storage", "Below −150 °C").plain
    new = editing.set_at(new, "/header/product/strength", "").plain
    found = {one.path: one for one in differences(old, whole(new))}
    assert [one.path for one in found["/header"].changes] == ["/header/storage"]
    assert [one.path for one in found["/header/product"].changes] == ["/header/product/strength"]
    buffer = found["/formula/materials/BUFFER"]
    assert [(one.old, one.new) for one in buffer.changes] == [("10", "12")]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_every_edit_is_told_and_taken_back_it_is_not(data: st.DataObject) -> None:
    old = new = small()
    for _ in range(data.draw(st.integers(1, 4))):
        count = len(new["procedure"]["unit_procedures"][0]["operations"][1]["steps"])
        at = f"{MAKING}/{data.draw(st.integers(0, count - 1))}"
        act = data.draw(st.sampled_from(["up", "copy", "add", "title"]))
        match act:
            case "up":
                new = editing.move(new, at, -1).plain
            case "copy":
                new = editing.duplicate(new, at).plain
            case "add":
                new = add_step(new, MAKING, data.draw(st.sampled_from(kinds_to_start()))).plain
            case _:
                new = editing.set_at(
                    new, f"{at}/title", data.draw(st.text("ab ", min_size=1))
                ).plain
        if not new["procedure"]["unit_procedures"][0]["operations"][1]["steps"]:
            break
    assert bool(differences(old, new)) == (old != new)
    assert differences(new, new) == []
    back, forth = differences(new, old), differences(old, new)
    added = {one.path for one in forth if "added" in one.sorts}
    assert added == {one.path for one in back if "removed" in one.sorts}


@given(st.text("abc \n", max_size=60), st.text("abc \n", max_size=60))
def test_the_pieces_make_up_both_texts(old: str, new: str) -> None:
    pieces = pieces_of(old, new)
    for kind, text in (("old", old), ("new", new)):
        said = "".join(one for tag, one in pieces if tag in (kind, "kept"))
        assert said == text
