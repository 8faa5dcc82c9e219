"""The Single European Code: forty characters, each in its place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from kernel.errors import Invalid
from supply.rules.sec import sec_from

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
WHOLE = "DE000123G123498654321A00T041600020261231"


@pytest.mark.requirement("COI-09")
def test_a_code_comes_back_as_it_is_printed() -> None:
    read = sec_from(WHOLE)
    assert str(read) == "SEC: DE000123G123498654321 A00T041600020261231"
    assert (len(read.donation_sequence), len(read.product_sequence)) == (21, 19)
    assert read.expires_on == date(2026, 12, 31)
    assert {sec_from(text) for text in (str(read), str(read).replace(" A", "\nA"))} == {read}


@pytest.mark.requirement("COI-09")
def test_a_code_without_expiry_has_none() -> None:
    read = sec_from(WHOLE[:-8] + "00000000")
    assert read.expires_on is None
    assert sec_from(str(read)) == read


@pytest.mark.requirement("COI-09")
@pytest.mark.parametrize(
    "text",
    [
        "",
        WHOLE[:-1],
        WHOLE + "0",
        "XX" + WHOLE[2:],
        WHOLE[:21] + "C" + WHOLE[22:],
        WHOLE[:-8] + "20260230",
        WHOLE.lower(),
        WHOLE[:-1] + "١",
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        sec_from(text)
    assert refused.value.code == "not_a_sec"


@pytest.mark.requirement("COI-09")
def test_the_published_example_is_met() -> None:
    source = SHARED / "ids" / "isbt128-sec" / "isbt128_sec_vectors.json"
    if not source.exists():
        pytest.skip("the published examples are not at hand (../shared/data/ids)")
    for row in json.loads(source.read_text())["sec"]:
        read = sec_from(row["eye_readable"])
        assert (str(read), str(read.expires_on)) == (row["eye_readable"], row["expiry"])
        assert (read.establishment, read.product, read.split) == (
            row["tissue_establishment"],
            row["product_code"],
            row["split"],
        )
