"""The logbook of a unit writes itself, and is only ever added to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from audit.verification import Verifier
from kernel.errors import Conflict, Invalid, NotFound, NotPermitted
from supply import commands
from supply.models import Equipment, LogbookEntry
from supply.queries import logbook_of
from tests.conftest import NOON
from tests.supply.test_equipment import LATER, incubator, scanned, signed
from tests.supply.test_upkeep import accepted, balance, certificate, checked, engineer, weighed
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import operator
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db


def told(code: str) -> list[tuple[str, str, str, str]]:
    lines = reversed(logbook_of(Equipment.objects.get(code=code)))
    return [
        (one.kind, one.words, one.batch, one.signature.meaning if one.signature else "")
        for one in lines
    ]


@pytest.mark.requirement("CGMP-06")
def test_the_life_of_a_unit_stands_in_its_logbook() -> None:
    incubator()
    scanned("B-000001")
    with pytest.raises(Conflict):
        scanned("B-000002")
    commands.free_units(used_in="B-000001", act=act_by(at=LATER))
    commands.move_equipment(code="INC-1", verb="begin_cleaning", act=act_by(operator(), at=LATER))
    signed("clean", operator(), at=LATER)
    commands.move_equipment(code="INC-1", verb="retire", reason="Leaks", act=act_by(quality()))
    commands.note_maintenance(code="INC-1", words="New door seal", act=act_by(engineer()))
    signed("return_to_service", quality(), reason="Tight again")
    assert told("INC-1") == [
        ("use", "Use begun", "B-000001", ""),
        ("use", "Use ended", "B-000001", ""),
        ("cleaning", "Cleaning begun", "", ""),
        ("cleaning", "Cleaned", "", "performed"),
        ("service", "Taken out of service: Leaks", "", ""),
        ("maintenance", "New door seal", "", ""),
        ("service", "Returned to service: Tight again", "", "approved"),
    ]
    assert not list(Verifier().findings())


@pytest.mark.requirement("P11-10")
def test_checks_and_calibrations_stand_in_the_logbook_of_a_scale() -> None:
    balance()
    checked("100.0001")
    one = certificate()
    accepted(one)
    weighed()
    due = (NOON + timedelta(days=365)).date()
    assert told("BAL-1") == [
        ("check", "Check with 100 g: shows 100.0001, passed", "", ""),
        ("calibration", f"Certificate C-1 of Eichamt recorded: passed, due {due}", "", ""),
        ("calibration", "Certificate C-1 accepted", "", "approved"),
        ("use", "Used", "B-000001", ""),
    ]


def test_who_notes_maintenance_and_what() -> None:
    incubator()
    with pytest.raises(NotPermitted):
        commands.note_maintenance(code="INC-1", words="x", act=act_by(operator()))
    for words in (" ", "x" * 1001, "a\nb"):
        with pytest.raises(Invalid):
            commands.note_maintenance(code="INC-1", words=words, act=act_by(engineer()))
    stranger = person("nils", "engineer", at_site=site("NORTH"))
    with pytest.raises(NotFound):
        commands.note_maintenance(code="INC-1", words="x", act=act_by(stranger))
    assert LogbookEntry.objects.count() == 0


@pytest.mark.parametrize(
    "asked", ["UPDATE supply_logbookentry SET words = 'x'", "DELETE FROM supply_logbookentry"]
)
def test_a_line_is_never_changed_nor_taken_out(asked: str) -> None:
    incubator()
    scanned("B-000001")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(asked)
    assert LogbookEntry.objects.count() == 1


def test_the_page_filters_pages_and_exports() -> None:
    incubator()
    for number in range(26):
        scanned(f"B-{number:06}")
        commands.free_units(used_in=f"B-{number:06}", act=act_by())
        commands.move_equipment(code="INC-1", verb="begin_cleaning", act=act_by(operator()))
        signed("clean", operator())
    client = Client()
    client.force_login(operator(), backend="mes.sign_in.People")
    whole = client.get("/equipment/INC-1/logbook/").content.decode()
    assert ("Next" in whole, "First" in whole) == (True, False)
    assert whole.count("<td>Use</td>") + whole.count("<td>Cleaning</td>") == 50
    last = client.get(f"/equipment/INC-1/logbook/?kind=use&before={10**9}").content.decode()
    assert ("Cleaned" in last, "First" in last) == (False, True)
    assert "No lines" in client.get("/equipment/INC-1/logbook/?until=2001-01-01").content.decode()
    csv = b"".join(client.get("/equipment/INC-1/logbook/?kind=use&format=csv")).decode()
    assert len(csv.splitlines()) == 1 + 52
    assert client.get("/equipment/NONE/logbook/").status_code == 404
    assert client.post("/equipment/INC-1/maintenance/", {"words": "x"}).status_code == 403
    client.force_login(engineer(), backend="mes.sign_in.People")
    assert client.post("/equipment/INC-1/maintenance/", {"words": ""}).status_code == 422
    assert client.post("/equipment/INC-1/maintenance/", {"words": "Oiled"}).status_code == 303
    assert "Oiled" in client.get("/equipment/INC-1/").content.decode()
