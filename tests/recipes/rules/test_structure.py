"""Parallel parts, alternatives and bounded loops of a procedure."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from kernel.errors import Invalid
from recipes.rules.completeness import missing_before_approval
from recipes.rules.document import to_plain
from recipes.rules.parsing import document_from
from recipes.rules.sequence import order_of, sequence_of
from recipes.rules.structure import Condition, condition_names, is_met
from tests.recipes.rules.plain import at, demo
from tests.worlds.branching import branching_document, condition, operation, unit
from tests.worlds.recipes import step

UNITS = "/procedure/unit_procedures"


def findings(plain: Any) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in missing_before_approval(document_from(plain))]


def changed(pointer: str, value: Any) -> Any:
    plain = branching_document()
    place, _, key = pointer.rpartition("/")
    at(plain, place)[key] = value
    return plain


def test_a_structured_document_can_be_approved_and_comes_back_from_json_unchanged() -> None:
    document = document_from(branching_document())
    assert missing_before_approval(document) == ()
    assert document_from(json.loads(json.dumps(to_plain(document)))) == document
    plain = to_plain(document)
    assert plain["procedure"]["unit_procedures"][3]["operations"][1]["when"] == {
        "formula": "purity < 95",
        "inputs": {"purity": {"from": "S05", "unit": "%"}},
    }


@pytest.mark.requirement("S88-03")
def test_what_each_step_waits_for_follows_from_the_structure() -> None:
    order = order_of(document_from(branching_document()))
    assert order.waits == {
        "S01": (),
        "S02": ("S01",),
        "S03": ("S02",),
        "S04": ("S03",),
        "M01": ("S02",),
        "S05": ("S04", "M01"),
        "S06": ("S05",),
        "S07": ("S06",),
        "S08": ("S07",),
        "S09": ("S08",),
        "S10": ("S09",),
    }
    assert [(one.level, one.code, one.waits, one.steps) for one in order.gates] == [
        ("operation", "OP5", ("S05",), ("S06",))
    ]
    assert [(one.code, one.most, one.steps) for one in order.loops] == [("OP6", 3, ("S07", "S08"))]
    assert order.branched == {"S06", "S07", "S08"}


@pytest.mark.parametrize("code", ["CART-19", "PGX-ORAL"])
def test_a_procedure_without_structure_is_one_row_of_steps_as_ever(code: str) -> None:
    document = document_from(demo(code))
    assert order_of(document).waits == {one.code: one.after for one in document.steps}
    assert {unit.after for unit in document.procedure.unit_procedures} == {None}


def test_a_document_of_the_first_form_is_read_as_it_was_meant() -> None:
    stored = to_plain(document_from(demo("CART-19")))
    for one in stored["procedure"]["unit_procedures"]:
        for part in one["operations"]:
            for name in ("after", "when", "repeat"):
                part.pop(name)
            for line in part["steps"]:
                line.pop("when")
        for name in ("after", "when"):
            one.pop(name)
    assert document_from(stored) == document_from(demo("CART-19"))


def test_whoever_waits_for_a_step_of_a_loop_waits_for_the_whole_loop() -> None:
    plain = branching_document()
    at(plain, f"{UNITS}/3/operations/3/steps/0")["after"] = ["S07"]
    assert order_of(document_from(plain)).waits["S09"] == ("S07", "S08")


@pytest.mark.requirement("S88-03")
def test_a_phase_stands_in_an_operation_and_nowhere_else() -> None:
    for pointer in ("/procedure/steps", f"{UNITS}/0/steps"):
        with pytest.raises(Invalid) as refused:
            document_from(changed(pointer, [step("S77", "confirm", "Astray")]))
        assert [(one.pointer, one.code) for one in refused.value.errors] == [
            (pointer, "unknown_field")
        ]


@pytest.mark.requirement("S88-03")
@pytest.mark.parametrize(
    ("pointer", "value", "found"),
    [
        (f"{UNITS}/1/after", ["UP3", "UP9"], (f"{UNITS}/1/after", "unknown_reference")),
        (f"{UNITS}/1/after", ["UP2"], (f"{UNITS}/1/after", "circular")),
        (f"{UNITS}/1/after", ["UP4"], (f"{UNITS}/1/after", "circular")),
        (f"{UNITS}/3/operations/0/after", ["OP7"], (f"{UNITS}/3/operations/0/after", "circular")),
        (f"{UNITS}/2/operations", [operation("OP3", [])], (f"{UNITS}/2/operations/0", "orphan")),
        (f"{UNITS}/2/operations", [], (f"{UNITS}/2", "orphan")),
        (
            f"{UNITS}/3/operations/2/repeat",
            {"until": condition("volume >= 90", volume=("S07", "mL"))},
            (f"{UNITS}/3/operations/2/repeat/most", "unbounded"),
        ),
        (
            f"{UNITS}/3/operations/2/repeat",
            {"most": 3},
            (f"{UNITS}/3/operations/2/repeat/until", "missing"),
        ),
        (
            f"{UNITS}/3/operations/1/when",
            condition("volume < 95", volume=("S07", "mL")),
            (f"{UNITS}/3/operations/1/when/inputs/volume/from", "too_early"),
        ),
        (
            f"{UNITS}/3/operations/1/when",
            condition("purity < 95", purity=("S06", "%")),
            (f"{UNITS}/3/operations/1/when/inputs/purity/from", "unknown_reference"),
        ),
        (
            f"{UNITS}/3/operations/1/when",
            condition("purity < 95", purity=("S05", "mL")),
            (f"{UNITS}/3/operations/1/when/inputs/purity/unit", "unit_mismatch"),
        ),
        (
            f"{UNITS}/3/operations/1/when",
            condition("purity + 95", purity=("S05", "%")),
            (f"{UNITS}/3/operations/1/when/formula", "formula_unreadable"),
        ),
        (
            f"{UNITS}/3/operations/1/when",
            condition("purity < other", purity=("S05", "%")),
            (f"{UNITS}/3/operations/1/when/inputs", "missing_input"),
        ),
    ],
)
def test_a_structure_that_cannot_be_carried_out_is_refused_by_name(
    pointer: str, value: Any, found: tuple[str, str]
) -> None:
    assert found in findings(changed(pointer, value))


def test_steps_of_unit_procedures_in_a_circle_are_unreachable() -> None:
    sequence = sequence_of(document_from(changed(f"{UNITS}/1/after", ["UP4"])))
    assert set(sequence.unreachable) == {"S03", "S04", *(f"S{n:02}" for n in range(5, 11))}


@pytest.mark.requirement("S88-03")
def test_a_value_of_an_alternative_is_no_certainty_outside_of_it() -> None:
    """S06 may be skipped: what follows must not be computed from it, what is beside it may."""
    plain = branching_document()
    plain["formula"]["parameters"].append(
        {"code": "again", "label": "Purity again", "unit": "%", "kind": "process"}
    )
    measure = step("S06", "number", "Measure again", parameter="again", unit="%", decimals=1)
    inside = step(
        "S6B", "calculation", "Half", parameter="again", unit="%", decimals=1,
        formula="p / 2", inputs={"p": {"from": "S06", "unit": "%"}},
    )  # fmt: skip
    outside = {**copy.deepcopy(inside), "code": "S11"}
    at(plain, f"{UNITS}/3/operations/1")["steps"] = [measure, inside]
    at(plain, f"{UNITS}/3/operations/3")["steps"].append(outside)
    assert findings(plain) == [
        (f"{UNITS}/3/operations/3/steps/2/inputs/p/from", "too_early"),
    ]


def test_an_alternative_in_a_unit_procedure_of_its_own_guards_all_its_steps() -> None:
    plain = branching_document()
    more = unit(
        "UP5",
        operation("OP8", [step("S20", "confirm", "Look")]),
        operation("OP9", [step("S21", "confirm", "Look again")], after=[]),
        when=condition("weight > 50", weight=("order.weight_kg", "kg")),
    )
    plain["procedure"]["unit_procedures"].append(more)
    document = document_from(plain)
    assert missing_before_approval(document) == ()
    order = order_of(document)
    assert order.gates[-1].steps == ("S20", "S21")
    assert order.waits["S20"] == order.waits["S21"] == ("S10",)


def test_a_condition_is_one_comparison() -> None:
    asked = Condition(formula="a * 2 < b")
    assert is_met(asked, {"a": Decimal(1), "b": Decimal(3)})
    assert not is_met(asked, {"a": Decimal(2), "b": Decimal(3)})
    assert condition_names("a * 2 < b") == {"a", "b"}
    for text in ("a", "a + b", "a < b, 1, 0) + if_else(a < b", "a < b < c", "(a < b)", ""):
        with pytest.raises(Invalid) as refused:
            condition_names(text)
        assert refused.value.code == "formula_unreadable"


def test_a_thousand_steps_are_put_in_order_at_once() -> None:
    import time

    plain = branching_document()
    many = [step(f"X{n:04}", "confirm", "One of many") for n in range(1000)]
    halves = (operation("OP8", many[:500]), operation("OP9", many[500:]))
    plain["procedure"]["unit_procedures"].append(unit("UP5", *halves))
    document = document_from(plain)
    began = time.perf_counter()
    assert sequence_of(document).unreachable == ()
    assert time.perf_counter() - began < 1
