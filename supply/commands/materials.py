"""Materials and lots: brought in, approved, and used only while they may be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from audit.acts import Act, command, record
from audit.models import Site
from audit.permissions import holds, require
from audit.signing import Proof, sign
from kernel.errors import Conflict, Invalid
from supply.models import Material, MaterialLot
from supply.queries import lot_statement
from supply.states import LOT


@command
def add_material(*, code: str, name: str, unit: str, act: Act) -> Material:
    """Add the definition of a material."""
    if Material.objects.filter(code=code).exists():
        raise Conflict(f"There is a material {code} already.", pointer="/code", code="used")
    material = Material(code=code, name=name, unit=unit)
    material.save(force_insert=True)
    record(act, "add", material)
    return material


@command
def add_lot(
    *,
    material: Material,
    number: str,
    site: Site,
    expires_on: date,
    quantity: Decimal,
    potency: Decimal | None = None,
    act: Act,
) -> MaterialLot:
    """Bring in a lot; it is in quarantine until quality approves it.

    Args:
        potency: in percent of the label claim, where the certificate of analysis states it.

    Raises:
        Invalid: the quantity, or the potency, is not more than zero.
    """
    if not quantity.is_finite() or quantity <= 0:
        raise Invalid("A lot holds more than nothing.", pointer="/quantity", code="range")
    if potency is not None and not (potency.is_finite() and potency > 0):
        raise Invalid("A potency is more than nothing.", pointer="/potency", code="range")
    lot = MaterialLot(
        material=material,
        number=number,
        site=site,
        expires_on=expires_on,
        on_hand=quantity,
        received_at=act.at,
        potency=potency,
    )
    lot.save(force_insert=True)
    record(act, "receive", lot)
    return lot


@command
def approve_lot(*, lot_id: int, proof: Proof, seen_digest: str, act: Act) -> MaterialLot:
    """Approve a lot for use, with a signature.

    Raises:
        NotPermitted: the signer is not quality assurance at the site of the lot.
        IllegalMove: the lot is not waiting for approval.
    """
    lot = (
        MaterialLot.objects.select_for_update(of=("self",))
        .select_related("material")
        .get(pk=lot_id)
    )
    require(holds(act.by, "qa", site_id=lot.site_id), "approve lots")
    statement = lot_statement(lot)
    lot.state = LOT.after(lot.state, "approve")
    lot.save(update_fields=["state"])
    record(act, "approve", lot)
    sign(
        act=act,
        proof=proof,
        subject=lot,
        meaning="approved",
        statement=statement,
        seen_digest=seen_digest,
    )
    return lot


@command
def use_lot(
    *,
    material_code: str,
    scanned: str,
    quantity: Decimal,
    unit: str,
    site: Site,
    on: date,
    act: Act,
) -> MaterialLot:
    """Take a quantity out of the lot that was scanned (21 CFR 211.188(b)(3)).

    Raises:
        Conflict: another material, in quarantine, expired, another unit, or not enough on hand.
    """
    lot = lot_scanned(material_code=material_code, scanned=scanned, site=site, on=on)
    _check_quantity(lot, quantity, unit)
    lot.on_hand -= quantity
    if lot.on_hand == 0:
        lot.state = LOT.after(lot.state, "consume")
    lot.save(update_fields=["on_hand", "state"])
    record(act, "use", lot, quantity=quantity, unit=unit)
    return lot


@command
def return_to_lot(*, lot_id: int, quantity: Decimal, unit: str, act: Act) -> MaterialLot:
    """Put back what was taken out of a lot and not used (a reverse dispense).

    Raises:
        Conflict: the lot is kept in another unit.
        Invalid: nothing is put back.
    """
    lots = MaterialLot.objects.select_for_update(of=("self",)).select_related("material")
    lot = lots.get(pk=lot_id)
    if unit != lot.material.unit:
        raise Conflict(f"{lot.number} is kept in {lot.material.unit}.", code="wrong_unit")
    if quantity <= 0:
        raise Invalid("Return more than nothing.", pointer="/quantity", code="range")
    lot.on_hand += quantity
    if lot.state == "consumed":
        lot.state = LOT.after(lot.state, "return")
    lot.save(update_fields=["on_hand", "state"])
    record(act, "return", lot, quantity=quantity, unit=unit)
    return lot


def lot_scanned(*, material_code: str, scanned: str, site: Site, on: date) -> MaterialLot:
    """Return the lot that was scanned, under lock, if it may be used on that day.

    Raises:
        Conflict: not known here, another material, in quarantine, used up, or expired.
    """
    number = scanned.strip()
    lots = MaterialLot.objects.select_for_update(of=("self",)).select_related("material")
    lot = lots.filter(number=number, site=site, material__code=material_code).first()
    if lot is None:
        other = MaterialLot.objects.select_related("material").filter(number=number, site=site)
        wrong = other.first()
        if wrong is None:
            raise Conflict(
                f"Lot {number[:40]} is not known here.", pointer="/value", code="unknown"
            )
        raise Conflict(
            f"Lot {number} is {wrong.material.name}; this step takes {material_code}.",
            pointer="/value",
            code="wrong_item",
        )
    told = _told(lot)
    if lot.state == "quarantine":
        raise Conflict(f"{told} is in quarantine.", pointer="/value", code="quarantined")
    if lot.state == "consumed":
        raise Conflict(f"{told} is used up.", pointer="/value", code="not_enough")
    if lot.state != "approved":
        raise Conflict(f"{told} is {lot.state}.", pointer="/value", code=lot.state)
    # An expiry by date is the end of that day.
    if lot.expires_on < on:
        raise Conflict(f"{told} expired on {lot.expires_on}.", pointer="/value", code="expired")
    return lot


def _told(lot: MaterialLot) -> str:
    return f"Lot {lot.number} of {lot.material.name}"


def _check_quantity(lot: MaterialLot, quantity: Decimal, unit: str) -> None:
    told = _told(lot)
    if unit != lot.material.unit:
        raise Conflict(f"{told} is kept in {lot.material.unit}, not {unit}.", code="wrong_unit")
    if quantity <= 0:
        raise Invalid("Take more than nothing.", pointer="/quantity", code="range")
    if lot.on_hand < quantity:
        raise Conflict(
            f"{told} has {lot.on_hand.normalize():f} {unit} left; {quantity} {unit} are needed.",
            pointer="/value",
            code="not_enough",
        )
