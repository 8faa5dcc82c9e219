"""Orders, batches and steps for tests, made by the commands; people are those of one small plant."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from audit.models import User
from audit.signing import digest_of
from batches import commands, queries
from batches.models import Batch, Order, Step
from batches.rules.orders import WantedOrder
from mes.demo.performing import Shift, perform_batch, perform_step, steady_sensors
from supply import commands as supply
from supply.models import Equipment, Material, MaterialLot
from supply.queries import lot_statement
from tests.conftest import NOON
from tests.worlds.audit import act_by, person, proof_of, site, train
from tests.worlds.recipes import THERAPY, effective_recipe, quality, therapy

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


def approved_lot(
    code: str,
    *,
    unit: str,
    number: str = "LOT-1",
    quantity: int = 1000,
    potency: Decimal | None = None,
) -> MaterialLot:
    """A lot of a new material, approved by quality."""
    material = Material.objects.filter(code=code).first() or supply.add_material(
        code=code, name=code.title(), unit=unit, act=act_by()
    )
    lot = supply.add_lot(
        material=material, number=number, site=site("PLANT"), expires_on=date(2027, 12, 31),
        quantity=Decimal(quantity), potency=potency, act=act_by(),
    )  # fmt: skip
    return supply.approve_lot(
        lot_id=lot.pk,
        proof=proof_of(quality()),
        seen_digest=digest_of(lot_statement(lot)),
        act=act_by(quality()),
    )


# What names the patients of this world: it stands nowhere but where somebody reveals it.
CANARIES = ("Quillfeather", "Zebulonia", "mrn-zq")


def wanted_order(number: int, **changes: Any) -> WantedOrder:
    """What a hospital asks for; every number is another patient."""
    plain: dict[str, Any] = {
        "external_id": f"H-{uuid4().hex[:12]}",
        "therapy": THERAPY,
        "identifiers": (("urn:test", f"{CANARIES[2]}-{number}"),),
        "family_name": CANARIES[0],
        "given_name": CANARIES[1],
        "birth_date": date(1974, 12, 25),
        "sex": "female",
        "weight_kg": Decimal("82.5"),
        "height_cm": Decimal(178),
        "collection_planned_at": NOON,
        "administer_from": date(2027, 2, 1),
        "administer_to": date(2027, 2, 8),
        "prescriber_identifier": "PR-1",
        "prescriber_name": "Dr. Test",
        "consent_reference": "C-1",
        "consent_signed_at": NOON - timedelta(days=3),
    }
    return WantedOrder(**{**plain, **changes})


def received_order(*, version: Any = None, weight: str = "82.5") -> Order:
    """An order whose bag was collected in the north and received at the plant."""
    version = version or effective_recipe()
    number = Order.objects.count() + 1
    order = commands.place_order(
        wanted=wanted_order(number, therapy=version.recipe.therapy.code, weight_kg=Decimal(weight)),
        site=site("NORTH"),
        act=act_by(),
    )
    collection = commands.report_collection(
        order_id=order.pk,
        donation_number=f"G{number:012}",
        collected_at=NOON - timedelta(days=1),
        bags=[(None, Decimal(80))],
        act=act_by(),
    )
    commands.receive_material(
        order_id=order.pk,
        scanned=collection.containers.get().code,
        is_keyed=False,
        act=act_by(operator()),
    )
    return Order.objects.select_related("chain", "patient", "therapy", "made_at").get(pk=order.pk)


def planned_batch(*, order: Order | None = None, room: str = ROOM, **order_changes: Any) -> Batch:
    """A planned batch."""
    stock(room)
    order = order or received_order(**order_changes)
    train()
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
    """The latest execution of a step as it stands now."""
    found = Step.objects.select_related("batch__order__patient").filter(batch=batch, code=code)
    return found.latest("execution")


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
