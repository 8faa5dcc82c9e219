"""What the software reports by itself: once, in the transaction of the fact, or not at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.acts import command, record
from audit.models import LedgerEntry, User
from audit.verification import Verifier
from batches.commands import hold_batch
from batches.models import Order
from kernel.errors import Conflict, NotFound, NotPermitted, Refusal
from kernel.events import publish
from monitoring.events import LimitExceeded
from quality import queries
from quality.models import BatchException, Deviation
from supply.commands import check_identity
from supply.events import CustodyBroken
from supply.models import Container
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, site
from tests.worlds.batches import again, batch_at, operator, received_order, running_batch

pytestmark = pytest.mark.django_db


@command
def tell(*, event: Any, touched: Any, act: Any, fails: bool = False) -> None:
    """Publish an event inside a command, as the floor below would."""
    touched.taken_changes()
    record(act, "told", touched)
    publish(event)
    if fails:
        raise Conflict("the fact did not come about")


def exceeded(batch: Any, *, alarm_id: int = 7, **changes: Any) -> LimitExceeded:
    given: dict[str, Any] = {
        "act": act_by(at=NOON + timedelta(minutes=5)),
        "site_id": batch.site_id,
        "subject": batch.number,
        "alarm_id": alarm_id,
        "batch_id": batch.pk,
        "batch": batch.number,
        "sensor_id": 1,
        "sensor": "INC1-TEMP",
        "sensor_name": "Incubator 1 temperature",
        "quantity": "temperature",
        "unit": "Cel",
        "cause": "critical_high",
        "limit": Decimal("38.0000"),
        "value": Decimal("38.9"),
        "since": NOON + timedelta(minutes=4),
        "exceeded_at": NOON + timedelta(minutes=5),
        **changes,
    }
    return LimitExceeded(**given)


@pytest.mark.requirement("A11D-04", "CGMP-17")
def test_an_excursion_becomes_a_critical_exception_and_a_deviation_at_once() -> None:
    batch, step = batch_at("S05")
    from batches.commands import start_step

    start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    event = exceeded(batch)
    tell(event=event, touched=batch, act=event.act)
    found = queries.exceptions_of(batch).get()
    deviation = queries.deviations_of(batch).get()
    title = "Incubator 1 temperature: 38.9 °C is above the upper critical limit of 38 °C"
    assert (found.kind, found.severity, found.state) == ("excursion", "critical", "in_deviation")
    assert (found.detail, deviation.title) == (title, title)
    assert (found.step, found.deviation, found.alarm) == (step, deviation, 7)
    assert (deviation.classification, deviation.state) == ("critical", "open")
    assert deviation.in_stream == batch.stream()
    acts = LedgerEntry.objects.filter(act=event.act.id).values_list("verb", flat=True)
    assert sorted(acts) == ["open", "raise_exception", "told"]
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("A11D-04")
def test_the_same_alarm_is_told_once_and_another_one_again() -> None:
    batch = running_batch()
    for event in (exceeded(batch), exceeded(batch), exceeded(batch, alarm_id=8)):
        tell(event=event, touched=batch, act=event.act)
    assert sorted(BatchException.objects.values_list("alarm", flat=True)) == [7, 8]
    assert Deviation.objects.count() == 2


def test_one_alarm_over_two_batches_is_a_matter_of_each() -> None:
    one, two = running_batch(), running_batch(room="ROOM-2")
    for batch in (one, two):
        event = exceeded(batch)
        tell(event=event, touched=batch, act=event.act)
    assert [queries.exceptions_of(batch).count() for batch in (one, two)] == [1, 1]
    assert queries.deviations_of(one).get() != queries.deviations_of(two).get()


def test_a_fact_that_did_not_come_about_leaves_no_excursion() -> None:
    batch = running_batch()
    event = exceeded(batch)
    with pytest.raises(Conflict):
        tell(event=event, touched=batch, act=event.act, fails=True)
    assert not Deviation.objects.exists()
    assert not BatchException.objects.exists()


def test_a_silent_sensor_is_an_excursion_without_a_number() -> None:
    batch = running_batch()
    event = exceeded(batch, cause="silence", limit=None, value=None)
    tell(event=event, touched=batch, act=event.act)
    assert queries.deviations_of(batch).get().title == (
        "Incubator 1 temperature: no usable reading since 23 Nov 2026 12:04:00 UTC"
    )


def broken(chain: Any, site_id: int, other: Any = None) -> CustodyBroken:
    given: dict[str, Any] = {
        "act": act_by(operator(), at=NOON),
        "site_id": site_id,
        "subject": chain.value,
        "chain_id": chain.pk,
        "other_chain_id": None if other is None else other.pk,
        "detail": "Expected bag P-0001/1, scanned P-0002/1.",
        "scanned": "P-0002/1",
        "expected": "P-0001/1",
        "at_site_id": site_id,
    }
    return CustodyBroken(**given)


@pytest.mark.requirement("COI-03")
def test_a_wrong_bag_before_there_is_a_batch_is_a_deviation_of_the_chain() -> None:
    order, other = received_order(), received_order()
    event = broken(order.chain, order.made_at_id, other.chain)
    tell(event=event, touched=order, act=event.act)
    found = Deviation.objects.get()
    assert (found.batch, found.in_stream) == (None, order.chain.stream())
    assert (found.kind, found.classification) == ("identity", "critical")
    assert found.title == "Wrong material scanned: Expected bag P-0001/1, scanned P-0002/1."
    assert found.description.endswith("belongs to another chain of identity.")
    assert found.site == order.made_at


@pytest.mark.requirement("COI-03", "ATMP-12")
def test_a_deviation_of_the_chain_is_one_of_the_batch_that_is_made_later() -> None:
    order = received_order()
    event = broken(order.chain, order.made_at_id)
    tell(event=event, touched=order, act=event.act)
    batch, elsewhere = running_batch(order=order), running_batch(room="ROOM-2")
    deviation = Deviation.objects.get()
    assert list(queries.deviations_of(batch)) == [deviation]
    assert queries.batch_of(deviation) == batch
    assert list(queries.deviations_of(elsewhere)) == []
    assert queries.release_facts(batch).open_deviations == (deviation.number,)


@pytest.mark.requirement("COI-03")
def test_a_wrong_bag_in_a_step_stops_the_batch_with_one_deviation_and_one_exception() -> None:
    from batches.commands import enter_value, start_step

    received_order()
    batch, step = batch_at("S02")
    start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    step.refresh_from_db()
    outcome = enter_value(
        step_id=step.pk,
        seen=step.version,
        entered="P-0001/1" if batch.order.patient.code != "P-0001" else "P-0002/1",
        source="scanned",
        act=act_by(operator()),
    )
    assert not outcome.is_match  # type: ignore[union-attr]  # no scan: a value
    assert again(batch).state == "on_hold"
    found, deviation = queries.exceptions_of(batch).get(), queries.deviations_of(batch).get()
    assert (found.kind, found.severity, found.state) == ("identity", "critical", "in_deviation")
    assert (found.deviation, found.step) == (deviation, step)
    assert batch.holds.filter(lifted_at=None).count() == 1
    assert queries.release_facts(again(batch)).identity_steps_unverified == (
        "Identify the bag",
        "Identify the label",
    )
    assert list(Verifier().findings()) == []


def scanned_elsewhere(order: Order, by: User) -> Any:
    """The outcome of a wrong bag, scanned at the hospital in the south."""
    received_order()
    wrong = Container.objects.exclude(chain=order.chain).get()
    return check_identity(
        chain=order.chain, scanned=wrong.code, is_keyed=False, site=site("SOUTH"), act=act_by(by)
    )


@pytest.mark.requirement("COI-03")
def test_a_wrong_bag_stops_the_batch_whoever_scanned_it_and_wherever() -> None:
    batch, nurse = running_batch(), person("sofia", "operator", at_site=site("SOUTH"))
    outcome = scanned_elsewhere(batch.order, nurse)
    assert not outcome.is_match
    hold = again(batch).holds.get()
    assert (again(batch).state, hold.cause, hold.placed_by) == ("on_hold", "identity", nurse)
    assert (hold.reason, queries.deviations_of(batch).get().reported_by) == (outcome.detail, nurse)
    told = LedgerEntry.objects.get(stream=batch.stream(), verb="place_hold")
    assert told.actor_id == nurse.pk
    assert list(Verifier().findings()) == []


@pytest.mark.requirement("COI-03")
def test_two_wrong_bags_are_one_hold_and_two_deviations() -> None:
    batch, nurse = running_batch(), person("sofia", "operator", at_site=site("SOUTH"))
    for _ in range(2):
        check_identity(
            chain=batch.order.chain, scanned="NOBODY-KNOWS", is_keyed=True, site=site("SOUTH"),
            act=act_by(nurse),
        )  # fmt: skip
    assert (again(batch).holds.count(), queries.deviations_of(batch).count()) == (1, 2)


@pytest.mark.parametrize(
    ("role", "where", "refusal"),
    [("operator", "SOUTH", NotFound), ("planner", "PLANT", NotPermitted)],
)
def test_who_has_no_part_in_the_making_puts_nothing_on_hold_by_hand(
    role: str, where: str, refusal: type[Refusal]
) -> None:
    batch, stranger = running_batch(), person("sofia", role, at_site=site(where))
    with pytest.raises(refusal):
        hold_batch(batch_id=batch.pk, cause="identity", reason="I think so.", act=act_by(stranger))
    assert again(batch).state == "in_progress"
