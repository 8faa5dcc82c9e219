"""Completeness: each thing taken away, or said wrongly, is named."""

from __future__ import annotations

from typing import Any

import pytest

from recipes.rules.completeness import missing_before_approval
from recipes.rules.parsing import document_from
from tests.recipes.rules.plain import at, demo, small, step, steps_of

STEP = "/procedure/unit_procedures/0/operations/0/steps"


def reasons(plain: Any) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in missing_before_approval(document_from(plain))]


def told(plain: Any) -> list[str]:
    return [one.detail for one in missing_before_approval(document_from(plain))]


@pytest.mark.parametrize("code", ["CART-19", "PGX-ORAL", "MRNA-NEO"])
def test_nothing_is_missing_in_the_recipes_of_the_demo(code: str) -> None:
    assert reasons(demo(code)) == []
    assert reasons(small()) == []


@pytest.mark.requirement("CGMP-03", "CGMP-13")
@pytest.mark.parametrize(
    "pointer",
    [
        "/header/product/name",
        "/header/product/strength",
        "/header/product/dosage_form",
        "/header/product/active_ingredient",
        "/header/product/active_quantity",
        "/header/batch_size",
        "/header/theoretical_yield",
        "/header/container_closure",
        "/header/labels",
        "/header/storage",
        "/header/retention_years",
        "/formula/excess",
        "/formula/stages",
        "/equipment_requirements",
        "/other_information/precautions",
        f"{STEP}/0/instruction",
    ],
)
def test_each_content_of_a_master_record_is_missed(pointer: str) -> None:
    plain = small()
    above, _, key = pointer.rpartition("/")
    del at(plain, above)[key]
    assert reasons(plain) == [(pointer, "missing")]


@pytest.mark.requirement("CGMP-03")
def test_a_recipe_without_components_or_procedure_is_not_complete() -> None:
    plain = small()
    plain["formula"] = {"excess": "None"}
    plain["procedure"] = {}
    assert reasons(plain) == [
        ("/formula/materials", "missing"),
        ("/formula/stages", "missing"),
        ("/procedure/unit_procedures", "missing"),
    ]


@pytest.mark.requirement("CGMP-03")
def test_a_component_without_a_quantity_is_not_complete() -> None:
    plain = small()
    plain["formula"]["materials"][0]["quantity"] = "0"
    assert told(plain) == ["The recipe does not say how much Water."]


@pytest.mark.requirement("CGMP-03")
def test_a_label_without_words_is_no_specimen() -> None:
    plain = small()
    plain["header"]["labels"][0]["lines"] = []
    assert reasons(plain) == [("/header/labels/0/lines", "missing")]


@pytest.mark.requirement("TRK-10", "COI-03")
def test_an_autologous_medicine_says_so_and_identifies_the_material() -> None:
    plain = small()
    plain["header"]["autologous"] = True
    assert told(plain) == [
        "The recipe does not say which material is the patient's own.",
        "The recipe does not say where the patient's own material is identified by a scan.",
        "The recipe does not say where the label of the product is identified by a scan.",
        "The label of the vial does not say “FOR AUTOLOGOUS USE ONLY”.",
    ]


@pytest.mark.requirement("A11-01", "CGMP-15")
def test_a_critical_step_without_a_second_person_is_refused() -> None:
    plain = small()
    steps_of(plain)[0]["critical"] = True
    assert told(plain) == ["Step S1 is critical and has no second person to verify it."]


@pytest.mark.requirement("A11-01", "CGMP-20")
def test_a_step_with_a_critical_parameter_needs_a_second_person() -> None:
    plain = small()
    steps_of(plain)[1]["verify"] = False
    assert reasons(plain) == [(f"{STEP}/1/verify", "no_verifier")]


@pytest.mark.parametrize(
    ("place", "changed", "reason"),
    [
        (1, {"parameter": "other"}, (f"{STEP}/1/parameter", "unknown_reference")),
        (1, {"unit": "L"}, (f"{STEP}/1/unit", "unit_mismatch")),
        (1, {"hard": {"max": "21.0"}}, (f"{STEP}/1/hard/max", "wider_than_parameter")),
        (1, {"hard": {"min": "-1.0"}}, (f"{STEP}/1/hard/min", "wider_than_parameter")),
        (1, {"soft": {"max": "20.5"}}, (f"{STEP}/1/soft", "contradiction")),
        (
            1,
            {"critical": True, "hard": None, "soft": None},
            (f"{STEP}/1/hard", "missing"),
        ),
        (2, {"quantity": "1", "unit": "L"}, (f"{STEP}/2/unit", "unit_mismatch")),
        (2, {"after": ["S9"]}, (f"{STEP}/2/after", "unknown_reference")),
        (2, {"after": ["S3"]}, (f"{STEP}/2/after", "unreachable")),
    ],
)
def test_what_one_part_says_of_another_must_be_so(
    place: int, changed: dict[str, Any], reason: tuple[str, str]
) -> None:
    plain = small()
    steps_of(plain)[place].update(changed)
    assert reasons(plain) == [reason]


@pytest.mark.requirement("CGMP-08")
def test_a_material_that_nobody_scans_or_knows_is_named() -> None:
    plain = small()
    steps_of(plain)[2]["material"] = "ETHANOL"
    assert told(plain) == [
        "Step S3 names material ETHANOL, which is not in the recipe.",
        "No step scans or weighs a lot of Water.",
    ]


def test_equipment_and_sensors_are_those_of_the_recipe() -> None:
    plain = small()
    sensor = {"quantity": "humidity", "place": "room", "unit": "Cel", "decimals": 1}
    steps_of(plain).extend(
        [
            step(code="S4", kind="scan_equipment", equipment="OVEN"),
            step(code="S5", kind="sensor", **sensor),
        ]
    )
    plain["environment"][0]["unit"] = "%"
    assert reasons(plain) == [
        (f"{STEP}/3/equipment", "unknown_reference"),
        (f"{STEP}/4/unit", "unit_mismatch"),
        ("/environment/0/unit", "unit_mismatch"),
    ]


def test_what_is_watched_has_limits() -> None:
    plain = small()
    plain["environment"] = []
    assert reasons(plain) == [("/environment", "missing")]


def test_a_choice_says_what_is_accepted() -> None:
    plain = small()
    options = [{"value": "a", "label": "A"}]
    steps_of(plain).append(step(code="S4", kind="choice", options=options))
    assert reasons(plain) == [(f"{STEP}/3/accepted", "missing")]


@pytest.mark.parametrize("named", ["S9", "S4"])
def test_a_moment_counts_from_a_step_that_is_there(named: str) -> None:
    plain = small()
    steps_of(plain).append(step(code="S4", kind="date_time", relative_to=named))
    assert reasons(plain) == [(f"{STEP}/3/relative_to", "unknown_reference")]


@pytest.mark.requirement("CGMP-21")
def test_a_hold_time_is_between_steps_that_are_there() -> None:
    plain = small()
    steps_of(plain).append(step(code="S4", kind="hold_time", since="S1", until="S9"))
    assert reasons(plain) == [(f"{STEP}/3/until", "unknown_reference")]


@pytest.mark.requirement("S88-03", "P11-08")
def test_steps_that_wait_for_each_other_can_never_start() -> None:
    plain = small()
    steps_of(plain)[0]["after"] = ["S3"]
    assert reasons(plain) == [(f"{STEP}/{place}/after", "unreachable") for place in range(3)]


def with_calculation(**changed: Any) -> Any:
    plain = small()
    calculation = {
        "parameter": "volume",
        "formula": "v * w / w",
        "inputs": {
            "v": {"from": "S2", "unit": "mL"},
            "w": {"from": "order.weight_kg", "unit": "kg"},
        },
        "unit": "mL",
        "decimals": 1,
        "verify": True,
        **changed,
    }
    steps_of(plain).append(step(code="S4", kind="calculation", **calculation))
    return plain


V, W = {"from": "S2", "unit": "mL"}, {"from": "order.weight_kg", "unit": "kg"}


@pytest.mark.requirement("SPC-08")
@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"formula": "v / w * x"}, [("", "missing_input")]),
        ({"formula": "v"}, [("/w", "unused")]),
        ({"inputs": {"v": V, "w": {**W, "unit": "g"}}}, [("/w/unit", "unit_mismatch")]),
        ({"inputs": {"v": {**V, "from": "S9"}, "w": W}}, [("/v/from", "unknown_reference")]),
        ({"inputs": {"v": {**V, "from": "S1"}, "w": W}}, [("/v/from", "unknown_reference")]),
        (
            {"inputs": {"v": V, "w": {**W, "from": "order.name"}}},
            [("/w/from", "unknown_reference")],
        ),
        (
            {"inputs": {"v": V, "w": {**W, "from": "parameter.volume"}}},
            [("/w/from", "unknown_reference")],
        ),
        ({"inputs": {"v": {**V, "from": "S4"}, "w": W}}, [("/v/from", "too_early")]),
        ({"after": ["S1"]}, [("/v/from", "too_early")]),
    ],
)
def test_a_calculation_is_fed_with_what_is_known_by_then(
    changed: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    expected = [(f"{STEP}/3/inputs{pointer}", code) for pointer, code in found]
    assert reasons(with_calculation(**changed)) == expected


@pytest.mark.requirement("SPC-08")
def test_a_formula_that_cannot_be_read_is_refused_before_approval() -> None:
    plain = with_calculation(formula="__import__('os')")
    assert reasons(plain) == [(f"{STEP}/3/formula", "formula_unreadable")]


@pytest.mark.requirement("S88-12")
@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("10 ** 10 ** 10", "formula_unreadable"),
        ("nobody * 2", "unknown_reference"),
        ("volume * 2", "unknown_reference"),
        ("total + 1", "circular"),
        ("weight_kg * 2", None),
    ],
)
def test_a_computed_parameter_can_be_computed(formula: str, code: str | None) -> None:
    plain = small()
    total = {"code": "total", "label": "Total", "unit": "kg", "kind": "process"}
    plain["formula"]["parameters"].append({**total, "formula": formula})
    assert reasons(plain) == ([("/formula/parameters/1/formula", code)] if code else [])
