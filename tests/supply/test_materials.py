"""Lots and equipment: used only while they may be, each refusal with a word of its own."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audit.models import Signature
from audit.signing import digest_of
from kernel.errors import Conflict, IllegalMove, Invalid, NotFound, NotPermitted, Refusal
from supply import commands
from supply.models import Equipment, Material, MaterialLot
from supply.queries import lot_statement
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site

TODAY = NOON.date()


def lot(
    number: str = "L-1", *, code: str = "BUFFER", expires_on: date | None = None
) -> MaterialLot:
    material = Material.objects.filter(code=code).first() or commands.add_material(
        code=code, name=code.title(), unit="mL", act=act_by()
    )
    return commands.add_lot(
        material=material, number=number, site=site("PLANT"),
        expires_on=expires_on or TODAY + timedelta(days=30), quantity=Decimal(100), act=act_by(),
    )  # fmt: skip


def approved(made: MaterialLot, *, role: str = "qa", **changes: Any) -> MaterialLot:
    who = person(f"a-{role}", role, at_site=site("PLANT"))
    asked = {
        "lot_id": made.pk,
        "proof": proof_of(who),
        "seen_digest": digest_of(lot_statement(made)),
        "act": act_by(who),
        **changes,
    }
    return commands.approve_lot(**asked)


def used(quantity: str = "10", **changes: Any) -> MaterialLot:
    asked: dict[str, Any] = {
        "material_code": "BUFFER",
        "scanned": "L-1",
        "quantity": Decimal(quantity),
        "unit": "mL",
        "site": site("PLANT"),
        "on": TODAY,
        "act": act_by(),
    }
    return commands.use_lot(**{**asked, **changes})


def refusal_of(call: Any, **changes: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        call(**changes)
    return refused.value


@pytest.mark.requirement("CGMP-07")
@pytest.mark.django_db
def test_a_lot_gives_until_it_is_used_up() -> None:
    approved(lot())
    assert used("60").on_hand == 40
    refused = refusal_of(used, quantity=Decimal("40.0001"))
    assert (refused.code, MaterialLot.objects.get().on_hand) == ("not_enough", 40)
    assert used("40").state == "consumed"
    assert refusal_of(used).code == "not_enough"


@pytest.mark.requirement("CGMP-07")
@pytest.mark.django_db
def test_each_reason_against_a_lot_has_its_own_code_and_words() -> None:
    approved(lot())
    lot("L-QUARANTINE")
    approved(lot("L-OLD", expires_on=TODAY - timedelta(days=1)))
    approved(lot("L-OTHER", code="CRYO"))
    asked: list[dict[str, Any]] = [
        {"scanned": "L-NOBODY"},
        {"scanned": "L-OTHER"},
        {"scanned": "L-QUARANTINE"},
        {"scanned": "L-OLD"},
        {"quantity": Decimal(101)},
        {"unit": "L"},
        {"site": site("SOUTH")},
    ]
    refused = [refusal_of(used, **changes) for changes in asked]
    assert [one.code for one in refused] == [
        "unknown", "wrong_item", "quarantined", "expired", "not_enough", "wrong_unit", "unknown",
    ]  # fmt: skip
    assert {one.status for one in refused} == {409}
    assert len({one.detail for one in refused[:6]}) == 6
    assert "Cryo" in refused[1].detail
    assert MaterialLot.objects.get(number="L-1").on_hand == 100


@pytest.mark.requirement("CGMP-07")
@pytest.mark.django_db
def test_a_lot_may_be_used_on_its_last_day() -> None:
    approved(lot(expires_on=TODAY))
    assert used().on_hand == 90
    assert refusal_of(used, on=TODAY + timedelta(days=1)).code == "expired"


@pytest.mark.django_db
@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_nothing_is_not_a_quantity(quantity: str) -> None:
    approved(lot())
    assert refusal_of(used, quantity=Decimal(quantity)).code == "range"
    for wrong in (Decimal(quantity), Decimal("NaN"), Decimal("Infinity")):
        with pytest.raises(Invalid):
            commands.add_lot(
                material=Material.objects.get(), number="L-2", site=site("PLANT"),
                expires_on=TODAY, quantity=wrong, act=act_by(),
            )  # fmt: skip


@pytest.mark.django_db
def test_a_code_is_used_once() -> None:
    lot()
    with pytest.raises(Conflict):
        commands.add_material(code="BUFFER", name="Again", unit="g", act=act_by())


@pytest.mark.django_db
def test_only_quality_approves_a_lot_once_with_a_signature_on_what_was_shown() -> None:
    made = lot()
    for role in ("operator", "qp", "planner"):
        with pytest.raises(NotPermitted):
            approved(made, role=role)
    with pytest.raises(Conflict):
        approved(made, seen_digest="0" * 64)
    assert approved(made).state == "approved"
    with pytest.raises(IllegalMove):
        approved(made)
    signature = Signature.objects.get()
    assert (signature.meaning, signature.statement["lot"]) == ("approved", "L-1")


@pytest.mark.requirement("CGMP-07")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_the_last_quantity_one_gets_it() -> None:
    approved(lot())
    site("PLANT")
    ready = threading.Barrier(2)
    told: list[str] = []

    def take() -> None:
        try:
            ready.wait(10)
            used("60")
            told.append("taken")
        except Conflict as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["not_enough", "taken"]
    assert MaterialLot.objects.get().on_hand == 40


def balance(code: str = "BAL-1", **changes: Any) -> Equipment:
    asked = {"name": "Balance", "equipment_class": "BALANCE", "site": site("PLANT"), **changes}
    return commands.add_equipment(code=code, act=act_by(), **asked)


def taken(code: str = "BAL-1", **changes: Any) -> Equipment:
    asked: dict[str, Any] = {
        "scanned": code,
        "equipment_class": "BALANCE",
        "site": site("PLANT"),
        "on": TODAY,
        "act": act_by(),
    }
    return commands.use_equipment(**{**asked, **changes})


@pytest.mark.requirement("CGMP-06", "P11-10")
@pytest.mark.django_db
def test_each_reason_against_equipment_has_its_own_code() -> None:
    balance(calibration_due_on=TODAY)
    balance("BAL-OLD", calibration_due_on=TODAY - timedelta(days=1))
    balance("FREEZER", equipment_class="FREEZER")
    assert taken().code == "BAL-1"
    assert refusal_of(taken, code="FREEZER").code == "wrong_class"
    assert refusal_of(taken, code="BAL-OLD").code == "calibration_expired"
    assert refusal_of(taken, on=TODAY + timedelta(days=1)).code == "calibration_expired"
    assert refusal_of(taken, site=site("SOUTH")).code == "unknown"
    with pytest.raises(NotFound):
        taken("NOBODY")
    with pytest.raises(Conflict):
        balance()


@pytest.mark.requirement("CGMP-06")
@pytest.mark.django_db
@pytest.mark.parametrize("way", [["in_use"], ["in_use", "dirty"], ["out_of_service"]])
def test_equipment_that_is_not_ready_is_refused_by_its_state(way: list[str]) -> None:
    made = balance()
    with connection.cursor() as cursor:
        for state in way:
            cursor.execute("UPDATE supply_equipment SET state = %s WHERE id = %s", [state, made.pk])
    assert refusal_of(taken).code == way[-1]
