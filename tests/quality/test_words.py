"""Words: a reason says something; the title of an excursion says the number and the limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from quality.rules.excursions import LONGEST_TITLE, Excursion, story_of, title_of
from quality.rules.words import optional_words, shown_quantity, words_from

AT = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)
FOUND = Excursion(
    sensor="INC1-TEMP",
    sensor_name="Incubator 1 temperature",
    unit="Cel",
    cause="critical_high",
    limit=Decimal("38.0000"),
    value=Decimal("38.9000000000"),
    since=AT,
    exceeded_at=AT.replace(second=15),
)


@pytest.mark.requirement("CGMP-17", "A11-09")
@pytest.mark.parametrize("text", ["", " ", "\t\n", ".", "-", "...", "n/", "ok", "1234", "\u00a0"])
def test_words_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        words_from(text, pointer="/impact", what="The impact")
    assert refused.value.errors[0].pointer == "/impact"
    assert refused.value.code == "words_needed"


@given(st.text(alphabet=" .,-_/\\!?\t\n0123456789", max_size=60))
def test_no_text_without_letters_is_a_reason(text: str) -> None:
    with pytest.raises(Invalid):
        words_from(text, pointer="/reason", what="A reason")


def test_words_are_kept_as_they_were_written() -> None:
    assert words_from(" No other batch. ", pointer="/x", what="X") == "No other batch."
    assert words_from("無影響です", pointer="/x", what="X") == "無影響です"
    assert optional_words("  ", pointer="/x") == ""


@pytest.mark.parametrize("text", ["abc\x00", "abc\ud800", "abc" * 1000])
def test_words_that_no_record_keeps_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        words_from(text, pointer="/x", what="X")


def test_the_title_says_number_and_limit() -> None:
    assert title_of(FOUND) == (
        "Incubator 1 temperature: 38.9 °C is above the upper critical limit of 38 °C"
    )
    low = replace(FOUND, cause="critical_low", limit=Decimal("36.0"), value=Decimal("-0.50"))
    assert title_of(low) == (
        "Incubator 1 temperature: -0.5 °C is below the lower critical limit of 36 °C"
    )


def test_a_silent_sensor_is_said_so() -> None:
    silent = replace(FOUND, cause="silence", limit=None, value=None)
    assert title_of(silent) == (
        "Incubator 1 temperature: no usable reading since 23 Nov 2026 12:00:05 UTC"
    )


def test_the_story_says_where_and_when() -> None:
    assert story_of(FOUND, batch="B-000001") == (
        "Sensor INC1-TEMP watched over batch B-000001. Incubator 1 temperature: 38.9 °C is above"
        " the upper critical limit of 38 °C. It began 23 Nov 2026 12:00:05 UTC and was noticed"
        " 23 Nov 2026 12:00:15 UTC."
    )


def test_a_long_name_is_cut_and_an_unknown_unit_is_shown() -> None:
    assert len(title_of(replace(FOUND, sensor_name="x" * 300))) == LONGEST_TITLE
    assert shown_quantity(Decimal("1E+2"), "furlong") == "100 furlong"
    assert shown_quantity(Decimal("0.000"), "%") == "0 %"
