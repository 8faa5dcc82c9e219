"""The rule of amendments alone: random additions keep the order, and change nothing behind them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.rules.amendments import Change, amended, judged, lines_of, words_of_change
from kernel.canonical import canonical
from kernel.errors import Conflict, NotFound
from recipes.rules.document import to_plain
from recipes.rules.parsing import document_from
from recipes.rules.sequence import order_of, sequence_of
from tests.worlds.branching import branching_document
from tests.worlds.recipes import plain_document
from tests.worlds.recipes import step as plain_step


def added(place: str, code: str) -> Change:
    step = plain_step(code, "confirm", "Look at the line again")
    return Change(what="add_step", place=place, before={}, after={"step": step})


@pytest.mark.requirement("S88-11")
@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_whatever_is_added_comes_after_its_place_and_before_what_waited_for_it(
    places: list[int],
) -> None:
    plain: dict[str, Any] = to_plain(document_from(plain_document()))
    frozen = canonical(plain)
    now, changes = plain, []
    for number, at in enumerate(places):
        document = document_from(now)
        codes = [step.code for step in document.steps]
        change = added(codes[at % len(codes)], f"X{number:02}")
        before = order_of(document).waits
        made = judged(now, document, change, dict.fromkeys(codes, "waiting"))
        waited = {code for code, waits in before.items() if change.place in waits}
        after = made.order.waits
        assert after[f"X{number:02}"] == (change.place,)
        assert {code for code, waits in after.items() if f"X{number:02}" in waits} == waited
        assert made.changed.keys() == waited
        assert sequence_of(made.document).unreachable == ()
        changes.append(change)
        now = made.plain
    assert amended(plain, changes) == now
    assert canonical(plain) == frozen


@pytest.mark.requirement("S88-11")
def test_a_step_inside_a_loop_is_refused() -> None:
    plain: dict[str, Any] = to_plain(document_from(branching_document()))
    document = document_from(plain)
    states = {step.code: "waiting" for step in document.steps}
    loops = [
        operation
        for unit in document.procedure.unit_procedures
        for operation in unit.operations
        if operation.repeat
    ]
    with pytest.raises(Conflict, match="loop"):
        judged(plain, document, added(loops[0].steps[-1].code, "X01"), states)


@pytest.mark.requirement("S88-11")
def test_a_change_is_told_in_words_and_a_place_that_is_gone_is_named() -> None:
    change = added("S05", "X01")
    assert words_of_change(change) == "Step X01 Look at the line again is added after S05"
    assert [(one.label, one.old, one.new) for one in lines_of(change)] == [
        ("Kind", "", "Confirm"),
        ("Instruction", "", "Look at the line again, as shown."),
    ]
    with pytest.raises(NotFound, match="no step S99"):
        amended(plain_document(), [added("S99", "X01")])
