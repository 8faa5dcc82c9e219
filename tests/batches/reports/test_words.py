"""The words of the printed record: numbers with their units, answers by their labels."""

from __future__ import annotations

from typing import Any

from batches.reports.words import amount, entered_words, limits_of, value_pieces
from tests.worlds.records import value

CHOICE = {
    "options": [{"value": "clear", "label": "Clear"}, {"value": "cloudy", "label": "Cloudy"}],
    "accepted": ["clear"],
}


def test_an_amount_has_its_unit_as_people_write_it_and_a_bare_number_none() -> None:
    assert [amount("1", "{bags}"), amount("2", "1"), amount("37.5", "Cel"), amount(None, "mL")] == [
        "1 bags", "2", "37.5 °C", "",
    ]  # fmt: skip


def test_an_answer_is_told_by_its_label() -> None:
    answer: dict[str, Any] = {**value(1, "cloudy"), "value": None, "unit": ""}
    assert entered_words(answer, CHOICE) == "Cloudy"
    assert ("Accepted: Clear", "faint") in limits_of(CHOICE)


def test_a_lot_is_told_with_the_quantity_that_was_taken() -> None:
    details = {"lot": "L-7", "name": "Buffer", "expires_on": "2027-01-31"}
    taken: dict[str, Any] = {**value(1, "BUFFER-L-7"), "value": "10", "details": details}
    told = [text for text, _ in value_pieces(taken, {})]
    assert told[:3] == ["BUFFER-L-7", "Buffer, lot L-7, expires 31 Jan 2027", "10 mL"]


def test_times_are_said_as_people_say_them() -> None:
    assert limits_of({"min_seconds": 60, "max_seconds": 1_209_600}) == [
        ("At least 1 min, at most 14 d", "faint")
    ]
