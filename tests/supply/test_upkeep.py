"""Upkeep: calibrations, daily checks, clean-hold times and qualification open and close the gate."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from audit.models import LedgerEntry, Signature, User
from audit.signing import digest_of
from audit.verification import Verifier
from kernel.errors import Conflict, IllegalMove, Invalid, NotFound, NotPermitted
from supply import commands
from supply.models import Calibration, Equipment, EquipmentClass, ScaleCheck
from supply.queries import calibration_statement, classes_seen
from tests.conftest import NOON
from tests.supply.test_equipment import incubator, scanned, signed
from tests.worlds.audit import PASSWORD, act_by, person, proof_of, shown_in, site
from tests.worlds.batches import operator
from tests.worlds.recipes import quality

pytestmark = pytest.mark.django_db
SCALE = {
    "range_min": "0", "range_max": "220", "resolution": "0.0001", "minimum_weight": "0.02",
    "check_weight": "100", "check_tolerance": "0.0005",
}  # fmt: skip


def engineer() -> User:
    return person("emil", "engineer", at_site=site("PLANT"))


def described(code: str = "BALANCE", **changes: Any) -> EquipmentClass:
    asked = {"name": "Analytical balance", "unit": "g", "weights": SCALE, "reason": "New",
             "hours": {"check_hours": 24, "clean_hold_hours": None}, **changes}  # fmt: skip
    return commands.describe_class(code=code, **asked, act=act_by(engineer()))


def balance(**changes: Any) -> Equipment:
    made = commands.add_equipment(
        code="BAL-1", name="Balance 1", equipment_class="BALANCE", site=site("PLANT"),
        calibration_due_on=changes.get("due", date(2027, 12, 31)), act=act_by(),
    )  # fmt: skip
    described()
    return made


def weighed(at: datetime = NOON) -> Equipment:
    return commands.use_equipment(
        scanned="BAL-1", equipment_class="BALANCE", site=site("PLANT"), on=at.date(),
        used_in="B-000001", act=act_by(at=at),
    )  # fmt: skip


def refused(at: datetime = NOON) -> str:
    with pytest.raises(Conflict) as refusal:
        weighed(at)
    return refusal.value.code


def checked(entered: str = "100.0001", at: datetime = NOON) -> ScaleCheck:
    return commands.check_scale(code="BAL-1", entered=entered, act=act_by(operator(), at=at))


def certificate(number: str = "C-1", **changes: Any) -> Calibration:
    asked = {"done_by": "Eichamt", "done_on": NOON.date(), "is_passed": True,
             "due_on": NOON.date() + timedelta(days=365), **changes}  # fmt: skip
    return commands.record_calibration(
        code="BAL-1", certificate=number, **asked, act=act_by(engineer())
    )


def accepted(one: Calibration, by: User | None = None) -> Calibration:
    who = by or quality()
    return commands.accept_calibration(
        calibration_id=one.pk, proof=proof_of(who),
        seen_digest=digest_of(calibration_statement(one)), act=act_by(who),
    )  # fmt: skip


@pytest.mark.requirement("P11-10")
def test_a_scale_is_used_only_within_a_day_of_a_check_that_passed() -> None:
    balance()
    assert refused() == "check_due"
    assert checked("100.0006").is_passed is False
    assert refused() == "check_due"
    first = checked("100.0005")
    assert (first.is_passed, first.shown, first.entered) == (True, Decimal("100.0005"), "100.0005")
    assert weighed().code == "BAL-1"
    assert weighed(NOON + timedelta(hours=24) - timedelta(seconds=1)).code == "BAL-1"
    assert refused(NOON + timedelta(hours=24)) == "check_due"
    checked("99.9994", at=NOON + timedelta(hours=1))
    assert refused(NOON + timedelta(hours=1)) == "check_due"
    assert not list(Verifier().findings())


def test_a_check_is_a_number_on_a_scale_by_somebody_who_works_there() -> None:
    balance()
    for entered in ("", "heavy", "1,234", "1.0000001", "9999999999999"):
        with pytest.raises((Invalid, Conflict)):  # nothing typed, and nobody to ask
            checked(entered)
    with pytest.raises(NotPermitted):
        commands.check_scale(code="BAL-1", entered="100", act=act_by(engineer()))
    stranger = person("nora", "operator", at_site=site("NORTH"))
    with pytest.raises(NotFound):
        commands.check_scale(code="BAL-1", entered="100", act=act_by(stranger))
    incubator()
    with pytest.raises(IllegalMove):
        commands.check_scale(code="INC-1", entered="100", act=act_by(operator()))
    assert ScaleCheck.objects.count() == 0


@pytest.mark.requirement("P11-10", "CGMP-06")
def test_a_calibration_of_yesterday_is_refused_until_quality_accepts_a_new_one() -> None:
    balance(due=NOON.date() - timedelta(days=1))
    checked()
    assert refused() == "calibration_expired"
    one = certificate()
    # What the laboratory says does not count yet.
    assert refused() == "calibration_expired"
    accepted(one)
    assert weighed().calibration_due_on == NOON.date() + timedelta(days=365)
    signature = Signature.objects.get(subject_type="supply.Calibration")
    assert (signature.meaning, signature.statement["certificate"]) == ("approved", "C-1")
    with pytest.raises(IllegalMove):
        accepted(one)
    # Two certificates of the same due day change nothing of the unit the second time.
    accepted(certificate("C-2"))
    assert not list(Verifier().findings())


@pytest.mark.requirement("P11-10")
def test_a_calibration_that_failed_stops_the_unit_at_once() -> None:
    balance()
    checked()
    failed = certificate(is_passed=False)
    assert refused() == "calibration_failed"
    commands.decline_calibration(
        calibration_id=failed.pk, reason="Wrong unit", act=act_by(quality())
    )
    assert refused() == "calibration_failed"
    accepted(certificate())
    assert weighed().is_calibration_failed is False


def test_who_recorded_a_calibration_does_not_accept_it() -> None:
    balance()
    own = commands.record_calibration(
        code="BAL-1", certificate="C-1", done_by="Q", done_on=NOON.date(), is_passed=True,
        due_on=NOON.date() + timedelta(days=1), act=act_by(quality()),
    )  # fmt: skip
    with pytest.raises(NotPermitted):
        accepted(own)
    with pytest.raises(NotPermitted):
        accepted(own, engineer())
    with pytest.raises(Conflict):
        certificate("C-1")
    for wrong in ({"number": " "}, {"due_on": NOON.date()}, {"done_by": "x" * 121},
                  {"done_on": NOON.date() + timedelta(days=1)}):  # fmt: skip
        with pytest.raises(Invalid):
            certificate(**wrong)
    assert Equipment.objects.get(code="BAL-1").calibration_due_on == date(2027, 12, 31)


def test_an_older_certificate_does_not_take_the_place_of_a_later_one() -> None:
    balance()
    older = certificate("C-0", done_on=NOON.date() - timedelta(days=9))
    accepted(certificate("C-1"))
    with pytest.raises(Conflict):
        accepted(older)


@pytest.mark.requirement("CGMP-06")
def test_what_stood_clean_for_too_long_is_refused_and_made_dirty_by_the_clock() -> None:
    incubator()
    described("INCUBATOR", name="Incubator", unit="", weights={},
              hours={"check_hours": None, "clean_hold_hours": 48})  # fmt: skip
    scanned("B-000001")
    commands.free_units(used_in="B-000001", act=act_by())
    commands.move_equipment(code="INC-1", verb="begin_cleaning", act=act_by(operator()))
    signed("clean", operator())
    end = NOON + timedelta(hours=48)
    with pytest.raises(Conflict) as refusal:
        scanned("B-000002", at=end)
    assert refusal.value.code == "clean_hold_over"
    assert commands.expire_cleanings(act=act_by(at=end - timedelta(seconds=1))) == []
    assert [one.code for one in commands.expire_cleanings(act=act_by(at=end))] == ["INC-1"]
    with pytest.raises(Conflict) as refusal:
        scanned("B-000002", at=end)
    assert refusal.value.code == "dirty"
    assert LedgerEntry.objects.filter(verb="expire").count() == 1
    assert not list(Verifier().findings())


@pytest.mark.requirement("P11-10")
def test_a_unit_that_lost_its_qualification_is_not_used() -> None:
    incubator()
    commands.move_equipment(
        code="INC-1", verb="disqualify", reason="Moved to another room", act=act_by(quality())
    )
    with pytest.raises(Conflict) as refusal:
        scanned("B-000001")
    assert refusal.value.code == "not_qualified"
    with pytest.raises(NotPermitted):
        signed("qualify", operator(), reason="Done")
    with pytest.raises(Invalid):
        signed("qualify", quality())
    signed("qualify", quality(), reason="Qualified anew")
    assert scanned("B-000001").state == "in_use"


def test_a_unit_is_not_retired_while_a_batch_holds_it() -> None:
    incubator()
    scanned("B-000001")
    with pytest.raises(IllegalMove):
        commands.move_equipment(code="INC-1", verb="retire", reason="Old", act=act_by(quality()))


@pytest.mark.requirement("S88-04")
def test_codes_of_units_from_before_become_classes_once() -> None:
    incubator()
    assert [(one.code, one.units) for one in classes_seen()] == [("INCUBATOR", 1)]
    assert commands.take_over_classes(act=act_by()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": " "},
        {"name": ""},
        {"unit": ""},
        {"unit": "stones"},
        {"weights": {**SCALE, "resolution": ""}},
        {"weights": {**SCALE, "range_min": "300"}},
        {"weights": {**SCALE, "minimum_weight": "221"}},
        {"weights": {**SCALE, "check_tolerance": ""}},
        {"weights": {**SCALE, "check_weight": "0"}},
        {"hours": {"check_hours": 0}},
        {"hours": {"check_hours": 10_000}},
    ],
)
def test_a_class_is_described_whole_or_not_at_all(changes: dict[str, Any]) -> None:
    balance()
    with pytest.raises(Invalid):
        described(**changes)
    with pytest.raises(NotPermitted):
        commands.describe_class(code="BALANCE", name="x", reason="x", act=act_by(operator()))


def test_a_class_that_stays_as_it_was_is_no_change() -> None:
    balance()
    with pytest.raises(Invalid, match="Nothing is changed"):
        described()


def test_the_database_refuses_half_a_scale() -> None:
    balance()
    for broken in (
        "resolution = NULL",
        "minimum_weight = NULL",
        "unit = ''",
        "check_weight = NULL",
    ):
        with (
            pytest.raises(IntegrityError, match=r"scale_has_its_range_whole|check_has_weight"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE supply_equipmentclass SET {broken}")


def test_the_pages_record_accept_and_check() -> None:
    balance(due=NOON.date())
    client = Client()
    client.force_login(engineer(), backend="mes.sign_in.People")
    day = "2026-01-02"
    form = {"certificate": "C-9", "done_by": "Lab", "done_on": day, "due_on": "2035-01-02",
            "result": "passed"}  # fmt: skip
    assert client.post("/equipment/BAL-1/calibrations/", {**form, "result": ""}).status_code == 422
    assert client.post("/equipment/BAL-1/calibrations/", {**form, "due_on": ""}).status_code == 422
    assert client.post("/equipment/BAL-1/calibrations/", form).status_code == 303
    assert client.post("/equipment/BAL-1/check/", {"shown": "100"}).status_code == 403
    described_as = {"name": "Scale", "unit": "g", **SCALE, "check_hours": "12", "reason": "Rounds"}
    assert client.get("/equipment-classes/").status_code == 200
    assert client.get("/equipment-classes/NONE/").status_code == 404
    assert client.post("/equipment-classes/BALANCE/describe/", described_as).status_code == 303
    refusal = client.post("/equipment-classes/BALANCE/describe/", {**described_as, "unit": ""})
    assert refusal.status_code == 422
    client.force_login(quality(), backend="mes.sign_in.People")
    one = Calibration.objects.get()
    assert "Accept certificate C-9" in client.get("/equipment/BAL-1/").content.decode()
    digest = digest_of(calibration_statement(one))
    taken = client.post(
        f"/equipment/BAL-1/calibrations/{one.pk}/accept/",
        {"digest": digest, "username": quality().username, "password": PASSWORD,
         "challenge": shown_in(client, one, "approved", digest)},
    )  # fmt: skip
    assert taken.status_code == 303
    client.force_login(operator(), backend="mes.sign_in.People")
    assert client.post("/equipment/BAL-1/check/", {"shown": "x"}).status_code == 422
    assert client.post("/equipment/BAL-1/check/", {"shown": "100.0001"}).status_code == 303
    page = client.get("/equipment/BAL-1/").content.decode()
    assert "holds until" in page
    assert "Record a calibration" not in page
    assert client.get("/equipment/?calibration=due").status_code == 200
    assert client.get("/equipment-classes/BALANCE/").status_code == 200
