"""Every read of the first floor that leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from audit.models import Site
from kernel.errors import Invalid, NotFound
from supply.models import (
    Calibration,
    ChainOfIdentity,
    Collection,
    Container,
    CustodyEvent,
    Equipment,
    EquipmentClass,
    EquipmentUse,
    LogbookEntry,
    MaterialLot,
    Patient,
    Reservation,
)
from supply.rules.fitness import Reason, Unit, Wanted, reasons_against_use
from supply.rules.identity import coi_from


def chain_valued(text: str) -> ChainOfIdentity:
    """Return the chain of identity of that identifier.

    Raises:
        NotFound: there is none, or its check character is wrong.
    """
    try:
        value = coi_from(text)
    except Invalid:
        value = ""
    found = ChainOfIdentity.objects.select_related("patient").filter(value=value).first()
    if found is None:
        raise NotFound("There is no such chain of identity.")
    return found


def patient_coded(code: str) -> Patient:
    """Return the patient of that pseudonym.

    Raises:
        NotFound: there is none.
    """
    found = Patient.objects.filter(code=code).first() if code.isprintable() else None
    if found is None:
        raise NotFound("There is no such patient.")
    return found


def containers_of(chain: ChainOfIdentity) -> QuerySet[Container]:
    """Return the bags of a chain, in order of collection."""
    return Container.objects.filter(chain=chain).order_by("collection_id", "ordinal")


def collections_of(chain: ChainOfIdentity) -> QuerySet[Collection]:
    """Return what was collected for a chain, oldest first."""
    found = Collection.objects.filter(chain=chain).select_related("site")
    return found.prefetch_related("containers").order_by("id")


def collections_for(chain_ids: Any) -> QuerySet[Collection]:
    """Return the collections of several chains, by their ids or a query of them."""
    found = Collection.objects.filter(chain_id__in=chain_ids).select_related("site", "chain")
    return found.prefetch_related("containers")


def custody_of(chain: ChainOfIdentity) -> QuerySet[CustodyEvent]:
    """Return the hand-overs and identity checks of a chain, oldest first."""
    found = CustodyEvent.objects.filter(chain=chain)
    return found.select_related("by", "site", "container").order_by("id")


def plain_custody(event: CustodyEvent) -> dict[str, Any]:
    """Return one custody event for a record."""
    return {
        "id": event.pk,
        "kind": event.kind,
        "at": event.at,
        "by": event.by.full_name,
        "site": event.site.code,
        "bag": event.container.code if event.container else None,
        "scanned": event.scanned,
        "is_keyed": event.is_keyed,
        "is_match": event.is_match,
        "detail": event.detail,
    }


def equipment_coded(code: str, *, site: Site) -> Equipment:
    """Return a room or a unit of equipment of a site.

    Raises:
        NotFound: the site has none of that code.
    """
    found = Equipment.objects.filter(code=code.strip(), site=site).first()
    if found is None:
        raise NotFound(f"There is no equipment {code.strip()[:40]} at {site.code}.")
    return found


def equipment_seen(
    sites: Iterable[int] | None, *, state: str = "", q: str = "", due_by: date | None = None
) -> QuerySet[Equipment]:
    """Return rooms and units of these sites (None: all), by code, each with the batch that holds it.

    Args:
        state: of this state only.
        q: whose code, name or class holds this text.
        due_by: whose calibration is due on this day or before, or failed.
    """
    holding = EquipmentUse.objects.filter(equipment=OuterRef("pk"), ended_at=None)
    found = Equipment.objects.select_related("site", "room", "parent").order_by("code")
    found = found.annotate(held_by=Subquery(holding.values("batch")[:1]))
    if sites is not None:
        found = found.filter(site_id__in=list(sites))
    if state:
        found = found.filter(state=state)
    if q:
        named = Q(code__icontains=q) | Q(name__icontains=q) | Q(equipment_class__icontains=q)
        found = found.filter(named)
    if due_by is not None:
        found = found.filter(Q(calibration_due_on__lte=due_by) | Q(is_calibration_failed=True))
    return found


def uses_of(unit: Equipment) -> QuerySet[EquipmentUse]:
    """Return which batches held a unit, the last first."""
    return unit.uses.select_related("begun_by").order_by("-begun_at", "-pk")


def units_in(room: Equipment) -> list[Equipment]:
    """Return the units that stand in a room, by code."""
    return list(Equipment.objects.filter(room=room).order_by("code"))


def rooms_of(site: Site) -> QuerySet[Equipment]:
    """Return the rooms of a site."""
    return Equipment.objects.filter(site=site, equipment_class="room").order_by("code")


def lot_statement(lot: MaterialLot) -> dict[str, Any]:
    """Return what is signed when a lot is approved."""
    return {
        "record": "material lot",
        "material": lot.material.code,
        "lot": lot.number,
        "expires_on": lot.expires_on,
        "on_hand": lot.on_hand,
        "unit": lot.material.unit,
        **({"potency": lot.potency} if lot.potency is not None else {}),
    }


def class_coded(code: str) -> EquipmentClass | None:
    """Return the class of that code; a code that only units from before name has none yet."""
    return EquipmentClass.objects.filter(code=code).first()


def classes_seen() -> QuerySet[EquipmentClass]:
    """Return every class of equipment, by code, each with how many units it has."""
    units = Equipment.objects.filter(equipment_class=OuterRef("code")).order_by()
    counted = units.values("equipment_class").annotate(number=Count("pk")).values("number")
    return EquipmentClass.objects.annotate(units=Subquery(counted)).order_by("code")


def unit_to_judge(unit: Equipment, *, at: datetime) -> Unit:
    """Return a unit as the question of its fitness sees it at a moment (``rules.fitness``)."""
    alone = unit.reservations.filter(state="standing", is_shared=False)
    reserved = alone.filter(begins_at__lte=at, ends_at__gt=at).first()
    known = class_coded(unit.equipment_class)
    held_by = unit.uses.filter(ended_at=None).values_list("batch", flat=True).first()
    return Unit(
        name=unit.name,
        equipment_class=unit.equipment_class,
        state=unit.state,
        is_qualified=unit.qualification == "qualified",
        calibration_due_on=unit.calibration_due_on,
        is_calibration_failed=unit.is_calibration_failed,
        clean_until=unit.clean_until,
        check_hours=known.check_hours if known else None,
        checked_until=unit.checked_until,
        held_by=held_by,
        reserved_for=reserved.batch if reserved else None,
        reserved_until=reserved.ends_at if reserved else None,
    )


def reasons_against(unit: Equipment, *, batch: str, at: datetime) -> list[Reason]:
    """Return every reason why a batch may not go on with a unit of its class; none: it may."""
    wanted = Wanted(
        scanned=unit.code, equipment_class=unit.equipment_class, used_in=batch, at=at, on=at.date()
    )
    return reasons_against_use(unit_to_judge(unit, at=at), wanted)


def calibration_statement(calibration: Calibration) -> dict[str, Any]:
    """Return what is signed when quality accepts a calibration."""
    return {
        "record": "calibration",
        "equipment": calibration.equipment.code,
        "certificate": calibration.certificate,
        "done_by": calibration.done_by,
        "done_on": calibration.done_on,
        "due_on": calibration.due_on,
        "result": "passed" if calibration.is_passed else "failed",
    }


def unit_statement(unit: Equipment, verb: str) -> dict[str, Any]:
    """Return what is signed when somebody makes a unit fit: cleaned, back in service, qualified."""
    return {
        "record": "equipment",
        "equipment": unit.code,
        "name": unit.name,
        "state": unit.state,
        "qualification": unit.qualification,
        "declared": verb,
    }


def logbook_of(
    unit: Equipment, *, kind: str = "", since: date | None = None, until: date | None = None
) -> QuerySet[LogbookEntry]:
    """Return the lines of the logbook of a unit, the last first.

    Args:
        kind: of this kind only.
        since: from the beginning of this day (UTC).
        until: to the end of this day (UTC).
    """
    found = unit.logbook.select_related("by", "signature").order_by("-pk")
    if kind:
        found = found.filter(kind=kind)
    if since is not None:
        found = found.filter(at__date__gte=since)
    if until is not None:
        found = found.filter(at__date__lte=until)
    return found


def reservations_of(unit: Equipment, *, at: datetime) -> QuerySet[Reservation]:
    """Return what is reserved of a unit and not over yet, the next first."""
    found = unit.reservations.filter(state="standing", ends_at__gt=at)
    return found.select_related("reserved_by").order_by("begins_at", "pk")
