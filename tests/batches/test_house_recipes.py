"""The recipes of the house, carried out from the first step to the last by the commands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Batch
from mes.demo.performing import computed_steps, perform_batch, steady_sensors
from recipes.commands import draft_version
from recipes.rules.parsing import document_from
from recipes.rules.weigh_steps import WeighStep
from recipes.rules.yaml_text import plain_from_yaml
from supply import commands as supply
from tests.worlds.audit import act_by, proof_of, site
from tests.worlds.batches import (
    again,
    approved_lot,
    operator,
    planner,
    received_order,
    shift,
    wanted_order,
)
from tests.worlds.recipes import effective_recipe, engineer, quality, therapy
from tests.worlds.scales import ready_scale

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[2] / "recipes" / "data"


def started(name: str, *, autologous: bool) -> Batch:
    """A started batch by a recipe of the house, with all that it needs in stock."""
    plain = plain_from_yaml((DATA / f"{name}.yaml").read_text())
    code = plain["header"]["code"]
    made = therapy(name, autologous=autologous)
    draft = draft_version(recipe_code=code, therapy=made, document=plain, act=act_by(engineer()))
    version = effective_recipe(draft)
    for material in plain["formula"]["materials"]:
        if not material.get("autologous"):
            approved_lot(
                material["code"], unit=material["unit"], quantity=100_000, potency=Decimal("98.5")
            )
    for kind in plain["equipment_requirements"]:
        supply.add_equipment(
            code=f"{kind['code']}-1", name=kind["name"], equipment_class=kind["code"],
            site=site("PLANT"), calibration_due_on=date(2027, 12, 31), act=act_by(),
        )  # fmt: skip
    if any(isinstance(one, WeighStep) for one in document_from(plain).steps):
        ready_scale("BALANCE-1")
    supply.add_equipment(
        code="ROOM-1", name="Room 1", equipment_class="room", site=site("PLANT"), act=act_by()
    )
    if autologous:
        order = received_order(version=version)
    else:
        order = commands.place_order(
            wanted=wanted_order(1, therapy=name, collection_planned_at=None),
            site=site("NORTH"),
            act=act_by(),
        )
    batch = commands.plan_batch(order_id=order.pk, room_code="ROOM-1", act=act_by(planner()))
    commands.issue_batch(
        batch_id=batch.pk,
        seen=batch.version,
        proof=proof_of(quality()),
        seen_digest=digest_of(queries.issue_statement(batch)),
        act=act_by(quality()),
    )
    return commands.start_batch(batch_id=batch.pk, seen=batch.version + 1, act=act_by(operator()))


@pytest.mark.requirement("CGMP-04", "CGMP-05", "CGMP-07", "CGMP-15")
@pytest.mark.parametrize(
    ("name", "autologous", "steps", "computed"),
    [("CART-19", True, 38, 4), ("PGX-ORAL", False, 16, 2)],
)
def test_a_recipe_of_the_house_is_carried_out(
    name: str, autologous: bool, steps: int, computed: int
) -> None:
    batch = started(name, autologous=autologous)
    work = shift()
    with steady_sensors(work, batch):
        perform_batch(batch, work)
    done = again(batch)
    assert done.state == "execution_complete"
    record = queries.record_of(done)
    assert [step["state"] for step in record["steps"]] == ["complete"] * steps
    assert len(computed_steps(done)) == computed
    verdicts = {value["verdict"] for step in record["steps"] for value in step["values"]}
    assert verdicts <= {"ok", "in_range"}
    assert not list(Verifier().findings())


@pytest.mark.requirement("S88-03", "CGMP-04", "CGMP-05")
def test_the_vaccine_skips_its_second_purification_where_the_first_was_enough() -> None:
    batch = started("MRNA-NEO", autologous=False)
    assert open_codes(batch) == ["S01"]
    work = shift(entries={"S13": "0.40", "S26": "0.50"})
    with steady_sensors(work, batch):
        perform_batch(batch, work, until="S04")
        assert open_codes(batch) == ["S04", "B01", "L01"]
        perform_batch(batch, work)
    done = again(batch)
    assert done.state == "execution_complete"
    states = {one["code"]: one["state"] for one in queries.record_of(done)["steps"]}
    assert {code for code, state in states.items() if state == "skipped"} == {"S15", "S16"}
    assert len(states) == 38
    assert list(done.branches.values_list("code", "outcome")) == [
        ("OP-CELLULOSE", "skipped"),
        ("OP-ADJUST", "over"),
    ]
    assert not list(Verifier().findings())


@pytest.mark.requirement("S88-03", "CGMP-04", "CGMP-05")
def test_the_vaccine_is_purified_again_and_adjusted_until_it_is_in_range() -> None:
    batch = started("MRNA-NEO", autologous=False)
    work = shift(
        entries={"S13": "0.80", "S16": "0.20", "S26": "0.71", "S26#2": "0.58", "S26#3": "0.53"}
    )
    with steady_sensors(work, batch):
        perform_batch(batch, work)
    done = again(batch)
    assert done.state == "execution_complete"
    assert list(done.branches.values_list("code", "round", "outcome")) == [
        ("OP-CELLULOSE", 1, "taken"),
        ("OP-ADJUST", 1, "again"),
        ("OP-ADJUST", 2, "again"),
        ("OP-ADJUST", 3, "over"),
    ]
    assert queries.found_values(done)["S27"] == Decimal("1.5")
    assert not list(Verifier().findings())


def open_codes(batch: Batch) -> list[str]:
    """The steps that can be done now, in the order of the recipe."""
    found = batch.steps.filter(state__in=("ready", "running", "performed"))
    return list(found.order_by("ordinal").values_list("code", flat=True))
