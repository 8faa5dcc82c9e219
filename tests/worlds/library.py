"""Entries of the library for tests: a weighing of three steps, with a loop and what it names."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from recipes import commands
from recipes.models import RecipeVersion
from tests.worlds.audit import act_by
from tests.worlds.recipes import approved_version, engineer, step

ENTRY = "LIB-WEIGH"


def plain_entry(**changes: Any) -> dict[str, Any]:
    """A plain entry: scan the balance, add a lot, measure; ``changes`` replace its top parts."""
    steps = [
        step("S01", "scan_equipment", "Take the balance", equipment="SCALE"),
        step("S02", "scan_material", "Add the salt", material="SALT", watch=True),
        step(
            "S03", "number", "Weigh the salt", parameter="salt_mass", unit="mg", decimals=1,
            hard={"min": "1.0", "max": "90.0"},
        ),
        step(
            "S04", "calculation", "Share of the volume", parameter="share", unit="mg/mL",
            decimals=2, formula="mass / volume", hard={"min": "0", "max": "9"},
            inputs={
                "mass": {"from": "S03", "unit": "mg"},
                "volume": {"from": "parameter.filled", "unit": "mL"},
            },
        ),
    ]  # fmt: skip
    return {
        "header": {"code": ENTRY, "title": "Weigh the salt", "autologous": False},
        "formula": {
            "parameters": [
                {"code": "salt_mass", "label": "Salt weighed", "unit": "mg", "kind": "process"},
                {"code": "share", "label": "Salt per mL", "unit": "mg/mL", "kind": "process"},
                {"code": "filled", "label": "Volume filled", "unit": "mL", "kind": "input",
                 "default": "20"},
            ],
            "materials": [{"code": "SALT", "name": "Salt", "quantity": "5", "unit": "mg"}],
        },
        "equipment_requirements": [{"code": "SCALE", "name": "Scale", "room_class": ""}],
        "procedure": {
            "unit_procedures": [
                {
                    "code": "UP1",
                    "title": "Library",
                    "operations": [{"code": "OP1", "title": "Weigh the salt", "steps": steps}],
                }
            ]
        },
        "other_information": {"precautions": ["Wear goggles."], "references": []},
        **changes,
    }  # fmt: skip


def drafted_entry(plain: dict[str, Any] | None = None) -> RecipeVersion:
    """A draft of the next version of the entry."""
    return commands.draft_version(
        recipe_code=ENTRY,
        therapy=None,
        document=deepcopy(plain or plain_entry()),
        act=act_by(engineer()),
    )


def approved_entry(plain: dict[str, Any] | None = None) -> RecipeVersion:
    """The next version of the entry, approved."""
    return approved_version(drafted_entry(plain))


def second_entry() -> dict[str, Any]:
    """The entry with a step more in the middle, and another limit."""
    plain = plain_entry()
    steps = plain["procedure"]["unit_procedures"][0]["operations"][0]["steps"]
    steps[2]["hard"]["max"] = "80.0"
    steps.insert(2, step("S05", "confirm", "Level the balance", checks=["It is level"]))
    return plain
