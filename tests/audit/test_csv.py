"""CSV: no cell of an export can act as a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.csv import DANGEROUS, NUMBER, csv_lines, csv_safe


@pytest.mark.requirement("SEC-02")
@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1+9)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1+1",
        "\u00a0@SUM(1)",
        "＝1+1",
        "＋1x",
        "－1x",
        "＠SUM(1)",
        "-",
        "+٣",
    ],
)
def test_a_cell_that_could_run_begins_with_an_apostrophe(text: str) -> None:
    assert csv_safe(text) == f"'{text}"


@pytest.mark.requirement("SEC-02")
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("-12.50", "-12.50"),
        ("+3", "+3"),
        (Decimal("-0.5"), "-0.5"),
        (Decimal("1E+3"), "1000"),
        (-7, "-7"),
        ("H-1042", "H-1042"),
        ("a=b", "a=b"),
        ("Ünïcode 患者", "Ünïcode 患者"),
        ("", ""),
        (None, ""),
        (date(2027, 2, 1), "2027-02-01"),
        (datetime(2026, 11, 23, 12, tzinfo=UTC), "2026-11-23T12:00:00Z"),
    ],
)
def test_plain_values_stay_as_they_are(value: Any, text: str) -> None:
    assert csv_safe(value) == text


@pytest.mark.requirement("SEC-02")
@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2))
)
def test_whatever_the_text_a_reader_gets_the_cells_and_none_begins_a_formula(
    rows: list[list[str]],
) -> None:
    written = "".join(csv_lines(("=a", "b"), rows))
    read = list(csv.reader(io.StringIO(written, newline="")))
    assert read[0] == ["'=a", "b"]
    assert len(read) == len(rows) + 1
    for cells, row in zip(read[1:], rows, strict=True):
        for cell, text in zip(cells, row, strict=True):
            assert cell in (text, f"'{text}")
            assert cell[:1] not in DANGEROUS or NUMBER.fullmatch(cell) or not cell


@pytest.mark.requirement("SEC-02")
def test_every_cell_is_quoted_so_that_no_other_separator_splits_it() -> None:
    assert list(csv_lines(("a",), [('x;=1+1,"y"',)])) == ['"a"\r\n', '"x;=1+1,""y"""\r\n']
