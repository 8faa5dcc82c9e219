"""YAML: what is written is what is understood, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from recipes.rules.yaml_text import plain_from_yaml


@pytest.mark.requirement("DI-05")
def test_numbers_with_a_point_and_dates_stay_text() -> None:
    text = "{a: 1.10, b: 36.0, c: 5, d: 2027-01-11, e: NO, f: on, g: 1e3, h: 010, i: .5, j: 1:30}"
    assert plain_from_yaml(text) == {
        "a": "1.10",
        "b": "36.0",
        "c": 5,
        "d": "2027-01-11",
        "e": "NO",
        "f": "on",
        "g": "1e3",
        "h": "010",
        "i": ".5",
        "j": "1:30",
    }


def test_truth_and_nothing_are_what_they_say() -> None:
    assert plain_from_yaml("[true, false, null, ~, '', True, trueish]") == [
        *(True, False, None, None, "", "True", "trueish"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: &x 1",
        "a: !!python/object/apply:os.system ['id']",
        "a: !!float 1",
        "a: 1\na: 2",
        "? [1, 2]\n: 3",
        "<<: {a: 1}\n<<: {b: 2}",
        "a: [1",
        "a: \x00",
        "[" * 5000,
        "x" * (512 * 1024 + 1),
        "a: 1\n---\nb: 2",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_could_hide_something_is_not_read(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        plain_from_yaml(text)
    assert refused.value.code == "not_yaml"


def test_the_line_of_a_fault_is_named() -> None:
    with pytest.raises(Invalid, match="in line 2: a is there twice"):
        plain_from_yaml("# a comment\n{a: 1, a: 2}")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        plain_from_yaml(text)
    except Invalid as refusal:
        code = refusal.code
    else:
        code = "not_yaml"
    assert code == "not_yaml"
