"""Containers of a weighing: several for one target, given up, returned, and counted by potency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.verification import Verifier
from batches import commands
from kernel.errors import AlreadyDone, Conflict, Invalid
from supply.models import MaterialLot
from tests.batches.test_execution import raised
from tests.batches.test_written_steps import LATER, begin
from tests.worlds.audit import act_by
from tests.worlds.batches import approved_lot, operator, step_of
from tests.worlds.weighings import (
    begun,
    empty,
    finished,
    full,
    now_of,
    on_hand,
    returned,
    weighed_batch,
)

__all__ = ["raised"]
pytestmark = pytest.mark.django_db


@pytest.mark.requirement("CGMP-08")
def test_several_containers_of_several_lots_meet_one_target() -> None:
    one = begun()
    approved_lot("SALT", unit="g", number="SALT-2", quantity=20)
    empty(one)
    full(one, "15.3")  # 7 g
    with pytest.raises(Invalid) as refused:
        finished(one)
    assert refused.value.code == "hard_limit"
    empty(one, "8.1", lot="SALT-2")
    with pytest.raises(Conflict) as early:
        finished(one)
    assert early.value.code == "not_filled"
    with pytest.raises(Invalid) as much:
        full(one, "13.8")  # 5.7 g: 12.7 in all
    assert much.value.code == "hard_limit"
    full(one, "13.6")  # 5.5 g
    assert (on_hand(), on_hand("SALT-2")) == (13, Decimal("14.5"))
    value = finished(one)
    assert value.entered == "12.50"
    assert [each["lot"] for each in value.details["containers"]] == ["SALT-1", "SALT-2"]
    with pytest.raises(AlreadyDone):
        empty(one)


def test_what_was_weighed_goes_back_to_its_lot_and_stays_on_record(raised: Any) -> None:
    one = begun()
    empty(one)
    full(one, "20.8")
    with pytest.raises(Invalid):
        returned(one, 1, "")
    returned(one, 1, "The wrong bottle was opened.")
    assert on_hand() == 20
    assert [each.exception_kind for each in raised] == ["returned"]
    with pytest.raises(Conflict):
        returned(one, 1, "Again.")
    with pytest.raises(Conflict) as refused:
        finished(one)
    assert refused.value.code == "not_weighed"
    empty(one)
    full(one, "20.8")
    assert [each["state"] for each in finished(one).details["containers"]] == [
        "returned",
        "weighed",
    ]
    with pytest.raises(AlreadyDone):
        returned(one, 2, "Too late.")
    assert not list(Verifier().findings())


def test_a_lot_that_was_used_up_takes_back_what_was_not_used() -> None:
    one = begun(tolerance="9")
    empty(one)
    full(one, "28.3")
    lot = MaterialLot.objects.get(number="SALT-1")
    assert (lot.on_hand, lot.state) == (0, "consumed")
    returned(one, 1, "Not needed.")
    lot.refresh_from_db()
    assert (lot.on_hand, lot.state) == (20, "approved")


def test_an_empty_container_is_given_up_and_nothing_was_taken() -> None:
    one = begun()
    empty(one)
    with pytest.raises(Conflict) as refused:
        empty(one)
    assert refused.value.code == "not_filled"
    commands.discard_container(
        step_id=one.pk,
        seen=now_of(one).version,
        reason="It broke.",
        act=act_by(operator(), at=LATER),
    )
    assert on_hand() == 20
    with pytest.raises(Conflict):
        full(one, "20.8")


@pytest.mark.requirement("CGMP-08")
def test_a_weak_lot_is_weighed_in_for_more_and_a_nameless_one_not_at_all() -> None:
    one = begun(nominal_potency="100", potency=Decimal(80), lot_unit="mg")
    empty(one)
    with pytest.raises(Conflict) as refused:
        full(one, "23.925")
    assert refused.value.code == "not_enough"  # 20 mg are there, 15,625 needed
    other = approved_lot("SALT", unit="mg", number="SALT-2", quantity=20_000)
    commands.discard_container(
        step_id=one.pk, seen=now_of(one).version, reason="x", act=act_by(operator(), at=LATER)
    )
    with pytest.raises(Conflict) as refused:
        empty(one, lot="SALT-2")
    assert refused.value.code == "no_potency"
    assert MaterialLot.objects.get(pk=other.pk).on_hand == 20_000


def test_potency_is_counted_in_the_lots_own_unit() -> None:
    version_batch = weighed_batch(nominal_potency="100", lot_unit="mg")
    approved_lot("SALT", unit="mg", number="SALT-3", quantity=20_000, potency=Decimal(80))
    one = begin(step_of(version_batch, "W01"))
    empty(one, lot="SALT-3")
    full(one, "23.925")  # 15.625 g of 80 %
    assert on_hand("SALT-3") == 20_000 - 15_625
    assert finished(one).entered == "12.50"
