"""A B2MML master recipe as a draft, and the report of what was not taken."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernel.errors import Invalid
from recipes.rules.b2mml import Taken, recipe_from_b2mml
from recipes.rules.completeness import missing_before_approval
from recipes.rules.document import Document
from recipes.rules.parsing import document_from
from recipes.rules.xml_text import element_from_xml
from tests.worlds.b2mml import branching_recipe, chart, element, link, parameter, recipe, value

pytestmark = pytest.mark.requirement("S88-02", "S88-03")
SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "mbr" / "b2mml"
RECIPE = "/BatchInformation/MasterRecipe"


def taken(text: str) -> Taken:
    return recipe_from_b2mml(element_from_xml(text), therapy="SMALL", autologous=False)


def read(text: str) -> tuple[Document, dict[str, str]]:
    found = taken(text)
    return document_from(found.plain), {one.path: one.why for one in found.left}


def steps_of(document: Document) -> dict[str, Any]:
    return {one.code: one for one in document.steps}


def test_the_five_parts_of_the_standard_become_the_five_parts_of_the_document() -> None:
    document, _ = read(branching_recipe())
    header = document.header
    assert (header.code, header.title, header.therapy) == (
        "BUF-7",
        "A buffer in three steps",
        "SMALL",
    )
    assert (header.product.name, header.batch_size) == ("Buffer 7", "100 L")
    salt, water = document.formula.materials
    assert (salt.code, salt.quantity, salt.unit) == ("SALT", Decimal("1.50"), "kg")
    assert (water.name, water.quantity, water.unit) == ("Charge the water: WATER", Decimal(90), "L")
    known = {one.code: (one.kind, one.unit, one.default) for one in document.formula.parameters}
    assert known == {
        "TEMP": ("process", "Cel", Decimal("37.0")),
        "SPEED": ("process", "{rpm}", Decimal(120)),
        "PH": ("output", "[pH]", None),
    }
    assert [(one.code, one.name) for one in document.equipment_requirements] == [
        ("TANK", "Stirred tank")
    ]
    assert document.other_information.references == (
        "B2MML MasterRecipe BUF-7: version 3, of 2026-01-02T00:00:00Z, product P-77",
    )
    (unit,) = document.procedure.unit_procedures
    assert (unit.code, unit.title) == ("UNIT-1", "In the tank")
    assert [(one.code, one.title) for one in unit.operations] == [
        ("OP-MAKE", "Make the buffer"),
        ("OP-CLEAN", "Clean"),
    ]
    assert unit.operations[1].after == ("OP-MAKE",)


def test_links_become_what_comes_after_what_and_branches_their_conditions() -> None:
    document, _ = read(branching_recipe())
    steps = steps_of(document)
    after = {code: one.after for code, one in steps.items()}
    assert after == {
        "CHARGE": (),
        "MIX": ("CHARGE",),
        "PH-value": ("MIX",),
        "WARM": ("CHARGE",),
        "ACID": ("PH-value",),
        "BASE": ("PH-value",),
        "DRAIN": ("ACID", "BASE"),
        "RINSE": (),
    }
    assert steps["ACID"].when.formula == "x > 7.4"
    assert [(one.source, one.unit) for one in steps["BASE"].when.inputs] == [("PH-value", "[pH]")]
    assert steps["CHARGE"].instruction == "Charge the water. WATER: 90 L. SPEED: 120 rpm."
    assert (steps["PH-value"].kind, steps["PH-value"].parameter) == ("number", "PH")
    # Nothing of the procedure itself is wrong: what is missing is what the file does not say.
    found = missing_before_approval(document)
    assert {one.code for one in found} == {"missing", "unused"}


def test_every_element_that_is_not_taken_is_told_with_its_path_and_why() -> None:
    _, left = read(branching_recipe())
    unit = f"{RECIPE}/RecipeElement/RecipeElement"
    operation = f"{unit}/RecipeElement"
    assert left == {
        f"{RECIPE}/Header/BatchSize/Min": "it has no place in a recipe here",
        f"{RECIPE}/Header/Status": "a draft begins its own life",
        f"{RECIPE}/EquipmentRequirement/Constraint": (
            "a class of equipment has no conditions of its own here"
        ),
        f"{RECIPE}/Formula/Parameter[2]/Scaled": "a quantity is scaled by a formula here",
        f"{operation}/RecipeElement[4]/Parameter": (
            "“Nm3” is not a known unit: only numbers in known units are kept"
        ),
        f"{operation}/ProcedureLogic/Link[11]": (
            "it leads back: a loop is written as “repeat” of an operation here"
        ),
        f"{operation}/ProcedureLogic/Link[12]": (
            "what flows between units is written as materials here"
        ),
        f"{operation}/ProcedureLogic/Transition[5]/Condition": (
            "a condition here is one comparison of a parameter with a number"
        ),
    }


def test_nothing_is_taken_and_told_and_nothing_is_neither() -> None:
    root = element_from_xml(branching_recipe())
    found = recipe_from_b2mml(root, therapy="SMALL", autologous=False)
    left = {one.path for one in found.left}
    every = [one.path for one in root.walk()]
    below = [
        one for one in every if any(one == path or one.startswith(f"{path}/") for path in left)
    ]
    # The envelope is neither: it holds nothing of its own.
    assert found.taken + len(below) == len(every) - 1


def test_levels_that_a_file_leaves_out_are_put_in() -> None:
    document, _ = read(recipe(element("A", "Phase") + element("B", "Phase")))
    (unit,) = document.procedure.unit_procedures
    assert (unit.code, unit.operations[0].code) == ("UP1", "OP1")
    assert [(one.code, one.after) for one in document.steps] == [("A", ()), ("B", ("A",))]
    document, _ = read(recipe(element("O", "Operation", element("A", "Phase"))))
    assert document.procedure.unit_procedures[0].operations[0].code == "O"


def test_a_second_phase_of_a_name_is_another_run_only_in_what_was_carried_out() -> None:
    inner = element("A", "Phase") + element("A[2]", "Phase")
    document, _ = read(recipe(inner))
    assert [one.title for one in document.steps] == ["A", "A[2]"]
    run = inner.replace("<RecipeElement>", "<RuntimeRecipeElement>")
    run = run.replace("</RecipeElement>", "</RuntimeRecipeElement>")
    document, left = read(recipe(run))
    assert [one.title for one in document.steps] == ["A"]
    assert left[f"{RECIPE}/RuntimeRecipeElement[2]"] == "it is another run of A"


def test_codes_are_codes_and_unique_whatever_the_ids_are() -> None:
    names = ("1 Fill/empty", "1 Fill empty", "Füllen", "x" * 60, "x" * 61)
    inner = "".join(element(one, "Phase") for one in names)
    document, left = read(recipe(inner))
    assert [one.code for one in document.steps] == [
        "S1-Fill-empty", "S1-Fill-empty-1", "F-llen", "x" * 24, f"{'x' * 19}-1",
    ]  # fmt: skip
    assert [one.title for one in document.steps][:3] == list(names[:3])
    assert list(left) == [f"{RECIPE}/Header/BatchSize/Min", f"{RECIPE}/Header/Status",
                          f"{RECIPE}/EquipmentRequirement/Constraint"]  # fmt: skip


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        (parameter("A", "ProcessParameter", "ten", "L"), "only numbers in known units"),
        (parameter("A", "ProcessParameter", "1,500", "L"), "can be read in two ways"),
        ("<Parameter><ID>A</ID><ParameterType>Other</ParameterType></Parameter>", "no value"),
        (
            "<Parameter><ID>A</ID><ParameterType>ProcessParameter</ParameterType>"
            + value("X*2", "L", "Equation")
            + "</Parameter>",
            "its value is no constant",
        ),
    ],
)
def test_a_parameter_that_is_no_number_is_left_with_the_reason(inner: str, why: str) -> None:
    document, left = read(recipe(element("A", "Phase"), formula=inner))
    assert document.formula.parameters == ()
    assert why in left[f"{RECIPE}/Formula/Parameter"]


def test_a_condition_of_a_number_the_recipe_has_not_is_left() -> None:
    inner = "".join(element(one, "Phase") for one in "ABC") + chart(
        {"1": "A", "2": "B", "3": "C"},
        {"T1": "FLOW &gt; 1", "T2": "FLOW &lt;= 1"},
        link("L1", "SerialDivergent", ("1",), ("T1", "T2")),
        link("L2", "ControlLink", ("T1",), ("2",)),
        link("L3", "ControlLink", ("T2",), ("3",)),
        link("L4", "ControlLink", ("9",), ("3",)),
    )
    document, left = read(recipe(inner))
    assert all(one.when is None for one in document.steps)
    logic = f"{RECIPE}/ProcedureLogic"
    assert left[f"{logic}/Transition/Condition"] == "FLOW is no number of this recipe"
    assert left[f"{logic}/Transition[2]/Condition"] == "FLOW is no number of this recipe"
    assert left[f"{logic}/Link[4]"] == "it does not join steps or transitions of this chart"


def test_the_second_recipe_of_a_file_is_left() -> None:
    text = recipe(element("A", "Phase"))
    second = "<MasterRecipe><ID>OTHER</ID></MasterRecipe></BatchInformation>"
    _, left = read(text.replace("</BatchInformation>", second))
    assert left["/BatchInformation/MasterRecipe[2]"] == "one recipe is taken at a time"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<SyncMaterialDefinition/>", "/SyncMaterialDefinition holds no recipe"),
        (recipe(element("A", "Operation")), "/BatchInformation/MasterRecipe has no phase"),
        (recipe(""), "has no phase"),
        ("", "no well-formed XML in line 1: no element found"),
        ("<a><b></a>", "no well-formed XML in line 1: mismatched tag"),
        ("<a>\n&copy;</a>", "no well-formed XML in line 2: undefined entity"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "declares a document type"),
        ("<a>" * 61 + "</a>" * 61, "more than 60 levels"),
        (f"<a>{'<b/>' * 20_000}</a>", "more than 20000 elements"),
        (f"<a>{'x' * 600_000}</a>", "larger than 512 KB"),
        ("<a>\ud800</a>", "holds characters that are none"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        taken(text)
    assert told in refused.value.detail


@given(
    st.recursive(
        st.tuples(
            st.text(max_size=30), st.sampled_from(["Phase", "Operation", "UnitProcedure", "X"])
        ),
        lambda inner: st.tuples(
            st.lists(inner, max_size=4),
            st.sampled_from(["Operation", "UnitProcedure", "Procedure"]),
        ),
        max_leaves=12,
    )
)
@example(("|", "Phase"))
def test_whatever_a_procedure_is_made_of_the_draft_can_be_read_or_is_refused(tree: Any) -> None:
    def made(one: Any) -> str:
        inner, kind = one
        if isinstance(inner, str):
            name = "".join(c for c in inner if c.isprintable() and c not in "<&>")
            return element(name, kind)
        return element(f"{kind}-{len(inner)}", kind, "".join(map(made, inner)))

    found = None
    with suppress(Invalid):
        found = taken(recipe(made(tree)))
    if found is not None:
        assert document_from(found.plain).steps


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("ProductionBatchRecord_Example_v06.xml", 7),
        ("MAT-20121210170256-CRBN0001.xml", "/SyncMaterialDefinition holds no recipe"),
        ("INV-20121210175555-0001L0001_01.xml", "/SyncMaterialInformation holds no recipe"),
        ("LOT-20121210170718-0001L0001.xml", "/SyncMaterialInformation holds no recipe"),
        ("PES-20121229115825-53107.xml", "/SyncProductionPerformance holds no recipe"),
        ("PRO-20121210181416-27942.xml", "/SyncProductionSchedule holds no recipe"),
    ],
)
def test_the_published_samples(name: str, outcome: int | str) -> None:
    if not (SAMPLES / name).exists():
        pytest.skip(f"the published sample is not at hand ({name})")
    text = (SAMPLES / name).read_text(encoding="utf-8")
    if isinstance(outcome, str):
        with pytest.raises(Invalid, match=outcome):
            taken(text)
        return
    found = taken(text)
    document = document_from(found.plain)
    assert len(document.steps) == outcome
    assert document.header.product.name == "000399 Finish Good 01"
    runs = [one for one in found.left if one.why.startswith("it is another run of")]
    assert len(runs) == 5
    assert all(one.why for one in found.left)
