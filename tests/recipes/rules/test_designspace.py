"""The design space: boxes and linear constraints, judged only over what is known."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Invalid
from recipes.rules.completeness import missing_before_approval
from recipes.rules.designspace import Bound, Constraint, Region, Term, outside
from recipes.rules.document import to_plain
from recipes.rules.parsing import document_from
from tests.recipes.rules.plain import small

REGION = Region(
    code="DS1",
    title="Transduction",
    bounds=(Bound(parameter="moi", min=Decimal("1.0"), max=Decimal("10.0")),),
    constraints=(
        Constraint(
            label="Exposure",
            terms=(
                Term(parameter="moi", times=Decimal(1)),
                Term(parameter="days", times=Decimal("-0.5")),
            ),
            min=Decimal("0.0"),
            max=Decimal("6.0"),
        ),
    ),
)
UNITS = {"moi": "{MOI}", "days": "d"}


@pytest.mark.requirement("S88-02")
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"moi": "5.0", "days": "4"}, []),
        ({"moi": "0.9"}, ["moi 0.9 MOI is below 1.0 MOI"]),
        ({"moi": "10.04"}, []),
        ({"moi": "10.05"}, ["moi 10.05 MOI is above 10.0 MOI"]),
        ({"moi": "9.0", "days": "4"}, ["Exposure: moi − 0.5 × days = 7 is above 6.0"]),
        ({"days": "400"}, []),
        ({}, []),
    ],
)
def test_it_says_what_is_outside_and_why(values: dict[str, str], told: list[str]) -> None:
    known = {name: Decimal(text) for name, text in values.items()}
    assert outside(REGION, known, UNITS) == told


def test_it_is_shown_in_words() -> None:
    assert REGION.lines == ("1.0 ≤ moi ≤ 10.0", "Exposure: 0.0 ≤ moi − 0.5 × days ≤ 6.0")


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-999, 999)), min_size=1, max_size=4),
    st.integers(-5000, 5000),
    st.integers(0, 5000),
)
def test_a_constraint_agrees_with_exact_fractions(
    terms: list[tuple[int, int]], low: int, width: int
) -> None:
    region = Region(
        code="R",
        title="R",
        constraints=(
            Constraint(
                label="L",
                terms=tuple(
                    Term(parameter=f"p{i}", times=Decimal(times))
                    for i, (times, _) in enumerate(terms)
                ),
                min=Decimal(low),
                max=Decimal(low + width),
            ),
        ),
    )
    values = {f"p{i}": Decimal(value) for i, (_, value) in enumerate(terms)}
    total = sum((Fraction(times) * value for times, value in terms), Fraction(0))
    assert (outside(region, values, {}) == []) == (low <= total <= low + width)


def plain_with(**changed: object) -> object:
    plain = small()
    region = {
        "code": "DS1",
        "title": "Filling",
        "bounds": [{"parameter": "volume", "min": "9.0", "max": "11.0"}],
    }
    plain["design_space"] = [{**region, **changed}]
    return plain


@pytest.mark.requirement("S88-02", "A11-10")
def test_it_is_a_part_of_the_document_and_of_its_digest() -> None:
    document = document_from(plain_with())
    assert document_from(to_plain(document)) == document
    assert to_plain(document) != to_plain(document_from(small()))
    assert missing_before_approval(document) == ()


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"bounds": [{"parameter": "volume"}]}, "/design_space/0/bounds/0"),
        ({"bounds": [{"parameter": "volume", "min": "2", "max": "1"}]}, "/design_space/0/bounds/0"),
        (
            {"constraints": [{"label": "x", "terms": [], "max": "1"}]},
            "/design_space/0/constraints/0/terms",
        ),
        ({"action": "ignore"}, "/design_space/0/action"),
    ],
)
def test_a_region_that_says_nothing_cannot_be_read(
    changed: dict[str, object], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        document_from(plain_with(**changed))
    assert [one.pointer for one in refused.value.errors] == [pointer]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"bounds": []}, "missing"),
        ({"bounds": [{"parameter": "nobody", "min": "1"}]}, "unknown_reference"),
    ],
)
def test_a_region_over_nothing_is_not_approved(changed: dict[str, object], code: str) -> None:
    found = missing_before_approval(document_from(plain_with(**changed)))
    assert [one.code for one in found] == [code]


def test_a_region_is_over_critical_parameters() -> None:
    plain = small()
    plain["formula"]["parameters"].append(
        {"code": "idle", "label": "Idle", "unit": "mL", "kind": "process"}
    )
    plain["design_space"] = [
        {"code": "D", "title": "D", "bounds": [{"parameter": "idle", "max": "1"}]}
    ]
    found = missing_before_approval(document_from(plain))
    assert [(one.code, one.pointer) for one in found] == [
        ("not_critical", "/design_space/0/bounds/0/parameter")
    ]
