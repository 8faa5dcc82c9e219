"""Donation numbers: the published examples, every slip, every way to arrive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Invalid
from supply.rules.isbt128 import donation_number_from, flag_characters
from supply.rules.iso7064 import ALPHABET, check_character, check_value, is_checked

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
NUMBERS = st.from_regex(r"[A-Z0-9]{5}[0-9]{8}", fullmatch=True).filter(str.isascii)


def refused(text: str) -> str:
    with pytest.raises(Invalid) as refusal:
        donation_number_from(text, pointer="/donation_number")
    assert refusal.value.errors[0].pointer == "/donation_number"
    return refusal.value.code


@pytest.mark.requirement("COI-08")
@pytest.mark.parametrize(
    ("number", "value", "character", "flags"),
    [("G123498654321", 17, "H", "77"), ("A999914123458", 19, "J", "79")],
)
def test_the_published_examples_are_met(
    number: str, value: int, character: str, flags: str
) -> None:
    assert check_value(number) == value
    assert check_character(number) == character
    assert flag_characters(number) == flags


@pytest.mark.requirement("COI-08")
def test_the_example_of_the_shared_data_is_met() -> None:
    source = SHARED / "ids" / "isbt128-sec" / "isbt128_sec_vectors.json"
    if not source.exists():
        pytest.skip("the published examples are not at hand (../shared/data/ids)")
    for row in json.loads(source.read_text())["din_check"]:
        assert check_value(row["input"]) == row["checksum"]
        assert donation_number_from(row["input"] + row["check_char"]) == row["input"]
        assert donation_number_from(f"={row['input']}{row['flag_characters']}") == row["input"]


@pytest.mark.requirement("COI-08")
@pytest.mark.parametrize(
    "text",
    [
        "G123498654321H",
        "g123498654321h",
        "G1234 98 654321 H",
        "G1234-98-654321-H",
        " G123498654321H\n",
        "=G12349865432177",
        "=G12349865432100",
        "=G1234986543211A",
    ],
)
def test_a_number_is_read_however_it_arrives(text: str) -> None:
    assert donation_number_from(text) == "G123498654321"


@pytest.mark.requirement("COI-08")
@pytest.mark.parametrize(
    "text",
    [
        "G123498654312H",
        "G123498654321J",
        "G123498654321*",
        "G123498654321",
        "=G12349865432178",
        "=G12349865431277",
    ],
)
def test_a_wrong_or_missing_check_is_refused(text: str) -> None:
    assert refused(text) == "wrong_check_character"


@pytest.mark.requirement("COI-08")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "G12349865432",
        "G123498654321HH",
        "=G123498654321",
        "=G123498654321777",
        "=G123498654321 77",
        "=<G12349865432177",
        "G12349865432AH",
        "G12349865432١H",
        "G123498654321H" * 9,
        "=" + "G" * 60,
    ],
)
def test_what_is_no_donation_number_is_refused(text: str) -> None:
    assert refused(text) == "not_a_donation_number"


@pytest.mark.requirement("COI-08")
@settings(max_examples=25)
@given(NUMBERS)
def test_every_single_slip_in_a_number_is_found(number: str) -> None:
    checked = number + check_character(number)
    assert is_checked(checked)
    data = ALPHABET[:-1]
    for place, right in enumerate(number):
        for wrong in data.replace(right, ""):
            assert not is_checked(checked[:place] + wrong + checked[place + 1 :])
    for place in range(12):
        one, two = number[place], number[place + 1]
        if one != two:
            assert not is_checked(checked[:place] + two + one + checked[place + 2 :])


@given(st.text(max_size=70))
def test_any_scan_is_read_or_refused(text: str) -> None:
    try:
        read = donation_number_from(text)
    except Invalid:
        return
    assert len(read) == 13


def test_only_digits_and_capitals_have_a_check_value() -> None:
    for text in ("", "a", "*", "É", "٣"):
        with pytest.raises(ValueError, match="only digits and capital letters"):
            check_value(text)
