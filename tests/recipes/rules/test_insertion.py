"""An entry of the library in a recipe: unique codes, bound names, and what a later change shows."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from kernel.errors import Invalid
from recipes.rules.completeness import missing_before_approval
from recipes.rules.document import to_plain
from recipes.rules.editing import set_at, value_at
from recipes.rules.insertion import inserted, taken, wanted_by
from recipes.rules.library import Entry, reading_of, refuse_no_entry, wrong_origins
from recipes.rules.parsing import document_from
from recipes.rules.yaml_text import plain_from_yaml
from recipes.rules.yaml_writing import yaml_of
from tests.recipes.rules.plain import demo
from tests.worlds.branching import branching_document
from tests.worlds.library import plain_entry, second_entry
from tests.worlds.recipes import plain_document

pytestmark = pytest.mark.requirement("S88-03")
OPERATIONS = "/procedure/unit_procedures/0/operations"


def entry(plain: dict[str, Any] | None = None, number: int = 1) -> Entry:
    whole = to_plain(document_from(plain or plain_entry()))
    return Entry(name=f"LIB-WEIGH/{number}", digest=f"{number}" * 64, plain=whole)


def recipe() -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(document_from(plain_document()))
    return plain


def stored(plain: dict[str, Any]) -> dict[str, Any]:
    """The document as it is stored: read and written again, which must change nothing."""
    whole: dict[str, Any] = to_plain(document_from(plain))
    assert whole == plain
    return whole


def test_codes_are_unique_names_are_bound_and_the_recipe_is_still_complete() -> None:
    edited = inserted(recipe(), entry(), OPERATIONS, 1, {"parameter.filled": "S05"})
    plain = stored(edited.plain)
    assert edited.pointer == f"{OPERATIONS}/1"
    operation = value_at(plain, edited.pointer)
    assert operation["library"] == {"version": "LIB-WEIGH/1", "digest": "1" * 64}
    assert operation["code"] == "OP4"
    steps = operation["steps"]
    assert [one["code"] for one in steps] == ["S12", "S13", "S14", "S15"]
    assert [one["after"] for one in steps] == [["S02"], ["S12"], ["S13"], ["S14"]]
    assert steps[3]["inputs"]["mass"]["from"] == "S14"
    assert steps[3]["inputs"]["volume"]["from"] == "S05"
    assert value_at(plain, f"{OPERATIONS}/2/steps/0/after") == ["S15"]
    formula = plain["formula"]
    assert [one["code"] for one in formula["parameters"]][3:] == ["salt_mass", "share"]
    assert [one["code"] for one in formula["materials"]] == ["BUFFER", "CELLS", "SALT"]
    assert [one["code"] for one in plain["equipment_requirements"]] == ["BALANCE", "SCALE"]
    # A step is watched, and the volume is measured after it is used here: that is told, no more.
    found = missing_before_approval(document_from(plain))
    assert [one.code for one in found] == ["missing", "too_early"]


def test_what_is_added_keeps_clear_of_what_the_recipe_calls_by_the_same_code() -> None:
    plain = recipe()
    plain["formula"]["parameters"][0]["code"] = "share"
    for unit in plain["procedure"]["unit_procedures"]:
        for operation in unit["operations"]:
            for step in operation["steps"]:
                if step.get("parameter") == "volume":
                    step["parameter"] = "share"
    plain = stored(inserted(plain, entry(), OPERATIONS).plain)
    parameters = {one["code"]: one["unit"] for one in plain["formula"]["parameters"]}
    assert parameters["share"] == "mL"
    assert parameters["share_1"] == "mg/mL"
    assert value_at(plain, f"{OPERATIONS}/2/steps/3/parameter") == "share_1"


def test_a_formula_among_what_is_added_follows_the_names() -> None:
    plain = plain_entry()
    plain["formula"]["parameters"][2] = {
        "code": "filled", "label": "Filled", "unit": "mL", "kind": "process",
        "formula": "factor * 20",
    }  # fmt: skip
    plain["formula"]["parameters"].append(
        {"code": "factor", "label": "Factor", "unit": "mg", "kind": "input", "default": "2"}
    )
    whole = inserted(recipe(), entry(plain), OPERATIONS).plain
    added = {one["code"]: one["formula"] for one in whole["formula"]["parameters"]}
    assert added["filled"] == "factor_1 * 20"


def test_the_things_that_fit_are_offered_and_the_same_code_is_the_first_choice() -> None:
    plain = recipe()
    plain["equipment_requirements"].append({"code": "SCALE", "name": "Ours", "room_class": "D"})
    wanted = {one.name: one for one in wanted_by(entry(), plain)}
    assert wanted["equipment.SCALE"].chosen == "equipment.SCALE"
    assert [one for one, _ in wanted["equipment.SCALE"].choices] == [
        "equipment.BALANCE",
        "equipment.SCALE",
    ]
    # A given volume may be measured by a step; a measured mass may not.
    assert [one for one, _ in wanted["parameter.filled"].choices] == ["parameter.volume", "S05"]
    assert wanted["parameter.salt_mass"].choices == ()
    assert wanted["material.SALT"].chosen == ""


@pytest.mark.parametrize(
    ("names", "pointer"),
    [
        ({"parameter.filled": "parameter.dose"}, "/parameter.filled"),
        ({"equipment.SCALE": "equipment.OVEN"}, "/equipment.SCALE"),
        ({"material.SALT": "S05"}, "/material.SALT"),
    ],
)
def test_a_name_that_does_not_fit_is_refused(names: dict[str, str], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        inserted(recipe(), entry(), OPERATIONS, None, names)
    assert (refused.value.code, refused.value.errors[0].pointer) == ("unknown_name", pointer)


def test_two_things_are_not_the_same_one() -> None:
    plain = plain_entry()
    second = {**plain["formula"]["parameters"][2], "code": "poured", "label": "Volume poured"}
    plain["formula"]["parameters"].append(second)
    both = {"parameter.filled": "parameter.volume", "parameter.poured": "parameter.volume"}
    with pytest.raises(Invalid) as refused:
        inserted(recipe(), entry(plain), OPERATIONS, None, both)
    assert refused.value.errors[0].pointer == "/parameter.poured"


@pytest.mark.parametrize("code", ["LIB-CLEARANCE", "LIB-WEIGHING"])
@pytest.mark.parametrize("into", ["CART-19", "PGX-ORAL", "MRNA-NEO"])
def test_the_entries_of_the_demo_go_into_its_recipes(code: str, into: str) -> None:
    plain = to_plain(document_from(demo(code)))
    assert missing_before_approval(document_from(plain)) == ()
    one = Entry(name=f"{code}/1", digest="a" * 64, plain=plain)
    whole = to_plain(document_from(demo(into)))
    for at in range(len(value_at(whole, OPERATIONS)) + 1):
        made = stored(inserted(whole, one, OPERATIONS, at).plain)
        assert missing_before_approval(document_from(made)) == ()
        assert wrong_origins(made, {one.name: one}) == ([], [])


@pytest.mark.parametrize("pointer", ["/procedure/unit_procedures", "/header", f"{OPERATIONS}/9/x"])
def test_an_operation_stands_only_among_operations(pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        inserted(recipe(), entry(), pointer)
    assert refused.value.code == "no_such_place"


def test_branches_and_loops_come_along_and_several_ends_are_waited_for() -> None:
    plain = plain_entry()
    operation = value_at(plain, f"{OPERATIONS}/0")
    steps = operation["steps"]
    steps[1]["after"], steps[2]["after"], steps[3]["after"] = ["S01"], ["S01"], ["S03"]
    steps[1]["when"] = {
        "formula": "kilos > 50",
        "inputs": {"kilos": {"from": "order.weight_kg", "unit": "kg"}},
    }
    whole = stored(inserted(recipe(), entry(plain), OPERATIONS, 1).plain)
    copy = value_at(whole, f"{OPERATIONS}/1")
    assert [one["after"] for one in copy["steps"]] == [["S02"], ["S12"], ["S12"], ["S14"]]
    assert copy["steps"][1]["when"]["inputs"]["kilos"]["from"] == "order.weight_kg"
    assert value_at(whole, f"{OPERATIONS}/2/steps/0/after") == ["S13", "S15"]
    # The beginnings wait for what stands before.
    steps[2]["after"] = []
    whole = stored(inserted(recipe(), entry(plain), OPERATIONS, 1).plain)
    assert value_at(whole, f"{OPERATIONS}/1/steps/2/after") == ["S02"]


def test_where_operations_are_ordered_as_wholes_the_new_one_stands_between() -> None:
    plain = to_plain(document_from(branching_document()))
    found = next(
        (u, o)
        for u, unit in enumerate(plain["procedure"]["unit_procedures"])
        for o, one in enumerate(unit["operations"])
        if o and one["after"] == [unit["operations"][o - 1]["code"]]
    )
    pointer = f"/procedure/unit_procedures/{found[0]}/operations"
    edited = inserted(plain, entry(), pointer, found[1])
    whole = stored(edited.plain)
    before, new, after = value_at(whole, pointer)[found[1] - 1 : found[1] + 2]
    assert (new["after"], after["after"]) == ([before["code"]], [new["code"]])
    assert new["steps"][0]["after"] == []
    assert missing_before_approval(document_from(plain)) == ()
    found = missing_before_approval(document_from(whole))
    assert [one.pointer for one in found] == ["/environment"]


def test_a_copy_is_known_whatever_its_codes_and_a_change_in_it_is_told() -> None:
    first = entry()
    plain = inserted(recipe(), first, OPERATIONS, 1, {"parameter.filled": "parameter.volume"}).plain
    known = {first.name: first}
    assert wrong_origins(plain, known) == ([], [])
    renamed = set_at(plain, f"{OPERATIONS}/1/steps/2/code", "WEIGH").plain
    assert wrong_origins(renamed, known) == ([], [])
    changed = set_at(plain, f"{OPERATIONS}/1/steps/2/hard/max", "95.0").plain
    wrong, told = wrong_origins(changed, known)
    assert wrong == []
    assert [(one.code, one.pointer) for one in told] == [
        ("changed_after_insertion", f"{OPERATIONS}/1")
    ]
    shorter = deepcopy(plain)
    del value_at(shorter, f"{OPERATIONS}/1/steps")[1]
    assert len(wrong_origins(shorter, known)[1]) == 1
    swapped = deepcopy(plain)
    value_at(swapped, f"{OPERATIONS}/1/steps/3/inputs/mass")["from"] = "S05"
    assert len(wrong_origins(swapped, known)[1]) == 1


def test_an_origin_that_is_not_so_is_an_error() -> None:
    first = entry()
    plain = inserted(recipe(), first, OPERATIONS, 1).plain
    assert [one.code for one in wrong_origins(plain, {})[0]] == ["unknown_origin"]
    other = Entry(name=first.name, digest="f" * 64, plain=first.plain)
    assert [one.code for one in wrong_origins(plain, {first.name: other})[0]] == ["unknown_origin"]


def test_another_version_is_taken_in_its_place_with_the_codes_and_names_it_had() -> None:
    first, second = entry(), entry(second_entry(), 2)
    plain = inserted(recipe(), first, OPERATIONS, 1, {"parameter.filled": "parameter.volume"}).plain
    plain = set_at(plain, f"{OPERATIONS}/1/steps/2/code", "WEIGH").plain
    plain["formula"]["stages"].append(
        {"step": "WEIGH", "label": "Salt", "quantity": "5", "unit": "mg",
         "min_percent": None, "max_percent": None}
    )  # fmt: skip
    before = deepcopy(plain)
    edited = taken(plain, f"{OPERATIONS}/1", first, second)
    assert plain == before
    whole = stored(edited.plain)
    copy = value_at(whole, edited.pointer)
    assert copy["library"] == {"version": "LIB-WEIGH/2", "digest": "2" * 64}
    assert copy["code"] == "OP4"
    assert [one["code"] for one in copy["steps"]] == ["S12", "S13", "S16", "WEIGH", "S15"]
    assert copy["steps"][3]["hard"]["max"] == "80.0"
    assert copy["steps"][4]["inputs"]["volume"]["from"] == "parameter.volume"
    assert wrong_origins(whole, {second.name: second}) == ([], [])
    assert value_at(whole, f"{OPERATIONS}/2/steps/0/after") == ["S15"]
    assert [one["code"] for one in whole["formula"]["parameters"]][3:] == ["salt_mass", "share"]


def test_what_is_side_by_side_stays_so_when_a_version_is_taken() -> None:
    first, second = entry(), entry(second_entry(), 2)
    plain = to_plain(document_from(branching_document()))
    units = plain["procedure"]["unit_procedures"]
    pointer = "/procedure/unit_procedures/0/operations"
    edited = inserted(plain, first, pointer, len(units[0]["operations"]))
    operations = value_at(edited.plain, pointer)
    operations.append(
        {**operations[0], "code": "BESIDE", "steps": [], "repeat": None, "when": None}
    )
    operations[-1]["after"] = list(operations[-2]["after"])
    whole = taken(edited.plain, edited.pointer, first, second).plain
    assert value_at(whole, pointer)[-1]["after"] == operations[-1]["after"]
    assert value_at(whole, edited.pointer)["after"] == operations[-2]["after"]
    assert wrong_origins(whole, {second.name: second}) == ([], [])


def test_a_name_that_does_not_fit_any_more_is_asked_anew_and_an_emptied_copy_is_filled() -> None:
    first, changed = entry(), plain_entry()
    parameters = changed["formula"]["parameters"]
    parameters[2] = {**parameters[2], "code": "volume", "unit": "L", "default": "1"}
    step = value_at(changed, f"{OPERATIONS}/0/steps")[3]
    step["inputs"]["volume"] = {"from": "parameter.volume", "unit": "L"}
    second = entry(changed, 2)
    plain = inserted(recipe(), first, OPERATIONS, 1, {"parameter.filled": "S05"}).plain
    copy = value_at(taken(plain, f"{OPERATIONS}/1", first, second).plain, f"{OPERATIONS}/1")
    # The recipe has a volume in mL already.
    assert copy["steps"][3]["inputs"]["volume"]["from"] == "parameter.volume_1"
    value_at(plain, f"{OPERATIONS}/1")["steps"] = []
    filled = taken(plain, f"{OPERATIONS}/1", first, second).plain
    assert len(value_at(filled, f"{OPERATIONS}/1/steps")) == 4


def test_an_operation_that_is_not_from_the_library_takes_no_version() -> None:
    with pytest.raises(Invalid) as refused:
        taken(recipe(), f"{OPERATIONS}/0", None, entry())
    assert refused.value.code == "no_such_place"


def test_yaml_keeps_where_an_operation_comes_from_byte_for_byte() -> None:
    plain = stored(inserted(recipe(), entry(), OPERATIONS, 1).plain)
    text = yaml_of(plain)
    assert "version: LIB-WEIGH/1" in text
    again = to_plain(document_from(plain_from_yaml(text)))
    assert again == plain
    assert yaml_of(again) == text


@pytest.mark.parametrize(
    "origin",
    [
        {"version": "LIB WEIGH/1", "digest": "1" * 64},
        {"version": "LIB-WEIGH/0", "digest": "1" * 64},
        {"version": "LIB-WEIGH", "digest": "1" * 64},
        {"version": "LIB-WEIGH/1", "digest": "1" * 63},
        {"version": "LIB-WEIGH/1"},
        {"version": "LIB-WEIGH/1", "digest": "1" * 64, "names": {}},
    ],
)
def test_an_origin_that_cannot_be_read_is_refused(origin: dict[str, str]) -> None:
    plain = plain_document()
    value_at(plain, f"{OPERATIONS}/0")["library"] = origin
    with pytest.raises(Invalid) as refused:
        document_from(plain)
    assert refused.value.errors[0].pointer.startswith(f"{OPERATIONS}/0/library")


def test_an_entry_is_one_operation_and_nothing_of_a_recipe() -> None:
    two, nested, watched = plain_entry(), plain_entry(), plain_entry()
    units = two["procedure"]["unit_procedures"]
    units.append({**deepcopy(units[0]), "code": "UP2"})
    value_at(nested, f"{OPERATIONS}/0")["library"] = {"version": "A/1", "digest": "1" * 64}
    watched["environment"] = [
        {"quantity": "temperature", "place": "room", "unit": "Cel", "warn_high": "25"}
    ]
    for plain, code in (
        (two, "not_one_operation"),
        (nested, "nested"),
        (watched, "not_of_an_operation"),
    ):
        with pytest.raises(Invalid) as refused:
            refuse_no_entry(plain)
        assert refused.value.code == code
    refuse_no_entry(plain_entry())


def test_an_entry_is_complete_without_what_belongs_to_a_product() -> None:
    assert missing_before_approval(document_from(plain_entry())) == ()
    silent = plain_entry()
    value_at(silent, f"{OPERATIONS}/0/steps/1")["instruction"] = ""
    found = missing_before_approval(document_from(silent))
    assert [one.pointer for one in found] == [f"{OPERATIONS}/0/steps/1/instruction"]


def test_reading_leaves_out_what_is_empty_so_that_a_new_field_changes_nothing() -> None:
    operation = entry().operation
    older = deepcopy(operation)
    for step in older["steps"]:
        for key in [one for one, value in step.items() if not value and one != "after"]:
            del step[key]
    assert reading_of(older) == reading_of(operation)
