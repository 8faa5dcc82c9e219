"""Equipment: added, used while it is fit for use, held by one batch, and freed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db import IntegrityError, transaction

from audit.acts import Act, command, record
from audit.models import Site
from kernel.errors import Conflict, NotFound
from supply.commands.equipment_classes import take_over_classes
from supply.commands.logbook import log
from supply.commands.parts import parts_for_update
from supply.commands.reservations import give_back
from supply.models import Equipment, EquipmentUse
from supply.queries import unit_to_judge
from supply.rules.fitness import Wanted, reasons_against_use
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
    take_over_classes(codes=[equipment_class], act=act)
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

    A unit that is not shared is held by the batch until that ends, with all of its parts
    (requirement S88-04).

    Args:
        used_in: the number of the batch.

    Raises:
        NotFound: the site has none of that code.
        Conflict: it may not be used now; every reason is told (``rules.fitness``).
    """
    code = scanned.strip()
    found = Equipment.objects.select_for_update(of=("self",)).filter(code=code, site=site).first()
    unit = unit_to_judge(found, at=act.at) if found is not None else None
    wanted = Wanted(
        scanned=code[:40], equipment_class=equipment_class, used_in=used_in, at=act.at, on=on
    )
    reasons = reasons_against_use(unit, wanted)
    # A unit that one batch holds takes its parts along: they are asked, and held, with it.
    parts = parts_for_update(found) if found is not None and not found.is_shared else []
    for part in parts:
        own = replace(wanted, scanned=part.code, equipment_class=part.equipment_class)
        reasons += reasons_against_use(unit_to_judge(part, at=act.at), own)
    if found is None or unit is None:
        raise NotFound(reasons[0].words, pointer="/value", code=reasons[0].code)
    if reasons:
        words = " ".join(one.words for one in reasons)
        raise Conflict(words, pointer="/value", code=reasons[0].code)
    is_own = used_in != "" and unit.held_by == used_in
    if found.is_shared or is_own or not used_in:
        found.taken_changes()
        record(act, "use", found)
        log(found, "use", "Used", act=act, batch=used_in)
        return found
    for part in parts:
        if part.state == "ready":
            _held(part, used_in, act)
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
    unit.clean_until = None
    unit.save(update_fields=["state", "clean_until"])
    record(act, "use", unit)
    log(unit, "use", "Use begun", act=act, batch=batch)
    return unit


@command(may_be_silent=True)
def free_units(*, used_in: str, act: Act) -> list[Equipment]:
    """Free every unit that a batch holds, each dirty until it was cleaned, and what it reserved."""
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
        log(unit, "use", "Use ended", act=act, batch=used_in)
        found.append(unit)
    give_back(used_in=used_in, act=act)
    return found
