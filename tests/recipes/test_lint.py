"""Lint: errors keep a recipe from approval, warnings ask, and a thousand steps take no longer."""

from __future__ import annotations

import sys
from copy import deepcopy
from typing import Any

import pytest

from recipes.rules.completeness import missing_before_approval
from recipes.rules.lint import Finding, lint
from recipes.rules.parsing import document_from
from tests.worlds.branching import branching_document, condition
from tests.worlds.recipes import plain_document, step


def found(plain: Any) -> tuple[Finding, ...]:
    return lint(document_from(plain))


def steps_of(plain: Any, operation: int = 1) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = plain["procedure"]["unit_procedures"][0]["operations"][operation][
        "steps"
    ]
    return steps


def warnings(plain: Any) -> list[tuple[str, str]]:
    return [(one.code, one.pointer) for one in found(plain) if one.severity == "warning"]


BASE = [
    ("no_limits", "/procedure/unit_procedures/0/operations/1/steps/5/soft"),
    ("no_hold_limit", "/procedure/unit_procedures/1"),
]


@pytest.mark.requirement("A11-01", "CGMP-21")
def test_what_may_be_meant_is_a_warning_and_stops_nothing() -> None:
    plain = plain_document()
    assert warnings(plain) == BASE
    assert missing_before_approval(document_from(plain)) == ()
    details = [one.detail for one in found(plain)]
    assert details == [
        "Step S08 takes any number: it has no limits.",
        "Nothing in “Packaging” limits how long the product may wait (21 CFR 211.111).",
    ]


@pytest.mark.requirement("A11-01")
def test_errors_come_first_and_are_those_of_the_approval() -> None:
    plain = deepcopy(plain_document())
    steps_of(plain)[2]["verify"] = False
    plain["formula"]["excess"] = ""
    faults = missing_before_approval(document_from(plain))
    assert {one.code for one in faults} == {"no_verifier", "missing"}
    severities = [one.severity for one in found(plain)]
    assert severities == ["error", "error", "warning", "warning"]
    assert [one.pointer for one in found(plain)][:2] == [one.pointer for one in faults]


def test_what_nothing_uses_is_told() -> None:
    plain = deepcopy(plain_document())
    plain["formula"]["parameters"].append(
        {"code": "idle", "label": "Idle", "unit": "mL", "kind": "process"}
    )
    plain["equipment_requirements"].append(
        {"code": "CENTRIFUGE", "name": "Centrifuge", "room_class": "C"}
    )
    assert warnings(plain)[:2] == [
        ("unused", "/formula/parameters/3"),
        ("unused", "/equipment_requirements/1"),
    ]


def test_a_soft_limit_behind_a_hard_one_is_never_hit() -> None:
    plain = deepcopy(plain_document())
    steps_of(plain)[2]["soft"] = {"min": "10.0", "max": "100.0"}
    pointer = "/procedure/unit_procedures/0/operations/1/steps/2/soft/min"
    assert ("never_hit", pointer) in warnings(plain)


def _long(count: int) -> Any:
    """A recipe with so many steps more, a third of them calculations of the one before."""
    plain = deepcopy(plain_document())
    many: list[dict[str, Any]] = []
    for number in range(count):
        if number % 3 == 2:
            many.append(
                step(
                    f"L{number:04}", "calculation", "Compute", parameter="volume", unit="mL",
                    decimals=1, formula="v + 1", verify=True,
                    inputs={"v": {"from": f"L{number - 1:04}", "unit": "mL"}},
                )
            )  # fmt: skip
        else:
            many.append(
                step(f"L{number:04}", "number", "Measure", parameter="volume", unit="mL",
                     decimals=1, soft={"min": "1.0"}, verify=True)
            )  # fmt: skip
    operations = plain["procedure"]["unit_procedures"][0]["operations"]
    operations[1:1] = [
        {"code": f"X{begin}", "title": "More", "steps": many[begin : begin + 250]}
        for begin in range(0, count, 250)
    ]
    return plain


def _calls(plain: Any) -> int:
    """Count the calls of Python functions that a lint takes: work, and no clock."""
    document, count = document_from(plain), 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        lint(document)
    finally:
        sys.setprofile(None)
    return count


def test_the_work_grows_with_the_length_of_the_recipe_and_not_faster() -> None:
    short, long = _calls(_long(250)), _calls(_long(1000))
    assert long < 6 * short


def test_a_condition_uses_what_it_asks_about() -> None:
    plain = branching_document()
    plain["formula"]["parameters"].append(
        {"code": "edge", "label": "Edge", "unit": "mL", "kind": "process", "default": "90"}
    )
    assert "unused" in {code for code, _ in warnings(plain)}
    operation = plain["procedure"]["unit_procedures"][3]["operations"][2]
    operation["repeat"]["until"] = condition(
        "volume >= edge", volume=("S07", "mL"), edge=("parameter.edge", "mL")
    )
    assert "unused" not in {code for code, _ in warnings(plain)}


@pytest.mark.requirement("CGMP-21")
def test_a_hold_time_bounds_how_long_the_product_may_wait() -> None:
    plain = deepcopy(plain_document())
    packing = plain["procedure"]["unit_procedures"][1]["operations"][0]["steps"]
    packing.append(step("S98", "hold_time", "Time", since="S05", until="S08", max_seconds=3600))
    assert ("no_hold_limit", "/procedure/unit_procedures/1") not in warnings(plain)
