"""Plain documents to start from: the smallest that can be approved, and the two of the demo."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from recipes.rules.yaml_text import plain_from_yaml

DATA = Path(__file__).resolve().parents[3] / "recipes" / "data"

SMALL = """
header:
  code: SMALL-MBR
  title: A small recipe
  therapy: SMALL
  product: {name: Small, strength: 5 mg, dosage_form: Solution, active_ingredient: Water,
            active_quantity: All of it}
  batch_size: One vial
  theoretical_yield: {quantity: "10", unit: mL, min_percent: "90", max_percent: "110"}
  container_closure: Glass vial with stopper
  labels:
    - {code: VIAL, name: label of the vial, lines: [Small], fields: [product, storage],
       expires_hours: 720}
  storage: Below 25 °C
  retention_years: 30
formula:
  parameters:
    - {code: volume, label: Volume, unit: mL, kind: output, min: "0", max: "20", critical: true}
  materials: [{code: WATER, name: Water, quantity: "10", unit: mL}]
  excess: None
  stages: [{step: S2, label: After filling, quantity: "10", unit: mL}]
equipment_requirements: [{code: BALANCE, name: Balance, room_class: C}]
procedure:
  unit_procedures:
    - code: UP1
      title: All of it
      operations:
        - code: OP1
          title: All of it
          steps:
            - {code: S1, title: Look, kind: confirm, instruction: Look at it., watch: true}
            - code: S2
              title: Volume
              kind: number
              instruction: Measure it.
              parameter: volume
              unit: mL
              decimals: 1
              hard: {min: "0.0", max: "20.0"}
              soft: {min: "9.0", max: "11.0"}
              verify: true
            - {code: S3, title: Water, kind: scan_material, instruction: Scan it., material: WATER}
other_information: {precautions: [None]}
environment:
  - {quantity: temperature, place: room, unit: Cel, critical_low: "18", warn_high: "24",
     critical_high: "25"}
"""


_read = cache(plain_from_yaml)


def small() -> Any:
    """Return the smallest document that can be approved."""
    return copy.deepcopy(_read(SMALL))


def demo(code: str) -> Any:
    """Return the document of a demo therapy."""
    return copy.deepcopy(_read((DATA / f"{code}.yaml").read_text(encoding="utf-8")))


def steps_of(plain: Any) -> list[dict[str, Any]]:
    """Return the steps of the first operation."""
    steps: list[dict[str, Any]] = at(plain, "/procedure/unit_procedures/0/operations/0/steps")
    return steps


def at(plain: Any, pointer: str) -> Any:
    """Return what stands at a JSON pointer."""
    for token in pointer.split("/")[1:]:
        plain = plain[int(token)] if isinstance(plain, list) else plain[token]
    return plain


def step(*, code: str, kind: str = "confirm", **more: Any) -> dict[str, Any]:
    """Return a plain step."""
    return {
        "code": code,
        "kind": kind,
        "title": f"Step {code}",
        "instruction": "Look at it.",
        **more,
    }
