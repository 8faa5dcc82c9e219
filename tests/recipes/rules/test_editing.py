"""Edits of a recipe: whatever is done, the document stays readable and the order keeps its sense."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Invalid
from recipes.rules import editing
from recipes.rules.document import Label, Parameter, Watch, to_plain
from recipes.rules.parsing import document_from
from recipes.rules.sequence import sequence_of
from recipes.rules.starts import add_step, kinds_to_start, new_document, start_new_item, with_kind
from recipes.rules.step_parsing import KINDS
from tests.worlds.recipes import plain_document

STEPS = "/procedure/unit_procedures/0/operations/0/steps"
MAKING = "/procedure/unit_procedures/0/operations/1/steps"


def whole(plain: Any) -> dict[str, Any]:
    """The document as it is stored: with every field, and read without a fault."""
    stored: dict[str, Any] = to_plain(document_from(plain))
    return stored


def order(plain: Any) -> list[tuple[str, list[str]]]:
    return [(one["code"], one["after"]) for one in editing.steps_in(plain)]


def serial(count: int) -> dict[str, Any]:
    """A recipe whose steps simply follow each other."""
    plain = new_document(code="X", title="X", therapy="X", autologous=False)
    for _ in range(count - 1):
        plain = add_step(whole(plain), STEPS, "confirm").plain
    return whole(plain)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_step_can_be_started_in_an_empty_recipe(kind: str) -> None:
    assert kind in kinds_to_start()
    plain = whole(new_document(code="X", title="X", therapy="X", autologous=True))
    edited = add_step(plain, STEPS, kind)
    document = document_from(edited.plain)
    assert editing.value_at(edited.plain, edited.pointer)["kind"] == kind
    assert sequence_of(document).unreachable == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(3))
def test_a_step_made_into_another_kind_keeps_what_both_know(kind: str, number: int) -> None:
    plain = whole(plain_document())
    pointer = f"{MAKING}/{number}"
    step = editing.value_at(plain, pointer)
    changed = with_kind(step, kind, plain)
    read = whole(editing.set_at(plain, pointer, changed).plain)
    assert editing.value_at(read, pointer)["title"] == step["title"]
    assert editing.value_at(read, pointer)["after"] == step["after"]


def test_a_new_step_between_two_is_followed_by_what_followed_the_first() -> None:
    plain = add_step(serial(3), STEPS, "confirm", place=1).plain
    assert order(plain) == [("S01", []), ("S04", ["S01"]), ("S02", ["S04"]), ("S03", ["S02"])]


def test_what_waited_for_a_removed_step_waits_for_what_that_step_waited_for() -> None:
    plain = whole(plain_document())
    without = editing.remove(plain, f"{MAKING}/2").plain  # S05, for which S06 and S07 wait
    assert dict(order(without))["S06"] == ["S04"]
    assert dict(order(without))["S07"] == ["S04"]


def test_moving_keeps_an_explicit_wait_and_links_the_others_anew() -> None:
    plain = whole(plain_document())
    moved = editing.move(plain, f"{MAKING}/1", -1)  # S04 before S03
    assert moved.pointer == f"{MAKING}/0"
    waits = dict(order(moved.plain))
    assert (waits["S04"], waits["S03"], waits["S05"]) == (["S02"], ["S04"], ["S03"])
    assert waits["S08"] == ["S06", "S07"]


def test_a_step_moves_on_into_the_neighboring_operation() -> None:
    plain = whole(plain_document())
    down = editing.move(plain, f"{STEPS}/1", 1)
    assert down.pointer == f"{MAKING}/0"
    assert editing.move(down.plain, down.pointer, -1).plain == plain
    first = editing.move(plain, f"{STEPS}/0", -1)
    assert (first.plain, first.pointer) == (plain, f"{STEPS}/0")


def test_a_new_code_is_carried_to_everything_that_names_the_old_one() -> None:
    plain = whole(plain_document())
    plain = editing.set_at(plain, f"{MAKING}/2/code", "V01").plain
    plain = editing.set_at(plain, "/formula/parameters/0/code", "vol").plain
    plain = editing.set_at(plain, "/formula/materials/0/code", "PBS").plain
    plain = editing.set_at(plain, "/equipment_requirements/0/code", "SCALE").plain
    text = str(whole(plain))
    for old in ("'S05'", "'volume'}", "'BUFFER'", "'BALANCE'"):
        assert old not in text
    steps = {one["code"]: one for one in editing.steps_in(plain)}
    assert steps["S06"]["after"] == ["V01"]
    assert steps["S08"]["inputs"]["volume"]["from"] == "V01"
    assert steps["V01"]["parameter"] == "vol"
    assert plain["formula"]["stages"][0]["step"] == "V01"


def test_a_copied_operation_has_codes_of_its_own_and_its_own_order() -> None:
    plain = whole(plain_document())
    edited = editing.duplicate(plain, "/procedure/unit_procedures/0/operations/1")
    read = whole(edited.plain)
    copy = editing.value_at(read, edited.pointer)
    assert copy["code"] == "OP4"
    codes = [one["code"] for one in copy["steps"]]
    assert codes == ["S12", "S13", "S14", "S15", "S16", "S17"]
    by_code = {one["code"]: one for one in copy["steps"]}
    assert by_code["S12"]["after"] == ["S08"]
    assert by_code["S17"]["after"] == ["S15", "S16"]
    assert by_code["S17"]["inputs"]["volume"]["from"] == "S14"


@pytest.mark.parametrize(
    "pointer", ["/none", f"{STEPS}/99", f"{STEPS}/-1", f"{STEPS}/x", "no", f"{STEPS}/0/code/x"]
)
def test_a_place_that_is_not_there_is_refused(pointer: str) -> None:
    plain = whole(plain_document())
    for edit in (editing.remove, editing.duplicate, editing.value_at):
        with pytest.raises(Invalid):
            edit(plain, pointer)


def test_what_is_no_item_of_a_list_cannot_be_removed() -> None:
    with pytest.raises(Invalid):
        editing.remove(whole(plain_document()), "/header/code")


def test_new_things_can_be_read_at_once() -> None:
    plain = whole(plain_document())
    for pointer, cls in (
        ("/formula/parameters", Parameter),
        ("/header/labels", Label),
        ("/environment", Watch),
        ("/environment", Watch),
    ):
        plain = whole(editing.add(plain, pointer, start_new_item(plain, pointer, cls)).plain)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_row_of_edits_leaves_a_recipe_that_can_be_read_and_carried_out(
    data: st.DataObject,
) -> None:
    plain = whole(plain_document()) if data.draw(st.booleans()) else serial(4)
    for _ in range(data.draw(st.integers(1, 6))):
        before = deepcopy(plain)
        places = [
            f"/procedure/unit_procedures/{u}/operations/{o}/steps/{s}"
            for u, unit in enumerate(plain["procedure"]["unit_procedures"])
            for o, operation in enumerate(unit["operations"])
            for s in range(len(operation["steps"]))
        ]
        at = data.draw(st.sampled_from(places)) if places else ""
        act = data.draw(st.sampled_from(["add", "up", "down", "copy", "remove"])) if at else "add"
        match act:
            case "add":
                edited = add_step(plain, STEPS, data.draw(st.sampled_from(KINDS)))
            case "copy":
                edited = editing.duplicate(plain, at)
            case "remove":
                edited = editing.remove(plain, at)
            case _:
                edited = editing.move(plain, at, -1 if act == "up" else 1)
        assert plain == before
        codes, were = (
            [one["code"] for one in editing.steps_in(each)] for each in (edited.plain, before)
        )
        assert len(codes) - len(were) == {"add": 1, "copy": 1, "remove": -1}.get(act, 0)
        assert act in ("up", "down") or set(were) - set(codes) <= {
            editing.value_at(before, at)["code"] if at else ""
        }
        plain = whole(edited.plain)
        assert sequence_of(document_from(plain)).unknown == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.data())
def test_a_serial_recipe_stays_serial_whatever_is_moved(count: int, data: st.DataObject) -> None:
    plain = serial(count)
    for _ in range(4):
        at = data.draw(st.integers(0, len(list(editing.steps_in(plain))) - 1))
        by = data.draw(st.sampled_from([-1, 1]))
        plain = editing.move(plain, f"{STEPS}/{at}", by).plain
        plain = editing.duplicate(plain, f"{STEPS}/{at}").plain
    waits = order(plain)
    assert waits[0][1] == []
    assert all(after == [before[0]] for before, (_, after) in pairwise(waits))
