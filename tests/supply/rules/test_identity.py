"""Identifiers: opaque, unique, and every single slip of a hand is found."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from supply.rules.identity import (
    ALPHABET,
    bag_code_from,
    bag_code_of,
    coi_from,
    coi_of,
)

ENTROPY = st.binary(min_size=16, max_size=32)


def refused(text: str) -> str:
    with pytest.raises(Invalid) as refusal:
        coi_from(text, pointer="/scanned")
    assert refusal.value.errors[0].pointer == "/scanned"
    return refusal.value.code


@pytest.mark.requirement("TRK-02", "COI-02")
@given(ENTROPY)
def test_an_identifier_is_read_back_however_it_is_typed(entropy: bytes) -> None:
    made = coi_of(entropy)
    assert re.fullmatch(r"COI-[0-9B-Z]{4}-[0-9B-Z]{4}-[0-9B-Z]{4}-[0-9B-Z]", made)
    ways = [made, made.lower(), made.replace("-", ""), made.replace("-", " "), f"  {made}\r\n"]
    assert {coi_from(way) for way in ways} == {made}


@pytest.mark.requirement("TRK-02")
def test_the_same_bytes_give_the_same_identifier_and_too_few_give_none() -> None:
    assert coi_of(bytes(16)) == "COI-0000-0000-0001-S"
    assert coi_of(b"\x01" * 16) == coi_of(b"\x01" * 16)
    with pytest.raises(ValueError, match="at least 16 random bytes"):
        coi_of(bytes(15))


@pytest.mark.requirement("TRK-02")
def test_twenty_thousand_identifiers_differ_and_spell_nothing() -> None:
    dice = random.Random(20261123)
    made = {coi_of(dice.randbytes(16)) for _ in range(20_000)}
    assert len(made) == 20_000
    words = ("ANNA", "LEE", "EVA", "SMITH", "19741225", "1974-1225")
    assert not [one for one in made if any(word in one[4:] for word in words)]
    assert not {letter for one in made for letter in one[4:]} - {*ALPHABET, "-"}


@pytest.mark.requirement("COI-03")
@given(ENTROPY, st.data())
def test_every_wrong_character_is_found(entropy: bytes, data: st.DataObject) -> None:
    made = coi_of(entropy).replace("-", "")
    place = data.draw(st.integers(3, len(made) - 1))
    other = data.draw(st.sampled_from([one for one in ALPHABET if one != made[place]]))
    assert refused(made[:place] + other + made[place + 1 :]) == "wrong_check_character"


@pytest.mark.requirement("COI-03")
@given(ENTROPY, st.integers(3, 14))
def test_every_exchange_of_neighbors_is_found(entropy: bytes, place: int) -> None:
    made = coi_of(entropy).replace("-", "")
    swapped = made[:place] + made[place + 1] + made[place] + made[place + 2 :]
    if swapped != made:
        assert refused(swapped) == "wrong_check_character"


@pytest.mark.requirement("COI-03")
@given(ENTROPY)
def test_a_bag_cannot_pass_for_a_chain(entropy: bytes) -> None:
    bag = bag_code_of(entropy)
    assert bag_code_from(bag.lower()) == bag
    assert refused(bag) == "not_an_identifier"
    assert refused("COI" + bag[3:]) == "wrong_check_character"


@pytest.mark.requirement("COI-02")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "COI",
        "COI-",
        "COI-AAAA-AAAA-AAAA-A",
        "COI-0000-0000-0000",
        "COI-0000-0000-0000-00",
        "COI-0000-0000-OOOO-0",
        "COI-0000-0000-0000-*",
        "COI_0000_0000_0000_0",
        "COI-٠٠٠٠-0000-0000-0",
        "ＣＯＩ-0000-0000-0000-0",
        "coı-0000-0000-0000-0",
        "COI-0000-0000-0000-0\x00",
        "COI-0000-0000-0000-0" * 20,
        "=G123498654321H",
        "'; DROP TABLE",
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    assert refused(text) == "not_an_identifier"


@given(st.text(max_size=70))
def test_any_scan_is_read_or_refused(text: str) -> None:
    try:
        read = coi_from(text)
    except Invalid:
        return
    assert coi_from(read) == read
