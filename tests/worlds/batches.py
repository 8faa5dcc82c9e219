"""Orders, batches and steps for tests, made by the commands; people are those of one small plant."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from audit.acts import Act, command, record
from audit.models import Site, User
from audit.queries import next_id
from audit.signing import digest_of
from batches import commands, queries
from batches.commands.locks import move_order
from batches.models import Batch, Order, Step
from mes.demo.performing import Shift, perform_batch, perform_step, steady_sensors
from supply import commands as supply
from supply.models import ChainOfIdentity, Equipment, MaterialLot
from supply.queries import lot_statement
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site
from tests.worlds.recipes import effective_recipe, quality, therapy

ROOM = "ROOM-1"


def operator(name: str = "olivia") -> User:
    """An operator of the plant."""
    return person(name, "operator", at_site=site("PLANT"))


def verifier() -> User:
    """The second person of the plant."""
    return person("vera", "verifier", at_site=site("PLANT"))


def planner() -> User:
    """The planner of the plant."""
    return person("petra", "planner", at_site=site("PLANT"))


def shift(*, at: datetime = NOON, **changes: Any) -> Shift:
    """An operator and a verifier at work."""
    return Shift(performer=operator(), verifier=verifier(), qa=quality(), at=at, **changes)


def stock(room: str = ROOM) -> None:
    """Put a room, a balance and an approved lot of buffer into the plant; made once."""
    plant = site("PLANT")
    if not Equipment.objects.filter(code=room).exists():
        supply.add_equipment(
            code=room, name=f"Room {room}", equipment_class="room", site=plant, act=act_by()
        )
    if not Equipment.objects.filter(code="BAL-1").exists():
        supply.add_equipment(
            code="BAL-1", name="Balance 1", equipment_class="BALANCE", site=plant,
            calibration_due_on=date(2027, 12, 31), act=act_by(),
        )  # fmt: skip
        approved_lot("BUFFER", unit="mL")


def approved_lot(code: str, *, unit: str, number: str = "LOT-1", quantity: int = 1000) -> MaterialLot:
    """A lot of a new material, approved by quality."""
    material = supply.add_material(code=code, name=code.title(), unit=unit, act=act_by())
    lot = supply.add_lot(
        material=material, number=number, site=site("PLANT"), expires_on=date(2027, 12, 31),
        quantity=Decimal(quantity), act=act_by(),
    )  # fmt: skip
    return supply.approve_lot(
        lot_id=lot.pk,
        proof=proof_of(quality()),
        seen_digest=digest_of(lot_statement(lot)),
        act=act_by(quality()),
    )


def collected_bag(number: int) -> ChainOfIdentity:
    """A chain of identity whose bag was collected in the north and received at the plant."""
    patient = supply.register_patient(
        identifiers=[{"system": "urn:test", "value": f"patient-{number}"}],
        demographics={"family_name": "Test"},
        act=act_by(),
    )
    chain = supply.issue_chain(patient=patient, issuer="ONELOT", act=act_by())
    collection = supply.record_collection(
        chain=chain, donation_number=f"G{number:012}", collected_at=NOON - timedelta(days=1),
        bags=[(None, Decimal(80))], site=site("NORTH"), act=act_by(),
    )  # fmt: skip
    bag = collection.containers.get()
    supply.receive_bag(
        chain=chain, scanned=bag.code, is_keyed=False, site=site("PLANT"), act=act_by(operator())
    )
    return chain


@command
def place(
    *, chain: ChainOfIdentity, version: Any, weight: str, north: Site, plant: Site, act: Act
) -> Order:
    """Place an order whose material has arrived."""
    ordered = next_id(Order)
    order = Order(
        id=ordered, number=f"O-{ordered:06}", external_id=f"H-{uuid4().hex[:12]}",
        ordered_by=act.by, ordered_at=act.at, updated_at=act.at,
        therapy=version.recipe.therapy, site=north, made_at=plant,
        patient=chain.patient, chain=chain, weight_kg=Decimal(weight), height_cm=Decimal("178"),
        collection_planned_at=act.at, administer_from=date(2027, 2, 1),
        administer_to=date(2027, 2, 8), prescriber_identifier="PR-1", prescriber_name="Dr. Test",
        consent_reference="C-1", consent_signed_at=act.at - timedelta(days=3),
    )  # fmt: skip
    order.save(force_insert=True)
    record(act, "place", order)
    move_order(order, "collect", act=act)
    move_order(order, "receive", act=act)
    return order


def received_order(*, version: Any = None, weight: str = "82.5") -> Order:
    """An order whose bag is at the plant."""
    return place(
        chain=collected_bag(Order.objects.count() + 1),
        version=version or effective_recipe(),
        weight=weight,
        north=site("NORTH"),
        plant=site("PLANT"),
        act=act_by(),
    )


def planned_batch(*, order: Order | None = None, room: str = ROOM, **order_changes: Any) -> Batch:
    """A planned batch."""
    stock(room)
    order = order or received_order(**order_changes)
    return commands.plan_batch(order_id=order.pk, room_code=room, act=act_by(planner()))


def issued_batch(**changes: Any) -> Batch:
    """A batch issued by quality."""
    batch = planned_batch(**changes)
    commands.issue_batch(
        batch_id=batch.pk,
        seen=batch.version,
        proof=proof_of(quality()),
        seen_digest=digest_of(queries.issue_statement(batch)),
        act=act_by(quality()),
    )
    return again(batch)


def running_batch(*, at: datetime = NOON, **changes: Any) -> Batch:
    """A batch that was just started."""
    batch = issued_batch(**changes)
    commands.start_batch(batch_id=batch.pk, seen=batch.version, act=act_by(operator(), at=at))
    return again(batch)


def batch_at(code: str, *, work: Shift | None = None, **changes: Any) -> tuple[Batch, Step]:
    """A running batch whose steps before ``code`` are complete, and that step."""
    batch = running_batch(**changes)
    work = work or shift()
    with steady_sensors(work, batch):
        perform_batch(batch, work, until=code)
    return again(batch), step_of(batch, code)


def completed_batch(*, work: Shift | None = None, **changes: Any) -> Batch:
    """A batch whose every step was performed."""
    batch = running_batch(**changes)
    work = work or shift()
    with steady_sensors(work, batch):
        perform_batch(batch, work)
    return again(batch)


def step_of(batch: Batch, code: str) -> Step:
    """A step as it stands now."""
    return Step.objects.select_related("batch__order__patient").get(batch=batch, code=code)


def again(batch: Batch) -> Batch:
    """A batch as it stands now."""
    return queries.batches_seen(None).get(pk=batch.pk)


__all__ = [
    "again",
    "batch_at",
    "completed_batch",
    "issued_batch",
    "operator",
    "perform_step",
    "planned_batch",
    "planner",
    "received_order",
    "running_batch",
    "shift",
    "step_of",
    "therapy",
    "verifier",
]
