"""Bags: used up when the step that scanned them is complete, once, and for one batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.models import LedgerEntry
from audit.signing import digest_of
from batches import commands, queries
from batches.models import Batch, Step, StepValue
from kernel.errors import Conflict
from supply import commands as supply
from supply.models import Container, CustodyEvent
from tests.worlds.audit import act_by, proof_of
from tests.worlds.batches import batch_at, operator, step_of, verifier

pytestmark = pytest.mark.django_db


def bag_of(batch: Batch) -> Container:
    return Container.objects.get(chain=batch.order.chain)


def scanned(step: Step, code: str) -> Any:
    """Start the step if need be, and scan a code in it."""
    if step.state == "ready":
        step = commands.start_step(step_id=step.pk, seen=step.version, act=act_by(operator()))
    return commands.enter_value(
        step_id=step.pk, seen=step.version, entered=code, source="scanned", act=act_by(operator())
    )


def shown(step: Step) -> dict[str, Any]:
    """What a signature at the step as it stands now is given."""
    now = step_of(step.batch, step.code)
    return {
        "step_id": now.pk,
        "seen": now.version,
        "seen_digest": digest_of(queries.step_statement(now)),
    }


def performed(step: Step) -> Step:
    user = operator()
    return commands.sign_step(**shown(step), proof=proof_of(user), act=act_by(user))


def verified(step: Step) -> Step:
    user = verifier()
    return commands.verify_step(**shown(step), proof=proof_of(user), act=act_by(user))


@pytest.mark.requirement("COI-03")
def test_the_bag_is_used_up_when_its_step_is_complete_and_once() -> None:
    batch, step = batch_at("S02")
    bag = bag_of(batch)
    scanned(step, bag.code)
    performed(step)
    assert bag_of(batch).state == "received"
    verified(step)
    assert bag_of(batch).state == "consumed"
    used = CustodyEvent.objects.get(kind="used")
    assert (used.container_id, used.scanned, used.detail) == (bag.pk, bag.code, batch.number)
    assert (used.by.full_name, used.site.code) == ("Vera Example", "PLANT")
    entry = json.loads(LedgerEntry.objects.get(verb="consume").entry)
    assert (entry["before"], entry["after"]) == ({"state": "received"}, {"state": "consumed"})
    supply.consume_container(
        chain=batch.order.chain, code=bag.code, used_in=batch.number, site=batch.site, act=act_by()
    )
    assert CustodyEvent.objects.filter(kind="used").count() == 1
    assert LedgerEntry.objects.filter(verb="consume").count() == 1


@pytest.mark.requirement("COI-03")
def test_a_bag_that_another_batch_used_is_not_scanned_for_this_one() -> None:
    batch, step = batch_at("S02")
    bag = bag_of(batch)
    other = {"chain": batch.order.chain, "used_in": "B-999999", "site": batch.site}
    supply.consume_container(code=bag.code, **other, act=act_by())
    with pytest.raises(Conflict, match="another batch") as refused:
        scanned(step, bag.code)
    assert refused.value.code == "consumed"
    assert not StepValue.objects.filter(step=step).exists()
    assert not CustodyEvent.objects.filter(kind="checked").exists()


def test_a_bag_that_another_batch_used_meanwhile_is_not_signed_for() -> None:
    batch, step = batch_at("S02")
    bag = bag_of(batch)
    scanned(step, bag.code)
    performed(step)
    other = {"chain": batch.order.chain, "used_in": "B-999999", "site": batch.site}
    supply.consume_container(code=bag.code, **other, act=act_by())
    with pytest.raises(Conflict, match="another batch"):
        verified(step)
    assert step_of(batch, "S02").state == "performed"


def test_a_bag_that_did_not_arrive_is_not_used() -> None:
    batch, step = batch_at("S02")
    late = supply.record_collection(
        chain=batch.order.chain,
        donation_number="G999999999999",
        collected_at=act_by().at,
        bags=[(None, None)],
        site=batch.site,
        act=act_by(),
    ).containers.get()
    with pytest.raises(Conflict, match="received") as refused:
        scanned(step, late.code)
    assert refused.value.code == "not_received"


def test_the_label_of_the_order_uses_nothing_up() -> None:
    batch, step = batch_at("S10")
    scanned(step, batch.order.chain.value)
    before = CustodyEvent.objects.filter(kind="used").count()
    assert performed(step).state == "complete"
    assert CustodyEvent.objects.filter(kind="used").count() == before == 1
