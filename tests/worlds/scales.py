"""Scales: a balance as a house has one, connected, qualified and checked today."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

from audit.signing import digest_of
from supply import commands as supply
from supply.models import Equipment, EquipmentClass
from supply.queries import unit_statement
from tests.worlds.audit import act_by, proof_of, site
from tests.worlds.quality import quality
from tests.worlds.recipes import engineer, plain_document, step

# A balance of 220 g that reads in steps of 0.1 mg.
FINE = {
    "range_min": "0", "range_max": "220", "resolution": "0.0001", "minimum_weight": "0.02",
    "check_weight": "100", "check_tolerance": "0.0005",
}  # fmt: skip


def ready_scale(
    code: str = "BAL-1",
    *,
    equipment_class: str = "BALANCE",
    line: str = "simulated",
    due: date = date(2027, 12, 31),
    weights: dict[str, str] | None = None,
) -> Equipment:
    """A scale that may be used: of its class, calibrated, checked, and read on a line."""
    if not EquipmentClass.objects.filter(code=equipment_class, range_max__isnull=False).exists():
        supply.take_over_classes(codes=[equipment_class], act=act_by())
        supply.describe_class(
            code=equipment_class, name="Analytical balance", unit="g", weights=weights or FINE,
            hours={"check_hours": 24, "clean_hold_hours": None}, reason="As its manual asks",
            act=act_by(quality()),
        )  # fmt: skip
    if not Equipment.objects.filter(code=code).exists():
        supply.add_equipment(
            code=code, name=f"Balance {code}", equipment_class=equipment_class,
            site=site("PLANT"), calibration_due_on=due, act=act_by(),
        )  # fmt: skip
    if line:
        supply.connect_scale(
            code=code, line=line, reason="It stands on the bench", act=act_by(engineer())
        )
        unit = Equipment.objects.get(code=code)
        supply.sign_equipment(
            code=code, verb="qualify", reason="Compared with its display",
            proof=proof_of(quality()), seen_digest=digest_of(unit_statement(unit, "qualify")),
            act=act_by(quality()),
        )  # fmt: skip
    supply.check_scale(code=code, entered="100.0001", act=act_by(quality()))
    return Equipment.objects.get(code=code)


def grams(text: str) -> bytes:
    """What a balance answers that shows a stable weight in grams."""
    return f"S S {Decimal(text):>10} g\r\n".encode()


def weighing_document(**more: Any) -> dict[str, Any]:
    """The small recipe with a weighing of 12.5 g of salt, within a percent, before its steps."""
    tolerance = {} if "tolerance" in more else {"tolerance_percent": "1"}
    plain = {"material": "SALT", "equipment": "BALANCE", "unit": "g", "decimals": 2, **tolerance}
    made: dict[str, Any] = deepcopy(plain_document())
    one = step("W01", "weigh", "Weigh the salt", **{**plain, **more}, after=[])
    made["procedure"]["unit_procedures"][0]["operations"].insert(
        0, {"code": "OP0", "title": "Weighing", "steps": [one]}
    )
    made["formula"]["materials"].append(
        {"code": "SALT", "name": "Salt", "quantity": "12.5", "unit": "g"}
    )
    return made
