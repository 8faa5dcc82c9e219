"""Equipment: one batch in a unit at a time, whoever asks at once; dirty until it was cleaned."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.models import LedgerEntry
from audit.signing import digest_of
from audit.verification import Verifier
from kernel.errors import Conflict, IllegalMove, Invalid, NotFound, NotPermitted
from supply import commands
from supply.models import Equipment, EquipmentUse
from supply.queries import equipment_seen, unit_statement
from tests.conftest import NOON
from tests.worlds.audit import PASSWORD, act_by, person, proof_of, shown_in, site
from tests.worlds.batches import operator
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def incubator(code: str = "INC-1", **changes: Any) -> Equipment:
    asked = {"is_shared": False, **changes}
    return commands.add_equipment(
        code=code, name=f"Incubator {code}", equipment_class="INCUBATOR", site=site("PLANT"),
        act=act_by(), **asked,
    )  # fmt: skip


def scanned(batch: str, code: str = "INC-1", **changes: Any) -> Equipment:
    asked: dict[str, Any] = {"at": NOON, **changes}
    return commands.use_equipment(
        scanned=code, equipment_class="INCUBATOR", site=site("PLANT"), on=NOON.date(),
        used_in=batch, act=act_by(at=asked["at"]),
    )  # fmt: skip


def signed(
    verb: str, by: Any, code: str = "INC-1", *, at: Any = NOON, reason: str = ""
) -> Equipment:
    """Declare a unit clean, back, or qualified, as it stands on the screen."""
    statement = unit_statement(Equipment.objects.get(code=code), verb)
    return commands.sign_equipment(
        code=code, verb=verb, reason=reason, proof=proof_of(by, at=at),
        seen_digest=digest_of(statement), act=act_by(by, at=at),
    )  # fmt: skip


@pytest.mark.requirement("S88-04", "CGMP-06")
def test_a_unit_belongs_to_one_batch_until_that_ends_and_is_cleaned() -> None:
    incubator()
    assert scanned("B-000001").state == "in_use"
    assert scanned("B-000001").state == "in_use"
    with pytest.raises(Conflict) as refused:
        scanned("B-000002")
    assert (refused.value.code, refused.value.detail) == (
        "in_use",
        "Incubator INC-1 is held by batch B-000001 until that ends.",
    )
    commands.free_units(used_in="B-000001", act=act_by(at=LATER))
    with pytest.raises(Conflict) as refused:
        scanned("B-000002", at=LATER)
    assert (refused.value.code, refused.value.detail) == ("dirty", "Incubator INC-1 is dirty.")
    commands.move_equipment(code="INC-1", verb="begin_cleaning", act=act_by(operator(), at=LATER))
    with pytest.raises(Conflict) as refused:
        scanned("B-000002", at=LATER)
    assert refused.value.code == "cleaning"
    signed("clean", operator(), at=LATER)
    assert scanned("B-000002", at=LATER).state == "in_use"
    assert [one.batch for one in EquipmentUse.objects.all()] == ["B-000002", "B-000001"]
    assert not list(Verifier().findings())


@pytest.mark.requirement("S88-09")
def test_a_shared_unit_serves_several_batches() -> None:
    incubator(is_shared=True)
    assert [scanned(f"B-{number}").state for number in (1, 2)] == ["ready", "ready"]
    assert EquipmentUse.objects.count() == 0
    assert LedgerEntry.objects.filter(verb="use").count() == 2


@pytest.mark.requirement("S88-04")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_batches_that_ask_at_once_exactly_one_gets_the_unit() -> None:
    incubator()
    site("PLANT")
    together = threading.Barrier(20)
    told: list[str] = []

    def ask(number: int) -> None:
        try:
            together.wait(20)
            scanned(f"B-{number:06}")
            told.append("taken")
        except Conflict as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == [*["in_use"] * 19, "taken"]
    assert EquipmentUse.objects.filter(ended_at=None).count() == 1


@pytest.mark.requirement("S88-04")
def test_the_database_refuses_a_second_use_at_the_same_time(superuser: Any) -> None:
    unit = incubator()
    scanned("B-000001")
    with (
        pytest.raises(IntegrityError, match="one_batch_in_a_unit"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO supply_equipmentuse (equipment_id, batch, begun_at, begun_by_id)"
            " SELECT %s, 'B-000002', %s, begun_by_id FROM supply_equipmentuse",
            [unit.pk, LATER],
        )


def test_who_may_clean_and_who_may_retire() -> None:
    incubator()
    with pytest.raises(IllegalMove):
        signed("clean", operator())
    with pytest.raises(Invalid, match="signed"):
        commands.move_equipment(code="INC-1", verb="clean", act=act_by(operator()))
    with pytest.raises(NotPermitted):
        commands.move_equipment(code="INC-1", verb="retire", reason="Old", act=act_by(operator()))
    with pytest.raises(Invalid):
        commands.move_equipment(code="INC-1", verb="retire", act=act_by(quality()))
    elsewhere = person("nora", "operator", at_site=site("NORTH"))
    with pytest.raises(NotFound):
        commands.move_equipment(code="INC-1", verb="retire", reason="x", act=act_by(elsewhere))
    commands.move_equipment(code="INC-1", verb="retire", reason="Old", act=act_by(quality()))
    with pytest.raises(Conflict) as refused:
        scanned("B-000001")
    assert refused.value.code == "out_of_service"
    with pytest.raises(NotPermitted):
        signed("return_to_service", operator(), reason="Repaired")
    # What comes back from repair is cleaned before it is used.
    assert signed("return_to_service", quality(), reason="Repaired").state == "dirty"


def test_the_pages_show_filter_and_clean() -> None:
    incubator()
    incubator("INC-2")
    scanned("B-000001")
    commands.free_units(used_in="B-000001", act=act_by(at=LATER))
    client = Client()
    client.force_login(operator(), backend="mes.sign_in.People")
    listed = client.get("/equipment/?state=dirty").content.decode()
    assert "INC-1" in listed
    assert "INC-2" not in listed
    assert "Begin cleaning" in client.get("/equipment/INC-1/").content.decode()
    begun = client.post("/equipment/INC-1/move/", {"verb": "begin_cleaning"})
    assert begun.status_code == 303
    unit = Equipment.objects.get(code="INC-1")
    digest = digest_of(unit_statement(unit, "clean"))
    done = client.post(
        "/equipment/INC-1/sign/",
        {"verb": "clean", "digest": digest, "username": operator().username, "password": PASSWORD,
         "challenge": shown_in(client, unit, "performed", digest)},
    )  # fmt: skip
    assert done.status_code == 303
    assert Equipment.objects.get(code="INC-1").state == "ready"
    assert client.post("/equipment/INC-1/sign/", {"verb": "clean"}).status_code == 401
    again = client.post("/equipment/INC-1/move/", {"verb": "begin_cleaning"})
    assert again.status_code == 409
    assert client.post("/equipment/INC-1/move/", {"verb": "explode"}).status_code == 422
    assert client.get("/equipment/NOBODY/").status_code == 404
    lines = b"".join(client.get("/equipment/?format=csv&q=INC-2")).decode().splitlines()
    assert len(lines) == 2
    assert [one.code for one in equipment_seen({site("NORTH").pk})] == []
