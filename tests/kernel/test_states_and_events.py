"""State tables and events, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kernel import events
from kernel.errors import FieldError, IllegalMove, Invalid
from kernel.events import Event, publish, set_readers
from kernel.states import Moves

DOOR = Moves("door", "shut", {("shut", "open"): "open", ("open", "close"): "shut"})


def test_a_move_in_the_table_is_made() -> None:
    assert DOOR.after("shut", "open") == "open"


def test_every_move_that_is_not_in_the_table_is_refused() -> None:
    absent = [
        (state, verb)
        for state in DOOR.states
        for verb in DOOR.verbs
        if (state, verb) not in DOOR.table
    ]
    assert sorted(absent) == [("open", "open"), ("shut", "close")]
    for state, verb in absent:
        with pytest.raises(IllegalMove):
            DOOR.after(state, verb)


def test_a_table_knows_its_edges_and_ends() -> None:
    assert DOOR.edges == {("shut", "open"), ("open", "shut")}
    assert Moves("x", "a", {("a", "go"): "b"}).is_end("b")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpened(Event):
    door: str


@pytest.fixture
def restored_readers() -> Iterator[None]:
    kept = dict(events._readers), list(events._first)
    yield
    set_readers(kept[0], first=kept[1])


@pytest.mark.usefixtures("restored_readers")
def test_readers_are_told_in_table_order() -> None:
    told: list[str] = []
    set_readers(
        {DoorOpened: [lambda e: told.append(f"one {e.door}"), lambda e: told.append("two")]},
        first=[lambda e: told.append("first")],
    )
    publish(DoorOpened(act=None, door="A"))
    assert told == ["first", "one A", "two"]


@pytest.mark.usefixtures("restored_readers")
def test_a_reader_that_fails_undoes_the_fact() -> None:
    def broken(event: Any) -> None:
        raise Invalid("no")

    set_readers({DoorOpened: [broken]})
    with pytest.raises(Invalid):
        publish(DoorOpened(act=None, door="A"))


def test_a_refusal_with_a_pointer_names_the_field() -> None:
    refusal = Invalid("Too heavy.", pointer="/weight", code="range")
    assert refusal.errors == (FieldError(pointer="/weight", code="range", detail="Too heavy."),)
