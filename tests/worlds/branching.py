"""A small master record with parallel operations, an alternative and a bounded loop."""

from __future__ import annotations

from typing import Any

from recipes.models import RecipeVersion
from tests.worlds.recipes import RECIPE, drafted_version, effective_recipe, plain_document, step


def number(code: str, parameter: str, unit: str = "mL", **more: Any) -> dict[str, Any]:
    """A step that takes a number and asks for nobody else."""
    return step(
        code, "number", f"Measure {parameter}", parameter=parameter, unit=unit, decimals=1, **more
    )


def condition(formula: str, **inputs: tuple[str, str]) -> dict[str, Any]:
    """A condition: where its names come from, and their units."""
    return {
        "formula": formula,
        "inputs": {name: {"from": one, "unit": unit} for name, (one, unit) in inputs.items()},
    }


def branching_document() -> dict[str, Any]:
    """Clearing; making and media side by side; a second purification; a loop; packing.

    UP1 clears; UP2 makes (S03, S04); UP3 prepares media beside it (M01); UP4 purifies: S05 measures
    the purity, OP5 is carried out only below 95 %, OP6 adjusts until the volume is 90 at least,
    three times at most, OP7 packs.
    """
    plain = plain_document()
    clearing = plain["procedure"]["unit_procedures"][0]["operations"][0]["steps"]
    making = [
        step("S03", "scan_equipment", "Take the balance", equipment="BALANCE"),
        step("S04", "scan_material", "Add the buffer", material="BUFFER"),
    ]
    media = [step("M01", "confirm", "Prepare the medium")]
    again = condition("purity < 95", purity=("S05", "%"))
    until = condition("volume >= 90", volume=("S07", "mL"))
    packing = [
        step("S09", "scan_identity", "Identify the label", target="label"),
        step("S10", "confirm", "Hand the bag over"),
    ]
    plain["formula"]["parameters"] = [
        {"code": "purity", "label": "Purity", "unit": "%", "kind": "process"},
        {"code": "volume", "label": "Volume", "unit": "mL", "kind": "process"},
    ]
    plain["formula"]["stages"][0]["step"] = "S07"
    plain["procedure"]["unit_procedures"] = [
        unit("UP1", operation("OP1", clearing)),
        unit("UP2", operation("OP2", making), after=["UP1"]),
        unit("UP3", operation("OP3", media), after=["UP1"]),
        unit(
            "UP4",
            operation("OP4", [number("S05", "purity", "%")]),
            operation("OP5", [step("S06", "confirm", "Purify again")], when=again),
            operation(
                "OP6",
                [number("S07", "volume"), step("S08", "confirm", "Adjust")],
                repeat={"until": until, "most": 3},
            ),
            operation("OP7", packing),
            after=["UP2", "UP3"],
        ),
    ]
    return plain


def unit(code: str, *operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A unit procedure."""
    return {"code": code, "title": f"Unit {code}", "operations": list(operations), **more}


def operation(code: str, steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """An operation."""
    return {"code": code, "title": f"Operation {code}", "steps": steps, **more}


def branching_recipe() -> RecipeVersion:
    """The record, effective; made once."""
    known = RecipeVersion.objects.filter(recipe__code=RECIPE, state="effective").first()
    return known or effective_recipe(drafted_version(**branching_document()))
