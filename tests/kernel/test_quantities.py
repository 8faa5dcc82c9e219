"""Quantities: what is a number, how it is rounded, which units there are."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from kernel.quantities import (
    UNITS,
    compare_to_limit,
    decimal_from,
    is_storable,
    places_of,
    quantity_label,
    round_half_up,
    spoken_seconds,
    text_of,
    unit_from,
    unit_label,
)


@pytest.mark.requirement("DI-05")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.10", "1.10"),
        ("1,10", "1.10"),
        (" 37.5 ", "37.5"),
        ("+5", "5"),
        ("-0.00", "0.00"),
        ("007", "7"),
        ("1.2e9", "1200000000"),
        ("2.50E-3", "0.00250"),
        ("0,234", "0.234"),
        ("999999999999999999", "999999999999999999"),
        ("0.000000000000000001", "0.000000000000000001"),
    ],
)
def test_a_number_is_what_was_written(text: str, shown: str) -> None:
    assert text_of(decimal_from(text)) == shown


@pytest.mark.requirement("DI-05", "A11D-05")
def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    assert decimal_from("0.1") + decimal_from("0.2") == decimal_from("0.3")


@pytest.mark.requirement("A11D-05")
@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\t",
            "abc",
            "1 000",
            "1.000.000",
            "1,000.5",
            "1_000",
            "0x10",
            "1e",
            "--1",
            "1-",
        ),
        *("NaN", "nan", "sNaN", "Infinity", "-inf", "∞", "½", "٣٧", "３７", "1\n", "1\x00", "1;2"),
        *(".5", "5.", "1.", "=1+1", "1" * 65, "1e99999", "१", "1.2.3", "1,2,3"),
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decimal_from(text, pointer="/value")
    assert refused.value.code == "not_a_number"
    assert refused.value.errors[0].pointer == "/value"


@pytest.mark.requirement("A11D-05")
@pytest.mark.parametrize("text", ["1e309", "1e18", "1e-19", "1" * 29, "0." + "1" * 19, "-1e1000"])
def test_a_number_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decimal_from(text)
    assert refused.value.code == "number_out_of_range"


@pytest.mark.requirement("A11D-05")
@pytest.mark.parametrize("text", ["1,234", "-12,345", "999,000"])
def test_a_number_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decimal_from(text)
    assert refused.value.code == "ambiguous_number"


def test_a_refusal_does_not_repeat_what_cannot_be_printed() -> None:
    with pytest.raises(Invalid) as refused:
        decimal_from("12\u202e34")
    assert "\u202e" not in refused.value.detail


@given(st.text(max_size=80))
def test_any_text_is_a_storable_number_or_refused(text: str) -> None:
    try:
        value = decimal_from(text)
    except Invalid:
        return
    assert is_storable(value)
    assert decimal_from(text_of(value)) == value


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6))
def test_a_written_number_is_read_back_exactly(value: Decimal) -> None:
    assert decimal_from(text_of(value)) == value


@pytest.mark.requirement("DI-05")
@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("97.95", 1, "98.0"),
        ("0.025", 2, "0.03"),
        ("1.005", 2, "1.01"),
        ("-0.04", 1, "0.0"),
        ("5", 2, "5.00"),
    ],
)
def test_a_half_is_rounded_up(value: str, places: int, rounded: str) -> None:
    assert text_of(round_half_up(Decimal(value), places)) == rounded


@given(st.decimals(min_value=-1000, max_value=1000, places=5), st.integers(0, 5))
def test_rounding_agrees_with_fractions(value: Decimal, places: int) -> None:
    scaled = abs(Fraction(value)) * 10**places
    whole = int(scaled + Fraction(1, 2))
    expected = Fraction(whole, 10**places) * (-1 if value < 0 else 1)
    assert Fraction(round_half_up(value, places)) == expected


def test_a_number_wider_than_the_ordinary_context_is_rounded_too() -> None:
    assert round_half_up(Decimal("9999999999999999999999999999.5"), 0) == Decimal("1e28")


@pytest.mark.requirement("DI-05")
@pytest.mark.parametrize(
    ("value", "limit", "place"),
    [
        ("97.96", "98.0", 0),
        ("97.95", "98.0", 0),
        ("97.92", "98.0", -1),
        ("0.025", "0.02", 1),
        ("4.6", "5", 0),
        ("4.96", "5.0", 0),
        ("4.94", "5.0", -1),
        ("1E+3", "1000", 0),
    ],
)
def test_a_value_is_rounded_to_the_limit_and_then_compared(
    value: str, limit: str, place: int
) -> None:
    assert compare_to_limit(Decimal(value), Decimal(limit)) == place


def test_a_number_with_an_exponent_shows_no_decimals() -> None:
    assert [places_of(Decimal(text)) for text in ("1E+3", "10", "1.50")] == [0, 0, 2]


@pytest.mark.requirement("A11D-05")
def test_every_unit_is_known_by_its_code_and_by_its_label() -> None:
    assert {unit_from(code) for code in UNITS} == UNITS
    assert {unit_from(unit_label(code)) for code in UNITS - {"1"}} == UNITS - {"1"}


@pytest.mark.parametrize("spelled", ["µL", "μL", "uL", " uL "])
def test_both_signs_for_micro_are_read(spelled: str) -> None:
    assert unit_from(spelled) == "uL"


@pytest.mark.requirement("A11D-05")
@pytest.mark.parametrize("text", ["", "C", "MG", "grams", "m g", "°F", "mg/ml"])
def test_an_unknown_unit_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        unit_from(text, pointer="/unit")
    assert (refused.value.code, refused.value.errors[0].pointer) == ("unknown_unit", "/unit")


def test_units_fit_the_column_that_keeps_them() -> None:
    assert max(len(code) for code in UNITS) <= 16


def test_a_quantity_is_printed_with_its_unit() -> None:
    shown = [quantity_label(Decimal("37.50"), "Cel"), quantity_label(Decimal(12), "1")]
    assert shown == ["37.50 °C", "12"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (5400, "1 h 30 min"),
        (1_209_600, "14 d"),
        (90_061, "1 d 1 h 1 min 1 s"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds: int, said: str) -> None:
    assert spoken_seconds(seconds) == said
