"""Therapies and recipes for tests: one small master record that has a step of every kind."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from audit.models import Site
from audit.signing import digest_of
from recipes import commands, queries
from recipes.models import RecipeVersion, Therapy
from tests.worlds.audit import act_by, person, proof_of, site

RECIPE = "SMALL-MBR"
THERAPY = "SMALL"


def step(code: str, kind: str, title: str, **more: Any) -> dict[str, Any]:
    """A plain step with an instruction."""
    return {
        "code": code,
        "kind": kind,
        "title": title,
        "instruction": f"{title}, as shown.",
        **more,
    }


def plain_document(*, autologous: bool = True, therapy: str = THERAPY) -> dict[str, Any]:
    """A complete, plain master record of eleven steps; S06 and S07 may run beside each other."""
    clearance = [
        step("S01", "confirm", "Clear the line", checks=["Room is empty", "Labels are gone"]),
        step("S02", "scan_identity", "Identify the bag", target="bag", verify=True, critical=True),
    ]
    making = [
        step("S03", "scan_equipment", "Take the balance", equipment="BALANCE"),
        step("S04", "scan_material", "Add the buffer", material="BUFFER"),
        step(
            "S05", "number", "Measure the volume", parameter="volume", unit="mL", decimals=1,
            hard={"min": "10.0", "max": "200.0"}, soft={"min": "50.0", "max": "100.0"},
            verify=True, critical=True,
        ),
        step("S06", "timer", "Let it rest", min_seconds=60, max_seconds=600, after=["S05"]),
        step(
            "S07", "sensor", "Note the temperature", quantity="temperature", place="room",
            unit="Cel", decimals=1, hard={"min": "10.0", "max": "30.0"},
            soft={"min": "18.0", "max": "25.0"}, after=["S05"],
        ),
        step(
            "S08", "calculation", "Compute the dose", parameter="dose", unit="mL/kg", decimals=3,
            formula="volume / weight * factor",
            inputs={
                "volume": {"from": "S05", "unit": "mL"},
                "weight": {"from": "order.weight_kg", "unit": "kg"},
                "factor": {"from": "parameter.factor", "unit": "1"},
            },
            after=["S06", "S07"],
        ),
    ]  # fmt: skip
    packing = [
        step(
            "S09", "choice", "Look at the bag", accepted=["clear"],
            options=[
                {"value": "clear", "label": "Clear"},
                {"value": "cloudy", "label": "Cloudy"},
            ],
        ),
        step("S10", "scan_identity", "Identify the label", target="label"),
        step("S11", "confirm", "Hand the bag over"),
    ]  # fmt: skip
    return {
        "header": header(autologous=autologous, therapy=therapy),
        "formula": formula(autologous=autologous),
        "equipment_requirements": [{"code": "BALANCE", "name": "Balance", "room_class": "C"}],
        "procedure": {
            "unit_procedures": [
                {
                    "code": "UP1",
                    "title": "Manufacture",
                    "operations": [
                        {"code": "OP1", "title": "Clearance", "steps": clearance},
                        {"code": "OP2", "title": "Making", "steps": making},
                    ],
                },
                {
                    "code": "UP2",
                    "title": "Packaging",
                    "operations": [{"code": "OP3", "title": "Packing", "steps": packing}],
                },
            ]
        },
        "other_information": {"precautions": ["Wear gloves."], "references": []},
        "environment": [],
    }


def header(*, autologous: bool, therapy: str) -> dict[str, Any]:
    """Part one of the small record."""
    return {
        "code": RECIPE,
        "title": "A small recipe",
        "therapy": therapy,
        "autologous": autologous,
        "product": {
            "name": "Small cells",
            "strength": "1 × 10⁶ cells/mL",
            "dosage_form": "Suspension",
            "active_ingredient": "Cells",
            "active_quantity": "All of them",
        },
        "batch_size": "1 bag",
        "theoretical_yield": {
            "quantity": "1", "unit": "{bags}", "min_percent": "100", "max_percent": "100",
        },
        "container_closure": "A bag with a port",
        "labels": [
            {"code": "L1", "name": "Bag label", "lines": ["SMALL", "FOR AUTOLOGOUS USE ONLY"],
             "fields": ["product", "storage"], "expires_hours": 72}
        ],
        "storage": "Below −130 °C",
        "retention_years": 30,
    }  # fmt: skip


def formula(*, autologous: bool) -> dict[str, Any]:
    """Part two of the small record."""
    return {
        "parameters": [
            {"code": "volume", "label": "Volume", "unit": "mL", "kind": "process",
             "critical": True},
            {"code": "dose", "label": "Dose", "unit": "mL/kg", "kind": "output"},
            {"code": "factor", "label": "Factor", "unit": "1", "kind": "input", "default": "0.5"},
        ],
        "materials": [
            {"code": "BUFFER", "name": "Buffer", "quantity": "10", "unit": "mL", "active": True},
            {"code": "CELLS", "name": "The patient's cells", "quantity": "1", "unit": "{bags}",
             "autologous": autologous},
        ][: 2 if autologous else 1],
        "excess": "None",
        "stages": [{"step": "S05", "label": "Volume", "quantity": "75", "unit": "mL"}],
    }  # fmt: skip


def therapy(
    code: str = THERAPY, *, autologous: bool = True, made_at: Site | None = None
) -> Therapy:
    """A therapy made at the plant; made once."""
    known = Therapy.objects.filter(code=code).first()
    return known or commands.add_therapy(
        code=code,
        name=code.title(),
        is_autologous=autologous,
        made_at=made_at or site("PLANT"),
        act=act_by(),
    )


def engineer() -> Any:
    """The person who writes recipes."""
    return person("erik", "engineer")


def quality() -> Any:
    """The person of quality assurance."""
    return person("quinn", "qa")


def drafted_version(**changes: Any) -> RecipeVersion:
    """A draft of the small recipe; ``changes`` replace top-level parts of the document."""
    document = {**deepcopy(plain_document()), **changes}
    return commands.draft_version(
        recipe_code=document["header"]["code"],
        therapy=therapy(),
        document=document,
        act=act_by(engineer()),
    )


def submitted_version(version: RecipeVersion | None = None) -> RecipeVersion:
    """A version handed in by its author."""
    version = version or drafted_version()
    return commands.submit_version(
        version_id=version.pk,
        proof=proof_of(engineer()),
        seen_digest=digest_of(queries.version_statement(version)),
        act=act_by(engineer()),
    )


def checker() -> Any:
    """A second engineer, who checks what the first wrote."""
    return person("clara", "engineer")


def checked_version(version: RecipeVersion | None = None) -> RecipeVersion:
    """A version checked by a second person."""
    version = submitted_version(version)
    return commands.check_version(
        version_id=version.pk,
        proof=proof_of(checker()),
        seen_digest=digest_of(queries.version_statement(version)),
        act=act_by(checker()),
    )


def approved_version(version: RecipeVersion | None = None) -> RecipeVersion:
    """A version approved by quality."""
    version = checked_version(version)
    return commands.approve_version(
        version_id=version.pk,
        proof=proof_of(quality()),
        seen_digest=digest_of(queries.version_statement(version)),
        act=act_by(quality()),
    )


def effective_recipe(version: RecipeVersion | None = None) -> RecipeVersion:
    """The small recipe in force; a given draft instead of it."""
    if version is None:
        known = RecipeVersion.objects.filter(recipe__code=RECIPE, state="effective").first()
        if known is not None:
            return known
    return commands.make_effective(version_id=approved_version(version).pk, act=act_by(quality()))
