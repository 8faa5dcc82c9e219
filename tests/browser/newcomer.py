"""What happens to a newcomer's recipe: it is ordered, planned and issued, and made in the browser."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from playwright.sync_api import Browser

from audit.commands import record_training
from audit.edges import now
from audit.models import User
from audit.signing import digest_of
from batches import commands, queries
from batches.models import Batch, Order
from mes.demo.performing import entry_for
from recipes.queries import effective_version
from supply import commands as supply
from supply.models import Equipment
from supply.queries import lot_statement
from tests.browser.served import SHOTS
from tests.browser.test_order_to_release import Desk, entered, step_of
from tests.worlds.audit import act_by, proof_of, site
from tests.worlds.batches import wanted_order


def who(name: str) -> User:
    """A person of the demo."""
    return User.objects.get(username=name)


def ordered(therapy: str) -> Order:
    """An order of the hospital whose bag was collected and received at the plant."""
    at = now()
    wanted = wanted_order(
        77,
        therapy=therapy,
        collection_planned_at=at,
        consent_signed_at=at - timedelta(days=3),
        administer_from=(at + timedelta(days=20)).date(),
        administer_to=(at + timedelta(days=40)).date(),
    )
    order = commands.place_order(wanted=wanted, site=site("NORTH"), act=act_by(at=at))
    collection = commands.report_collection(
        order_id=order.pk,
        donation_number="G000000000077",
        collected_at=at - timedelta(hours=2),
        bags=[(None, Decimal(80))],
        act=act_by(at=at),
    )
    commands.receive_material(
        order_id=order.pk,
        scanned=collection.containers.get().code,
        is_keyed=False,
        act=act_by(who("olivia"), at=at),
    )
    return Order.objects.get(pk=order.pk)


def issued(order: Order) -> Batch:
    """A batch in a free room, with what its recipe asks for in stock and people trained on it."""
    at, plant, qa = now(), site("PLANT"), who("quinn")
    version = effective_version(order.therapy.code, site_id=plant.pk)
    for line in version.document["formula"]["materials"]:
        if not line["autologous"]:
            material = supply.add_material(
                code=line["code"], name=line["name"], unit=line["unit"], act=act_by(at=at)
            )
            lot = supply.add_lot(
                material=material,
                number=f"{line['code']}-1",
                site=plant,
                expires_on=(at + timedelta(days=90)).date(),
                quantity=Decimal(100),
                act=act_by(at=at),
            )
            supply.approve_lot(
                lot_id=lot.pk,
                proof=proof_of(qa, at=at),
                seen_digest=digest_of(lot_statement(lot)),
                act=act_by(qa, at=at),
            )
    for one in version.document["equipment_requirements"]:
        supply.add_equipment(
            code=f"{one['code']}-A", name=one["name"], equipment_class=one["code"], site=plant,
            act=act_by(at=at),
        )  # fmt: skip
    for name in ("olivia", "vera"):
        record_training(
            user=who(name), procedure=version.recipe.code, version=version.number,
            trained_by=who("erik"), evidence="Shown and done",
            valid_until=at + timedelta(days=30), act=act_by(qa, at=at),
        )  # fmt: skip
    busy = Batch.objects.filter(state__in=("in_progress", "on_hold")).values("room")
    rooms = Equipment.objects.filter(equipment_class="room", site=plant).exclude(pk__in=busy)
    batch = commands.plan_batch(
        order_id=order.pk, room_code=rooms[0].code, act=act_by(who("petra"), at=at)
    )
    return commands.issue_batch(
        batch_id=batch.pk,
        seen=batch.version,
        proof=proof_of(qa, at=at),
        seen_digest=digest_of(queries.issue_statement(batch)),
        act=act_by(qa, at=at),
    )


def carried_out(browser: Browser, address: str, batch: Batch) -> None:
    """An operator starts the batch and does every step on its screen; a second person verifies."""
    olivia = Desk(browser, address, "olivia")
    olivia.go(f"/batches/{batch.number}/")
    olivia.press("/start/")
    olivia.until(lambda: Batch.objects.get(pk=batch.pk).state == "in_progress")
    codes = list(batch.steps.order_by("ordinal").values_list("code", flat=True))
    for code in codes:
        _done(olivia, batch, code)
    olivia.go(f"/batches/{batch.number}/")
    olivia.page.screenshot(path=SHOTS / "newcomer-batch.png", full_page=True)


def _done(olivia: Desk, batch: Batch, code: str) -> None:
    page, step = olivia.go(f"/batches/{batch.number}/steps/{code}/"), step_of(batch, code)
    if step.state == "ready":
        olivia.press(f"/{code}/start/")
        olivia.until(lambda: step_of(batch, code).state == "running")
    if step.kind != "confirm" or step.definition["checks"]:
        entered(page, step.kind, {"value": entry_for(step_of(batch, code))})
        olivia.until(lambda: step_of(batch, code).values.exists())
    if step.kind in ("number", "timer"):
        page.screenshot(path=SHOTS / f"newcomer-{step.kind}.png")
    olivia.sign()
    olivia.until(lambda: step_of(batch, code).state in ("performed", "complete"))
    if step_of(batch, code).state == "performed":
        olivia.sign("vera")
        olivia.until(lambda: step_of(batch, code).state == "complete")
