"""Equipment: added, used while it is fit for use, held by one batch, freed and cleaned."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from audit.acts import Act, command, record
from audit.models import Site
from audit.permissions import holds, require, sites_of
from kernel.errors import Conflict, Invalid, NotFound
from supply.models import Equipment, EquipmentUse
from supply.states import EQUIPMENT


@command
def add_equipment(
    *,
    code: str,
    name: str,
    equipment_class: str,
    site: Site,
    room: Equipment | None = None,
    calibration_due_on: date | None = None,
    is_shared: bool = True,
    act: Act,
) -> Equipment:
    """Add a room or a unit of equipment.

    Args:
        is_shared: several batches may use it at once; else one holds it until it ends, and it is
            cleaned before the next.
    """
    if Equipment.objects.filter(code=code).exists():
        raise Conflict(f"There is equipment {code} already.", pointer="/code", code="used")
    equipment = Equipment(
        code=code,
        name=name,
        equipment_class=equipment_class,
        site=site,
        room=room,
        calibration_due_on=calibration_due_on,
        is_shared=is_shared,
    )
    equipment.save(force_insert=True)
    record(act, "add", equipment)
    return equipment


@command
def use_equipment(
    *, scanned: str, equipment_class: str, site: Site, on: date, used_in: str = "", act: Act
) -> Equipment:
    """Use the unit of equipment that was scanned, if it is of the class and fit for use.

    A unit that is not shared is held by the batch until that ends (requirement S88-04).

    Args:
        used_in: the number of the batch.

    Raises:
        NotFound: the site has none of that code.
        Conflict: another class, not ready, held by another batch, or its calibration is overdue.
    """
    code = scanned.strip()
    found = Equipment.objects.select_for_update(of=("self",)).filter(code=code, site=site).first()
    if found is None:
        raise NotFound(
            f"Equipment {code[:40]} is not known here.", pointer="/value", code="unknown"
        )
    if found.equipment_class != equipment_class:
        raise Conflict(
            f"{found.name} is no {equipment_class}.", pointer="/value", code="wrong_class"
        )
    holding = found.uses.filter(ended_at=None).first()
    is_own = holding is not None and holding.batch == used_in
    if holding is not None and not is_own:
        raise Conflict(
            f"{found.name} is held by batch {holding.batch} until that ends.",
            pointer="/value",
            code="in_use",
        )
    if found.state != "ready" and not is_own:
        words = found.state.replace("_", " ")
        raise Conflict(f"{found.name} is {words}.", pointer="/value", code=found.state)
    if found.calibration_due_on is not None and found.calibration_due_on < on:
        raise Conflict(
            f"The calibration of {found.name} expired on {found.calibration_due_on}.",
            pointer="/value",
            code="calibration_expired",
        )
    if found.is_shared or is_own or not used_in:
        found.taken_changes()
        record(act, "use", found)
        return found
    return _held(found, used_in, act)


def _held(unit: Equipment, batch: str, act: Act) -> Equipment:
    """Let a batch hold a unit that is locked; the database refuses a second one."""
    use = EquipmentUse(equipment=unit, batch=batch, begun_at=act.at, begun_by=act.by)
    try:
        with transaction.atomic():
            use.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            f"{unit.name} was held by another batch at that time.", pointer="/value", code="in_use"
        ) from None
    record(act, "hold_unit", use)
    unit.state = EQUIPMENT.after(unit.state, "use")
    unit.save(update_fields=["state"])
    record(act, "use", unit)
    return unit


@command(may_be_silent=True)
def free_units(*, used_in: str, act: Act) -> list[Equipment]:
    """Free every unit that a batch holds; each is dirty until it was cleaned."""
    found = []
    uses = EquipmentUse.objects.select_for_update(of=("self",)).filter(batch=used_in, ended_at=None)
    for use in uses.order_by("equipment_id"):
        unit = Equipment.objects.select_for_update(of=("self",)).get(pk=use.equipment_id)
        use.ended_at = act.at
        use.save(update_fields=["ended_at"])
        record(act, "free_unit", use)
        unit.state = EQUIPMENT.after(unit.state, "free")
        unit.save(update_fields=["state"])
        record(act, "free", unit)
        found.append(unit)
    return found


@command
def move_equipment(*, code: str, verb: str, reason: str = "", act: Act) -> Equipment:
    """Begin or end the cleaning of a unit, take it out of service, or back: then it is cleaned first.

    Args:
        verb: "begin_cleaning", "clean", "retire" or "return_to_service".

    Raises:
        NotFound: there is none of that code where this person works.
        NotPermitted: they neither make medicines there nor are quality assurance.
        IllegalMove: the unit is in another state.
        Invalid: it is taken out of service, or back, and nobody says why.
    """
    sites = sites_of(act.by)
    found = Equipment.objects.select_for_update(of=("self",)).filter(code=code).first()
    if found is None or (sites is not None and found.site_id not in sites):
        raise NotFound(f"Equipment {code[:40]} is not known here.")
    words = reason.strip()[:1000]
    if verb in ("retire", "return_to_service"):
        require(holds(act.by, "qa", site_id=found.site_id), "decide on the service of equipment")
        if not words:
            raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    else:
        require(holds(act.by, "operator", "qa", site_id=found.site_id), "clean equipment here")
    found.state = EQUIPMENT.after(found.state, verb)
    found.save(update_fields=["state"])
    record(act, verb, found, reason=words)
    return found
