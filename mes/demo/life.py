"""Life in the demo: orders in every state, a batch in the making, one under review, one released."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from audit.signing import digest_of
from batches import commands as batches
from batches import queries
from batches.models import Batch, Order
from batches.rules.orders import WantedOrder
from mes.demo.founding import House
from mes.demo.performing import Shift, perform_batch, perform_step, steady_sensors
from monitoring.commands import ingest_readings
from monitoring.drivers import driver_named
from monitoring.models import Sensor
from monitoring.rules.intake import Measured
from quality import commands as quality
from quality.queries.statements import (
    disposition_statement,
    review_statement,
    trail_statement,
)
from supply import commands as supply
from supply.models import Equipment
from supply.queries import unit_statement
from supply.rules.iso7064 import check_character

# What fits the demo recipe: the middle of the limits would not go together in the calculations.
CART_ENTRIES = {
    "S07": "300.0", "S11": "100.0", "S13": "15.00", "S18": "20.0", "S19": "9000.0",
    "S21": "92.0", "S22": "30.0", "S23": "0.50",
}  # fmt: skip
NAMES = (
    ("Example", "Alma"), ("Sample", "Bruno"), ("Muster", "Clara"), ("Doe", "Dario"),
    ("Roe", "Elin"), ("Tester", "Finn"), ("Dummy", "Gita"), ("Trial", "Hugo"),
)  # fmt: skip


def live(house: House) -> None:
    """Let the house live: what happened in its last days, up to this moment."""
    now = house.at
    play_sensors(house, now - timedelta(hours=32), now)
    order(house, 0, now - timedelta(hours=5))
    collected(house, order(house, 1, now - timedelta(days=2)), now - timedelta(hours=20))
    received(house, order(house, 2, now - timedelta(days=6)), now - timedelta(days=2))
    given_up = order(house, 3, now - timedelta(days=4))
    batches.cancel_order(
        order_id=given_up.pk,
        seen=given_up.version,
        reason="The patient is in remission.",
        act=house.act("petra", at=now - timedelta(days=3)),
    )
    released(house, received(house, order(house, 4, now - timedelta(days=20)), now))
    cleaned(house)
    cleared(house, "ROOM-103")
    waiting(house, received(house, order(house, 5, now - timedelta(days=15)), now))
    running(house, received(house, order(house, 6, now - timedelta(days=9)), now))
    capsules(house, order(house, 7, now - timedelta(days=1), therapy="PGX-ORAL", site="SOUTH"))


def cleaned(house: House) -> None:
    """Clean every unit that a batch has left."""
    for unit in Equipment.objects.filter(state="dirty").order_by("code"):
        supply.move_equipment(code=unit.code, verb="begin_cleaning", act=house.act("olivia"))
        unit.refresh_from_db()
        supply.sign_equipment(
            code=unit.code,
            verb="clean",
            proof=house.proof("olivia"),
            seen_digest=digest_of(unit_statement(unit, "clean")),
            act=house.act("olivia"),
        )


def cleared(house: House, room: str) -> None:
    """Clear a room after its last batch, point by point and signed by two people."""
    found = batches.begin_changeover(room_code=room, act=house.act("olivia"))
    for place in range(len(found.points)):
        found = batches.do_point(
            changeover_id=found.pk, seen=found.version, place=place, act=house.act("olivia")
        )
    for who in ("olivia", "vera"):
        found = batches.sign_changeover(
            changeover_id=found.pk,
            seen=found.version,
            proof=house.proof(who),
            seen_digest=digest_of(queries.changeover_statement(found)),
            act=house.act(who),
        )


def order(
    house: House, number: int, at: datetime, *, therapy: str = "CART-19", site: str = "NORTH"
) -> Order:
    """Place an order as the portal of its site does."""
    family_name, given_name = NAMES[number]
    day = at.date()
    wanted = WantedOrder(
        external_id=f"H-{1001 + number}",
        therapy=therapy,
        identifiers=(("urn:oid:1.2.36.146.595.217.0.1", f"{70_000 + 7 * number}"),),
        family_name=family_name,
        given_name=given_name,
        birth_date=date(1951 + 5 * number, 1 + number, 3 + 2 * number),
        sex=("female", "male")[number % 2],
        weight_kg=Decimal("64.5") + 4 * number,
        height_cm=Decimal(164 + 3 * number),
        collection_planned_at=at + timedelta(days=1) if therapy == "CART-19" else None,
        administer_from=day + timedelta(days=35),
        administer_to=day + timedelta(days=42),
        prescriber_identifier=f"PR-{1 + number % 3}",
        prescriber_name=("Dr. Ada Stern", "Dr. Ben Okoro", "Dr. Carla Ruiz")[number % 3],
        consent_reference=f"C-{2001 + number}",
        consent_signed_at=at - timedelta(days=1),
    )
    act = house.act(f"portal-{site.lower()}", at=at)
    return batches.place_order(wanted=wanted, site=house.sites[site], act=act)


def collected(house: House, one: Order, at: datetime) -> Order:
    """Report the collection of an order: one bag."""
    donation = f"G1234{at:%y}{one.pk:06}"
    assert check_character(donation), "a donation number has a check character"
    batches.report_collection(
        order_id=one.pk,
        donation_number=donation,
        collected_at=at - timedelta(hours=2),
        bags=[(None, Decimal(120))],
        act=house.act("portal-north", at=at),
    )
    return Order.objects.get(pk=one.pk)


def received(house: House, one: Order, before: datetime) -> Order:
    """Collect for an order and receive its bag at the plant."""
    collected(house, one, one.ordered_at + timedelta(days=1))
    bag = one.chain.containers.get()
    batches.receive_material(
        order_id=one.pk,
        scanned=bag.code,
        is_keyed=False,
        act=house.act("olivia", at=min(before, one.ordered_at + timedelta(days=2))),
    )
    return Order.objects.get(pk=one.pk)


def play_sensors(house: House, since: datetime, until: datetime, every_s: int = 60) -> None:
    """Give every sensor a past, and a reading of this moment."""
    sensors = list(Sensor.objects.filter(is_active=True))
    hours = [
        since + timedelta(hours=n) for n in range(int((until - since).total_seconds()) // 3600)
    ]
    for start in hours:
        readings = list(_hour(sensors, start, every_s))
        ingest_readings(readings, act=house.act(at=start + timedelta(hours=1)))
    ingest_readings(_moment(sensors, until), act=house.act(at=until))


def _hour(sensors: list[Sensor], start: datetime, every_s: int) -> Iterator[Measured]:
    for second in range(0, 3600, every_s):
        yield from _moment(sensors, start + timedelta(seconds=second))


def _moment(sensors: list[Sensor], at: datetime) -> Iterator[Measured]:
    for sensor in sensors:
        raw = driver_named(sensor.driver).read(sensor.spec(), at)
        if raw is not None:
            yield Measured(sensor.pk, raw.source_at, raw.value, raw.quality)


def issued(house: House, one: Order, room: str, at: datetime) -> Batch:
    """Plan the batch of an order, and issue it with the signature of quality."""
    batch = batches.plan_batch(order_id=one.pk, room_code=room, act=house.act("petra", at=at))
    batches.issue_batch(
        batch_id=batch.pk,
        seen=batch.version,
        proof=house.proof("quinn", at=at),
        seen_digest=digest_of(queries.issue_statement(batch)),
        act=house.act("quinn", at=at),
    )
    return fresh(batch)


def started(house: House, one: Order, room: str, at: datetime) -> Batch:
    """Issue and start a batch."""
    batch = issued(house, one, room, at - timedelta(hours=1))
    batches.start_batch(batch_id=batch.pk, seen=batch.version, act=house.act("olivia", at=at))
    return fresh(batch)


def fresh(batch: Batch) -> Batch:
    """Return a batch as it stands now."""
    return queries.batches_seen(None).get(pk=batch.pk)


def shift(house: House, at: datetime, **changes: Any) -> Shift:
    """Return the two people of the plant at work."""
    people = house.people
    return Shift(
        performer=people["olivia"],
        verifier=people["vera"],
        qa=people["quinn"],
        at=at,
        **{"entries": CART_ENTRIES, **changes},
    )


def review_production(house: House, batch: Batch, at: datetime) -> Batch:
    """Review a complete batch for production."""
    batch = fresh(batch)
    quality.review_production(
        batch_id=batch.pk,
        seen=batch.version,
        proof=house.proof("vera", at=at),
        seen_digest=digest_of(review_statement(batch, "production")),
        act=house.act("vera", at=at),
    )
    return fresh(batch)


def released(house: House, one: Order) -> Batch:
    """Make a batch without any exception, and release it."""
    at = house.at - timedelta(hours=30)
    batch = started(house, one, "ROOM-103", at)
    work = shift(house, at)
    with steady_sensors(work, batch):
        perform_batch(batch, work)
    later = work.at + timedelta(hours=2)
    batch = review_production(house, batch, later)
    quality.review_trail(
        batch_id=batch.pk,
        seen=batch.version,
        proof=house.proof("quinn", at=later),
        seen_digest=digest_of(trail_statement(batch)),
        act=house.act("quinn", at=later),
    )
    quality.review_batch(
        batch_id=batch.pk,
        seen=batch.version,
        proof=house.proof("quinn", at=later),
        seen_digest=digest_of(review_statement(batch, "quality")),
        act=house.act("quinn", at=later),
    )
    batch = fresh(batch)
    decided = later + timedelta(hours=1)
    quality.release_batch(
        batch_id=batch.pk,
        seen=batch.version,
        proof=house.proof("paula", at=decided),
        seen_digest=digest_of(disposition_statement(batch, "released")),
        act=house.act("paula", at=decided),
    )
    return fresh(batch)


def waiting(house: House, one: Order) -> Batch:
    """Make a batch with three exceptions, and leave it to the reviewers."""
    at = house.at - timedelta(hours=7)
    batch = started(house, one, "ROOM-102", at)
    entries = {**CART_ENTRIES, "S18": "4.1", "S21": "78.5"}
    reasons = {
        "S18": "Counted twice; expansion goes on as the recipe allows.",
        "S21": "Second count confirms the result.",
    }
    work = shift(house, at, entries=entries, reasons=reasons)
    with steady_sensors(work, batch):
        perform_batch(batch, work, until="S05")
        type_code(house, batch, "S05", work)
        perform_batch(fresh(batch), work)
    return review_production(house, batch, work.at + timedelta(minutes=30))


def type_code(house: House, batch: Batch, code: str, work: Shift) -> None:
    """Type the code of a lot whose label cannot be scanned, and sign the step."""
    step = batch.steps.get(code=code)
    batches.start_step(step_id=step.pk, seen=step.version, act=work.act(work.performer))
    step.refresh_from_db()
    batches.enter_value(
        step_id=step.pk,
        seen=step.version,
        entered="SELECTION-KIT-2611",
        source="keyed",
        reason="The label of the kit is wet and cannot be scanned.",
        act=work.act(work.performer),
    )
    perform_step(batch.steps.get(code=code), work)


def running(house: House, one: Order) -> Batch:
    """Start a batch that is in the making now, in the middle of its transduction."""
    at = house.at - timedelta(minutes=45)
    batch = started(house, one, "ROOM-101", at)
    work = shift(house, at, pace=timedelta(seconds=35))
    with steady_sensors(work, batch):
        perform_batch(batch, work, until="S11")
    return fresh(batch)


def capsules(house: House, one: Order) -> Batch:
    """Issue the batch of an oral medicine at the point of care."""
    return issued(house, one, "PHARM-1", house.at - timedelta(hours=2))
