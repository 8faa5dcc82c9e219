"""Reservations ahead: no two overlap where one is exclusive, and a scan keeps to them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.models import User
from audit.verification import Verifier
from kernel.errors import Conflict, IllegalMove, Invalid, NotFound, NotPermitted
from supply import commands
from supply.models import Reservation
from tests.conftest import NOON
from tests.supply.test_equipment import incubator, scanned
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import operator, planner
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def reserved(
    batch: str = "B-000001", begins: float = 0, ends: float = 2, **changes: Any
) -> Reservation:
    """Reserve INC-1, a day ahead, from so many hours after noon to so many."""
    asked = {"by": planner(), "is_shared": False, **changes}
    by: User = asked.pop("by")
    return commands.reserve_unit(
        code="INC-1", batch=batch, begins_at=hour(begins), ends_at=hour(ends), **asked,
        act=act_by(by, at=hour(-24)),
    )  # fmt: skip


def hour(number: float) -> datetime:
    return NOON + timedelta(hours=number)


@pytest.mark.requirement("S88-09")
@pytest.mark.parametrize(("begins", "ends"), [(0, 2), (-1, 0.1), (1.9, 9), (-1, 9), (0.5, 1)])
def test_a_reservation_that_overlaps_is_refused_with_the_name_of_the_other(
    begins: float, ends: float
) -> None:
    incubator()
    reserved()
    with pytest.raises(Conflict) as refusal:
        reserved("B-000002", begins, ends)
    assert (refusal.value.code, refusal.value.detail) == (
        "reserved",
        "Incubator INC-1 is reserved for batch B-000001 at that time.",
    )
    # One ends where the next begins.
    reserved("B-000002", -1, 0)
    reserved("B-000003", 2, 3)
    assert not list(Verifier().findings())


@pytest.mark.requirement("S88-09")
def test_shared_reservations_stand_side_by_side_and_not_beside_an_exclusive_one() -> None:
    incubator(is_shared=True)
    reserved("B-000001", is_shared=True)
    reserved("B-000002", is_shared=True)
    with pytest.raises(Conflict):
        reserved("B-000003", 1, 3)
    reserved("B-000003", 2, 3)
    with pytest.raises(Conflict):
        reserved("B-000004", 2.5, 4, is_shared=True)
    incubator("INC-2")
    with pytest.raises(Invalid, match="one batch at a time"):
        commands.reserve_unit(
            code="INC-2", batch="B-000001", begins_at=hour(0), ends_at=hour(1), is_shared=True,
            act=act_by(planner()),
        )  # fmt: skip


@pytest.mark.requirement("S88-09")
def test_a_scan_keeps_to_the_reservation_of_another_batch() -> None:
    incubator()
    one = reserved()
    with pytest.raises(Conflict) as refusal:
        scanned("B-000002")
    until = hour(2).strftime("%Y-%m-%d %H:%M UTC")
    assert (refusal.value.code, refusal.value.detail) == (
        "reserved",
        f"Incubator INC-1 is reserved for batch B-000001 until {until}.",
    )
    assert scanned("B-000001").state == "in_use"
    commands.free_units(used_in="B-000001", act=act_by())
    one.refresh_from_db()
    assert one.state == "canceled"


@pytest.mark.requirement("S88-09")
def test_before_and_after_its_time_a_reservation_stops_nobody() -> None:
    incubator(is_shared=True)
    reserved()
    assert scanned("B-000002", at=hour(0) - timedelta(seconds=1)).code == "INC-1"
    assert scanned("B-000002", at=hour(2)).code == "INC-1"


def test_who_reserves_what_and_gives_it_back() -> None:
    incubator()
    for wrong in ({"batch": "x"}, {"ends": 0}, {"begins": -30, "ends": -24}, {"ends": 9999}):
        with pytest.raises(Invalid):
            reserved(**wrong)
    with pytest.raises(NotPermitted):
        reserved(by=operator())
    with pytest.raises(NotFound):
        reserved(by=person("nina", "planner", at_site=site("NORTH")))
    one = reserved()

    def given_back(by: User, reason: str = "Postponed") -> Reservation:
        return commands.cancel_reservation(reservation_id=one.pk, reason=reason, act=act_by(by))

    with pytest.raises(NotPermitted):
        given_back(operator())
    with pytest.raises(NotFound):
        given_back(person("nina", "planner", at_site=site("NORTH")))
    with pytest.raises(Invalid):
        given_back(quality(), " ")
    assert given_back(quality()).state == "canceled"
    with pytest.raises(IllegalMove):
        given_back(quality())
    assert reserved("B-000002").state == "standing"


@pytest.mark.requirement("S88-09")
def test_the_database_refuses_an_overlap_whoever_writes_it() -> None:
    incubator()
    reserved()
    with (
        pytest.raises(IntegrityError, match="reservations_do_not_overlap"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO supply_reservation (equipment_id, batch, begins_at, ends_at, is_shared,"
            " state, reserved_by_id, reserved_at) SELECT equipment_id, 'B-000002', begins_at,"
            " ends_at, true, state, reserved_by_id, reserved_at FROM supply_reservation"
        )


@pytest.mark.requirement("S88-09")
@pytest.mark.django_db(transaction=True)
def test_of_ten_who_reserve_at_once_exactly_one_does() -> None:
    incubator()
    planner()
    together = threading.Barrier(10)
    told: list[str] = []

    def ask(number: int) -> None:
        try:
            together.wait(20)
            reserved(f"B-{number:06}")
            told.append("reserved it")
        except Conflict as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == [*["reserved"] * 9, "reserved it"]


def test_the_page_reserves_and_gives_back() -> None:
    incubator()
    client = Client()
    client.force_login(planner(), backend="mes.sign_in.People")
    form = {"batch": "B-000001", "begins_at": "2035-01-01T08:00", "ends_at": "2035-01-01T12:00"}
    assert client.post("/equipment/INC-1/reservations/", form).status_code == 303
    assert client.post("/equipment/INC-1/reservations/", form).status_code == 409
    later = {**form, "begins_at": "noon"}
    assert client.post("/equipment/INC-1/reservations/", later).status_code == 422
    assert "B-000001" in client.get("/equipment/INC-1/").content.decode()
    one = Reservation.objects.get()
    at = f"/equipment/INC-1/reservations/{one.pk}/cancel/"
    assert client.post(at, {"reason": ""}).status_code == 422
    assert client.post(at, {"reason": "Postponed"}).status_code == 303
    incubator("INC-2")
    other = f"/equipment/INC-2/reservations/{one.pk}/cancel/"
    assert client.post(other, {"reason": "x"}).status_code == 404
