"""Parts: which equipment belongs to which, and goes with it from batch to batch."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.models import Site
from audit.permissions import holds, require
from kernel.errors import Conflict, Invalid, NotFound
from supply.commands.logbook import log
from supply.commands.service import unit_for_update
from supply.models import Equipment
from supply.rules.hierarchy import LEVELS, reasons_against_part

PLACERS = ("engineer", "qa")


@command
def place_part(*, code: str, level: str, parent_code: str, reason: str, act: Act) -> Equipment:
    """Say on which level a piece of equipment stands, and what it is part of.

    Args:
        level: one of ``rules.hierarchy.LEVELS``.
        parent_code: what holds it, at the same site; "" for nothing.

    Raises:
        NotFound: one of them is not known where this person works.
        NotPermitted: neither an engineer nor quality assurance there.
        Conflict: it would be part of itself, of what is narrower, or of what a batch holds now.
        Invalid: nothing changes, or nobody says why.
    """
    unit = unit_for_update(code, act)
    require(holds(act.by, *PLACERS, site_id=unit.site_id), "place equipment here")
    # Two who place at once could close a circle together: they wait for each other here.
    Site.objects.select_for_update().get(pk=unit.site_id)
    words = reason.strip()[:1000]
    if not words:
        raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    if level not in LEVELS:
        raise Invalid("There is no such level.", pointer="/level", code="unknown_word")
    parent = _parent(unit, parent_code.strip())
    if (unit.level, unit.parent_id) == (level, parent.pk if parent else None):
        raise Invalid("Nothing is changed.", code="unchanged")
    _require_placeable(unit, level, parent)
    unit.level, unit.parent = level, parent
    unit.save(update_fields=["level", "parent"])
    record(act, "place_part", unit, reason=words)
    told = f"Part of {parent.code}" if parent else "Part of nothing"
    log(unit, "service", f"{told}: {words}", act=act)
    return unit


def _parent(unit: Equipment, code: str) -> Equipment | None:
    if not code:
        return None
    found = Equipment.objects.filter(code=code, site_id=unit.site_id).first()
    if found is None:
        raise NotFound(f"Equipment {code[:40]} is not known here.", pointer="/parent_code")
    return found


def _require_placeable(unit: Equipment, level: str, parent: Equipment | None) -> None:
    narrower = unit.parts.filter(level__in=LEVELS[: LEVELS.index(level)]).first()
    if narrower is not None:
        raise Conflict(f"{narrower.code} is part of it, and wider.", pointer="/level", code="level")
    for one in (unit, parent):
        if one is not None and one.state == "in_use":
            raise Conflict(f"{one.name} is held by a batch.", code="in_use")
    if parent is None:
        return
    if unit.is_shared and not parent.is_shared:
        raise Conflict(
            f"{unit.name} serves several batches, {parent.name} one at a time.", code="shared"
        )
    above, one = [], parent
    while one is not None:
        above.append((one.code, one.level))
        one = one.parent
    for reason_code, words in reasons_against_part(unit.code, level, above):
        raise Conflict(words, pointer="/parent_code", code=reason_code)


def parts_for_update(unit: Equipment) -> list[Equipment]:
    """Return everything that goes with a unit, under lock: its parts, and theirs."""
    found: list[Equipment] = []
    above = [unit.pk]
    while above:
        parts = Equipment.objects.select_for_update(of=("self",)).filter(parent_id__in=above)
        level = list(parts.order_by("pk"))
        found += level
        above = [one.pk for one in level]
    return found
