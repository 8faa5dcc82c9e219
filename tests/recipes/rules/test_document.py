"""The document: whatever comes in is a whole document or a list of faults with their places."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import Invalid
from recipes.rules.document import Document, to_plain
from recipes.rules.parsing import document_from, step_from
from recipes.rules.step_parsing import KINDS
from recipes.rules.steps import CalculationStep, ConfirmStep
from tests.recipes.rules.plain import at, demo, small, step, steps_of

DEMOS = ("CART-19", "PGX-ORAL", "MRNA-NEO")


def faults(plain: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        document_from(plain)
    return [(fault.pointer, fault.code) for fault in refused.value.errors]


@pytest.mark.requirement("S88-02")
def test_a_document_has_the_five_parts_of_a_recipe() -> None:
    assert list(to_plain(document_from(small()))) == [
        "header",
        "formula",
        "equipment_requirements",
        "procedure",
        "other_information",
        "environment",
        "design_space",
    ]


@pytest.mark.requirement("S88-02", "CGMP-04")
@pytest.mark.parametrize("code", DEMOS)
def test_a_document_comes_back_from_json_unchanged(code: str) -> None:
    document = document_from(demo(code))
    text = json.dumps(to_plain(document))
    assert document_from(json.loads(text)) == document
    assert to_plain(document_from(json.loads(text))) == json.loads(text)


@pytest.mark.requirement("DI-05")
def test_the_zeros_of_a_limit_are_kept() -> None:
    plain = small()
    steps_of(plain)[1]["hard"] = {"min": "1.10", "max": 2}
    kept = at(to_plain(document_from(plain)), "/procedure/unit_procedures/0/operations/0/steps/1")
    assert kept["hard"] == {
        "min": "1.10",
        "max": "2",
        "min_exclusive": False,
        "max_exclusive": False,
    }


def test_a_step_follows_the_one_before_unless_it_says_otherwise() -> None:
    plain = small()
    steps = [step(code="S1"), step(code="S2"), step(code="S3", after=["S1"]), step(code="S4")]
    steps[3]["after"] = []
    plain["procedure"]["unit_procedures"][0]["operations"][0]["steps"] = steps
    document = document_from(plain)
    assert [one.after for one in document.steps] == [(), ("S1",), ("S1",), ()]


def test_the_order_goes_on_across_operations() -> None:
    document = document_from(demo("CART-19"))
    placed = list(document.placed_steps())
    assert [one.ordinal for one in placed] == list(range(1, 39))
    assert placed[4].step.after == (placed[3].step.code,)
    assert placed[4].operation.code != placed[3].operation.code
    assert at(to_plain(document), placed[3].pointer)["code"] == placed[3].step.code


@pytest.mark.parametrize("code", DEMOS)
def test_every_step_comes_back_alone_as_a_batch_keeps_it(code: str) -> None:
    for one in document_from(demo(code)).steps:
        assert step_from(json.loads(json.dumps(to_plain(one)))) == one


def test_the_demo_recipes_use_every_kind_of_step() -> None:
    used = {one.kind for code in DEMOS for one in document_from(demo(code)).steps}
    assert used == set(KINDS)


def test_a_step_alone_waits_for_nothing() -> None:
    assert step_from(step(code="S1")) == ConfirmStep(
        code="S1", title="Step S1", instruction="Look at it."
    )


def test_the_inputs_of_a_calculation_are_in_the_order_of_their_names() -> None:
    made = step_from(calculation())
    assert isinstance(made, CalculationStep)
    assert [one.name for one in made.inputs] == ["a", "b"]


def calculation(**changed: Any) -> dict[str, Any]:
    return {
        **step(code="S9", kind="calculation"),
        "parameter": "p",
        "formula": "a + b",
        "inputs": {"b": {"from": "S2", "unit": "mL"}, "a": {"from": "S1", "unit": "mL"}},
        "unit": "mL",
        "decimals": 1,
        **changed,
    }


WRONG: list[tuple[str, Any, str]] = [
    ("/header/code", None, "required"),
    ("/header/code", "1A", "not_a_code"),
    ("/header/code", "A B", "not_a_code"),
    ("/header/code", "A\u0660", "not_a_code"),
    ("/header/title", 5, "wrong_type"),
    ("/header/title", "x" * 201, "too_long"),
    ("/header/title", "a\x00b", "unprintable"),
    ("/header/title", "a\ud800b", "unprintable"),
    ("/header/autologous", "yes", "wrong_type"),
    ("/header/retention_years", 0, "out_of_range"),
    ("/header/retention_years", True, "out_of_range"),
    ("/header/retention_years", "30", "out_of_range"),
    ("/header/labels", {"code": "A"}, "wrong_type"),
    ("/header/color", "red", "unknown_field"),
    ("/header", [], "wrong_type"),
    ("/procedure/steps", [], "unknown_field"),
    ("/procedure/unit_procedures/0/steps", [], "unknown_field"),
    ("/procedure/unit_procedures/0/operations/0/steps/0/kind", "dance", "unknown_word"),
    ("/procedure/unit_procedures/0/operations/0/steps/0/unit", "mL", "unknown_field"),
    ("/procedure/unit_procedures/0/operations/0/steps/0/roles", ["admin"], "unknown_word"),
    ("/procedure/unit_procedures/0/operations/0/steps/0/after", ["S1", "S1"], "duplicate"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/unit", "furlong", "unknown_unit"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/decimals", 11, "out_of_range"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/decimals", 1.0, "out_of_range"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/hard/min", 1.5, "not_a_number"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/hard/min", "NaN", "not_a_number"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/hard/min", True, "not_a_number"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/hard/min", "1e309", "number_out_of_range"),
    ("/procedure/unit_procedures/0/operations/0/steps/1/hard/min", 10**30, "number_out_of_range"),
    ("/environment/0/quantity", "noise", "unknown_word"),
    ("/environment/0/place", "moon", "unknown_word"),
    ("/other_information/precautions", "careful", "wrong_type"),
    ("/other_information/precautions", [""], "required"),
    ("/formula/parameters/0/kind", [], "unknown_word"),
]


@pytest.mark.parametrize(("pointer", "value", "code"), WRONG)
def test_a_fault_is_found_where_it_is(pointer: str, value: Any, code: str) -> None:
    plain = small()
    above, _, key = pointer.rpartition("/")
    place = at(plain, above)
    place[key] = value
    found = faults(plain)
    assert any(where.startswith(pointer) and what == code for where, what in found), found


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/procedure/unit_procedures/0/operations/0/steps/1/hard", {"min": "2", "max": "1"}),
        (
            "/procedure/unit_procedures/0/operations/0/steps/1/hard",
            {"min": "1", "max": "1", "min_exclusive": True},
        ),
        ("/environment/0/critical_low", "24.5"),
        ("/header/theoretical_yield/min_percent", "200"),
    ],
)
def test_limits_that_nothing_can_meet_are_refused(pointer: str, value: Any) -> None:
    plain = small()
    above, _, key = pointer.rpartition("/")
    at(plain, above)[key] = value
    assert [code for _, code in faults(plain)] == ["impossible_range"]


def test_a_range_without_limits_is_refused() -> None:
    plain = small()
    steps_of(plain)[1]["hard"] = {}
    assert [code for _, code in faults(plain)] == ["required"]


@pytest.mark.requirement("S88-03")
def test_what_must_name_one_thing_is_there_once() -> None:
    plain = small()
    steps_of(plain)[1]["code"] = steps_of(plain)[0]["code"]
    plain["formula"]["materials"].append(copy.deepcopy(plain["formula"]["materials"][0]))
    plain["environment"].append(copy.deepcopy(plain["environment"][0]))
    assert faults(plain) == [
        ("/procedure/unit_procedures/0/operations/0/steps/1", "duplicate"),
        ("/formula/materials/1", "duplicate"),
        ("/environment/1", "duplicate"),
    ]


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in KINDS
        if kind not in {"confirm", "scan_identity", "text", "date_time", "instruction", "file"}
    ],
)
def test_a_step_of_each_kind_needs_its_own_fields(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        step_from(step(code="S1", kind=kind))
    assert {fault.code for fault in refused.value.errors} == {"required"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "timer", "min_seconds": 5, "max_seconds": 5}, "impossible_range"),
        ({"kind": "timer", "min_seconds": -1}, "out_of_range"),
        ({"kind": "scan_material", "material": "A", "quantity": "1"}, "contradiction"),
        (
            {"kind": "choice", "options": [{"value": "a", "label": "A"}], "accepted": ["b"]},
            "unknown_word",
        ),
        ({"kind": "choice", "options": [{"value": "a", "label": "A"}] * 2}, "duplicate"),
        ({"kind": "text", "longest": 401}, "out_of_range"),
        ({"kind": "text", "longest": 3, "pattern": "AA-9"}, "contradiction"),
        ({"kind": "date_time", "earliest_seconds": 1, "latest_seconds": 0}, "impossible_range"),
        (
            {"kind": "hold_time", "since": "A", "until": "B", "min_seconds": 9, "max_seconds": 9},
            "impossible_range",
        ),
        ({"kind": "instruction", "instruction": ""}, "required"),
    ],
)
def test_the_fields_of_a_step_agree(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        step_from({**step(code="S1"), **changed})
    assert [fault.code for fault in refused.value.errors] == [code]


@pytest.mark.parametrize("plain", [None, [], "", 5, {}, {1: 2}, {"header": {}}])
def test_what_is_no_document_is_refused(plain: Any) -> None:
    assert faults(plain)


def test_the_list_of_faults_has_an_end() -> None:
    plain = small()
    plain["other_information"]["precautions"] = [1] * 400
    assert len(faults(plain)) == 100


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_damage_gives_a_document_or_a_refusal(data: st.DataObject) -> None:
    plain = small()
    places = list(_places(plain))
    for _ in range(data.draw(st.integers(1, 3))):
        above, key = data.draw(st.sampled_from(places))
        try:
            above[key] = data.draw(PLAIN)
        except (KeyError, IndexError, TypeError):
            continue
    try:
        document = document_from(plain)
    except Invalid as refusal:
        assert refusal.errors  # noqa: PT017
        return
    assert isinstance(document, Document)
    assert document_from(to_plain(document)) == document


def _places(part: Any) -> Any:
    items = part.items() if isinstance(part, dict) else enumerate(part)
    for key, value in list(items):
        yield part, key
        if isinstance(value, dict | list):
            yield from _places(value)
