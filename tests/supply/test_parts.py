"""Parts go with their unit, and nothing is part of itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.verification import Verifier
from kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from supply import commands
from supply.models import Equipment, EquipmentUse
from supply.rules.hierarchy import reasons_against_part
from tests.supply.test_equipment import incubator, scanned
from tests.supply.test_upkeep import engineer
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import operator
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def placed(code: str, parent: str, level: str = "equipment_module", **changes: Any) -> Equipment:
    by = changes.get("by") or engineer()
    return commands.place_part(
        code=code, level=level, parent_code=parent, reason=changes.get("reason", "Mounted"),
        act=act_by(by),
    )  # fmt: skip


def tree() -> None:
    """INC-1 holds INC-2, which holds INC-3."""
    for code in ("INC-1", "INC-2", "INC-3"):
        incubator(code)
    placed("INC-2", "INC-1")
    placed("INC-3", "INC-2", "control_module")


@pytest.mark.requirement("S88-04")
def test_a_batch_that_takes_a_unit_takes_its_parts_along_and_frees_them_with_it() -> None:
    tree()
    scanned("B-000001")
    held = EquipmentUse.objects.filter(batch="B-000001", ended_at=None)
    assert sorted(held.values_list("equipment__code", flat=True)) == ["INC-1", "INC-2", "INC-3"]
    with pytest.raises(Conflict) as refusal:
        scanned("B-000002", "INC-3")
    assert refusal.value.code == "in_use"
    assert scanned("B-000001", "INC-3").state == "in_use"
    commands.free_units(used_in="B-000001", act=act_by())
    assert set(Equipment.objects.values_list("state", flat=True)) == {"dirty"}
    assert not list(Verifier().findings())


@pytest.mark.requirement("S88-04", "CGMP-06")
def test_a_part_that_is_not_fit_stops_its_unit_by_name() -> None:
    tree()
    commands.move_equipment(code="INC-3", verb="disqualify", reason="x", act=act_by(quality()))
    with pytest.raises(Conflict) as refusal:
        scanned("B-000001")
    assert (refusal.value.code, refusal.value.detail) == (
        "not_qualified",
        "Incubator INC-3 is not qualified.",
    )
    assert EquipmentUse.objects.count() == 0


@pytest.mark.requirement("S88-04")
def test_nothing_is_part_of_itself_nor_of_what_is_narrower() -> None:
    tree()
    for code, parent, level in (
        ("INC-1", "INC-3", "control_module"),
        ("INC-1", "INC-1", "equipment_module"),
        ("INC-3", "INC-2", "process_cell"),
        ("INC-2", "INC-1", "unit"),
    ):
        with pytest.raises(Conflict):
            placed(code, parent, level)
    with (
        pytest.raises(IntegrityError, match="equipment_is_no_part_of_itself"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE supply_equipment SET parent_id = id")


def test_who_places_and_what_is_refused() -> None:
    tree()
    with pytest.raises(NotPermitted):
        placed("INC-3", "INC-1", by=operator())
    with pytest.raises(NotFound):
        placed("INC-3", "INC-1", by=person("nils", "engineer", at_site=site("NORTH")))
    with pytest.raises(NotFound):
        placed("INC-3", "NONE")
    for wrong in ({"reason": " "}, {"level": "floor"}):
        with pytest.raises(Invalid):
            placed("INC-3", "INC-1", **wrong)
    with pytest.raises(Invalid, match="Nothing is changed"):
        placed("INC-2", "INC-1")
    incubator("INC-4", is_shared=True)
    with pytest.raises(Conflict, match="several batches"):
        placed("INC-4", "INC-1")
    scanned("B-000001")
    with pytest.raises(Conflict, match="held by a batch"):
        placed("INC-3", "INC-1")


@pytest.mark.parametrize(
    ("level", "above", "found"),
    [
        ("unit", [("P", "process_cell")], []),
        ("unit", [("P", "unit")], ["level"]),
        ("control_module", [("P", "control_module")], []),
        ("area", [("P", "unit")], ["level"]),
        ("unit", [("P", "process_cell"), ("X", "area")], ["cycle"]),
    ],
)
def test_levels_nest_as_the_standard_draws_them(
    level: str, above: list[tuple[str, str]], found: list[str]
) -> None:
    assert [code for code, _ in reasons_against_part("X", level, above)] == found


def test_the_page_places_and_shows_the_parts() -> None:
    tree()
    client = Client()
    client.force_login(engineer(), backend="mes.sign_in.People")
    form = {"level": "control_module", "parent_code": "INC-1", "reason": "Moved"}
    assert client.post("/equipment/INC-3/place/", form).status_code == 303
    assert client.post("/equipment/INC-1/place/", form).status_code == 409
    assert "/equipment/INC-3/" in client.get("/equipment/INC-1/").content.decode()
    assert "part of" in client.get("/equipment/INC-3/").content.decode()
