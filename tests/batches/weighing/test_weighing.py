"""Weighing and dispensing: gates, containers, lots, typed weights, returns, and what is signed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.signing import digest_of
from audit.verification import Verifier
from batches import commands, queries
from batches.models import Step, Weighing
from kernel.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal, StaleView
from supply import commands as supply
from supply.drivers import simulated
from supply.models import Equipment, MaterialLot
from tests.batches.test_execution import raised, signed
from tests.batches.test_screens import path, signed_in
from tests.batches.test_written_steps import LATER
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.batches import (
    operator,
    verifier,
)
from tests.worlds.quality import quality
from tests.worlds.weighings import begun, empty, finished, full, now_of, on_hand

__all__ = ["raised"]
pytestmark = pytest.mark.django_db
WHY = "The interface of the balance is broken."


@pytest.mark.requirement("CGMP-07", "CGMP-08", "P11-10", "A11D-06")
def test_a_weight_comes_from_the_scale_and_its_lot_falls_by_it(raised: Any) -> None:
    one = begun()
    empty(one)
    made = full(one, "20.8123")
    assert (made.tare, made.gross, made.net) == tuple(map(Decimal, ("8.3", "20.8123", "12.5123")))
    assert (made.tare_source, made.gross_source) == ("device", "device")
    assert on_hand() == Decimal("7.4877")
    value = finished(one)
    assert (value.entered, value.value, value.unit) == ("12.51", Decimal("12.5123"), "g")
    assert (value.source, value.verdict) == ("device", "in_range")
    [told] = value.details["containers"]
    assert (told["lot"], told["scale"], told["net"]) == ("SALT-1", "BAL-1", "12.5123")
    assert told["calibration_due_on"] == "2027-12-31"
    assert not [each for each in raised if each.exception_kind == "keyed"]
    assert not list(Verifier().findings())


@pytest.mark.requirement("CGMP-19")
@pytest.mark.parametrize(("automated", "state"), [(False, "performed"), (True, "complete")])
def test_a_second_person_signs_unless_the_scale_does_it_alone(automated: bool, state: str) -> None:
    one = begun(automated=automated)
    empty(one)
    full(one, "20.80")
    finished(one)
    done = signed(now_of(one), at=LATER)
    assert done.state == state
    if automated:
        return
    with pytest.raises(NotPermitted):
        _verified(done, operator())
    assert _verified(done, verifier()).state == "complete"


def _verified(done: Step, user: Any) -> Step:
    at = LATER + timedelta(minutes=1)
    return commands.verify_step(
        step_id=done.pk,
        seen=done.version,
        proof=proof_of(user, at=at),
        seen_digest=digest_of(queries.step_statement(now_of(done))),
        act=act_by(user, at=at),
    )


@pytest.mark.requirement("A11D-06", "P11-10")
def test_a_typed_weight_has_a_reason_and_is_an_exception(raised: Any) -> None:
    one = begun()
    with pytest.raises(Invalid) as refused:
        empty(one, entered="8.3", unit="g")
    assert refused.value.code == "reason_needed"
    empty(one, entered="8,3", unit="g", reason=WHY)
    full(one, "20.80")
    value = finished(one)
    assert value.source == "keyed"
    assert [each.exception_kind for each in raised] == ["keyed"]
    assert WHY in raised[0].detail


@pytest.mark.requirement("P11-10", "A11D-06")
def test_where_the_scale_alone_counts_nothing_is_typed() -> None:
    one = begun(automated=True)
    for gesture in (
        lambda: empty(one, entered="8.3", unit="g", reason=WHY),
        lambda: full(one, "", entered="20.8", unit="g", reason=WHY),
    ):
        with pytest.raises(Conflict) as refused:
            gesture()
        assert refused.value.code in ("device_only", "not_tared")
    empty(one)
    with pytest.raises(Conflict) as refused:
        full(one, "", entered="20.8", unit="g", reason=WHY)
    assert refused.value.code == "device_only"
    assert not Weighing.objects.exclude(state="tared").exists()


@pytest.mark.requirement("CGMP-08")
@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("8300", "mg", "unit_mismatch"),
        ("8.3", "mL", "unit_mismatch"),
        ("-1", "g", "out_of_range"),
        ("221", "g", "out_of_range"),
        ("NaN", "g", "not_a_number"),
        ("1e309", "g", "number_out_of_range"),
        ("٨", "g", "not_a_number"),
        ("1,234", "g", "ambiguous_number"),
        ("8.12345678", "g", "too_precise"),
    ],
)
def test_what_is_typed_is_a_weight_of_that_scale(text: str, unit: str, code: str) -> None:
    one = begun()
    with pytest.raises(Refusal) as refused:
        empty(one, entered=text, unit=unit, reason=WHY)
    assert refused.value.code == code
    assert not Weighing.objects.exists()


@pytest.mark.requirement("P11-10")
def test_a_scale_that_is_not_fit_is_refused_with_its_reason() -> None:
    one = begun()
    changes: list[tuple[dict[str, Any], str, str]] = [
        (
            {"calibration_due_on": LATER.date() - timedelta(days=1)},
            "calibration_expired",
            "expired",
        ),
        ({"is_calibration_failed": True}, "calibration_failed", "failed its last calibration"),
        ({"qualification": "not_qualified"}, "not_qualified", "not qualified"),
        ({"checked_until": LATER - timedelta(hours=1)}, "check_due", "daily check"),
    ]
    scale = Equipment.objects.filter(code="BAL-1")
    for gesture in (empty, partial(full, shows="20.80")):
        for change, code, words in changes:
            before = scale.values(*change).get()
            scale.update(**change)
            with pytest.raises(Conflict) as refused:
                gesture(one)
            scale.update(**before)
            assert (refused.value.code, words in refused.value.detail) == (code, True)
        gesture(one)
        if gesture is empty:
            assert on_hand() == 20
    for unknown in ("BAL-9", "ROOM-1"):
        with pytest.raises((NotFound, Conflict)):
            empty(one, scale=unknown)
    supply.move_equipment(code="BAL-1", verb="retire", reason="Broken", act=act_by(quality()))
    with pytest.raises(Conflict) as refused:
        empty(one)
    assert refused.value.code == "out_of_service"


@pytest.mark.requirement("CGMP-07")
def test_a_lot_that_may_not_be_used_is_refused() -> None:
    one = begun()
    salt = MaterialLot.objects.get(number="SALT-1").material
    supply.add_lot(
        material=salt,
        number="SALT-Q",
        site=site("PLANT"),
        expires_on=date(2027, 1, 1),
        quantity=Decimal(20),
        act=act_by(),
    )
    for lot, code in (("SALT-Q", "quarantined"), ("LOT-1", "wrong_item"), ("SALT-9", "unknown")):
        with pytest.raises(Conflict) as refused:
            empty(one, lot=lot)
        assert refused.value.code == code
    MaterialLot.objects.filter(number="SALT-1").update(expires_on=LATER - timedelta(days=1))
    with pytest.raises(Conflict) as refused:
        empty(one)
    assert refused.value.code == "expired"


@pytest.mark.requirement("CGMP-08")
def test_beyond_the_tolerance_is_an_exception_where_the_recipe_takes_it(raised: Any) -> None:
    one = begun(beyond="exception")
    empty(one)
    full(one, "21.3")
    with pytest.raises(Invalid) as refused:
        finished(one)
    assert refused.value.code == "reason_needed"
    value = finished(one, reason="The spoon slipped.")
    assert (value.verdict, value.entered) == ("soft_limit", "13.00")
    assert [each.exception_kind for each in raised] == ["soft_limit"]


def test_a_stale_screen_and_another_role_weigh_nothing() -> None:
    one = begun()
    with pytest.raises(StaleView):
        empty(one, seen=now_of(one).version - 1)
    with pytest.raises(NotPermitted):
        empty(one, by=person("petra", "planner"))
    assert not Weighing.objects.exists()


@pytest.mark.requirement("P11-06")
@pytest.mark.django_db(transaction=True)
def test_the_database_keeps_net_as_gross_less_tare() -> None:
    one = begun()
    empty(one)
    made = full(one, "20.8")
    for change in ("net = net + 1", "state = 'tared'", "gross = NULL", "number = NULL"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE batches_weighing SET {change} WHERE id = {made.pk}")


@pytest.mark.requirement("CGMP-08")
def test_the_screen_leads_from_the_empty_container_to_the_signature() -> None:
    one = begun()
    client = signed_in(operator())
    page, weigh = path(one), f"{path(one)}weigh/"
    assert "Weigh empty" in client.get(page).content.decode()

    def post(gesture: str, **form: str) -> Any:
        return client.post(f"{weigh}{gesture}/", {"version": now_of(one).version, **form})

    simulated.script("simulated")
    refused = post("empty", lot="SALT-1", scale="BAL-1", source="keyed")
    assert refused.status_code == 422
    assert "needs a reason" in refused.content.decode()
    assert post("empty", lot="SALT-1", scale="BAL-1", source="scanned").status_code == 303
    shown = client.get(page).content.decode()
    assert "Weigh full" in shown
    assert "12.5000 g" in shown
    assert post("full").status_code == 303
    shown = client.get(page).content.decode()
    assert "Finish: 12.50 g" in shown
    assert "Within tolerance" in shown
    done = client.post(f"{page}value/", {"version": now_of(one).version})
    assert done.status_code == 303
    assert "12.50 g" in client.get(f"{page}?sign=1").content.decode()
    assert post("nothing").status_code == 404
    assert signed_in(quality()).post(f"{weigh}full/").status_code in (403, 409, 422)
