"""The canonical form: RFC 8785 where it applies, and stricter where a record needs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.canonical import canonical, digest, plain

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors" / "jcs-rfc8785"

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
keys = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_the_canonical_text_reads_back_as_the_same_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(keys, st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(list(value.items()))))


def test_decimals_of_the_same_value_have_one_text() -> None:
    assert [plain(Decimal(text)) for text in ("1.10", "1.1", "11E-1", "100", "1E+2", "0.00")] == [
        "1.1",
        "1.1",
        "1.1",
        "100",
        "100",
        "0",
    ]


@pytest.mark.parametrize("bad", [Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 1)])
def test_what_cannot_stand_on_a_record_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="a record holds"):
        canonical({"value": bad})


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical({"value": 0.1})


def test_times_are_written_in_utc_with_microseconds() -> None:
    berlin = timezone(timedelta(hours=1))
    assert plain(datetime(2026, 11, 23, 13, 0, tzinfo=berlin)) == "2026-11-23T12:00:00.000000Z"
    assert plain(datetime(2026, 11, 23, 12, 0, tzinfo=UTC)) == "2026-11-23T12:00:00.000000Z"


@pytest.mark.skipif(not VECTORS.exists(), reason="the RFC 8785 vectors are not on this machine")
@pytest.mark.parametrize("name", ["arrays", "structures"])
def test_the_vectors_of_the_rfc_are_met(name: str) -> None:
    # The only number with a fraction in these two is 56.0, which the RFC writes as 56.
    text = (VECTORS / "input" / f"{name}.json").read_text()
    given_value = json.loads(text, parse_float=lambda number: int(float(number)))
    expected = (VECTORS / "output" / f"{name}.json").read_text()
    assert canonical(given_value) == expected.strip()
