"""Classes of equipment: what the house asks of every unit of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from audit.acts import Act, command, record
from audit.permissions import holds, require
from kernel.errors import Invalid, NotFound
from kernel.quantities import decimal_from, places_of, unit_from
from supply.models import Equipment, EquipmentClass

WEIGHTS = (
    "range_min", "range_max", "resolution", "minimum_weight", "check_weight", "check_tolerance",
)  # fmt: skip
HOURS = ("check_hours", "clean_hold_hours")
RANGE = WEIGHTS[:4]
MOST_HOURS = 9999
MOST_PLACES, HEAVIEST = 6, Decimal(10) ** 12


def weight_from(text: str, *, pointer: str) -> Decimal:
    """Return a weight as it was typed, in a form that the database keeps to the last digit.

    Raises:
        Invalid: it is no number, has more than six decimals, or is beyond every scale.
    """
    value = decimal_from(text, pointer=pointer)
    if places_of(value) > MOST_PLACES or abs(value) >= HEAVIEST:
        raise Invalid(f"At most {MOST_PLACES} decimals.", pointer=pointer, code="too_precise")
    return value


@command(may_be_silent=True)
def take_over_classes(*, codes: Iterable[str] | None = None, act: Act) -> list[EquipmentClass]:
    """Make a class of each code that units name and nobody has described yet.

    Args:
        codes: these only; None: those of all equipment, from before there were classes.
    """
    named = Equipment.objects.values_list("equipment_class", flat=True) if codes is None else codes
    wanted = set(named)
    known = EquipmentClass.objects.filter(code__in=wanted).values_list("code", flat=True)
    made = []
    for code in sorted(wanted - set(known)):
        one = EquipmentClass(code=code, name=code.replace("-", " ").capitalize())
        one.save(force_insert=True)
        record(act, "add", one)
        made.append(one)
    return made


@command
def describe_class(
    *,
    code: str,
    name: str,
    unit: str = "",
    weights: Mapping[str, str] | None = None,
    hours: Mapping[str, int | None] | None = None,
    reason: str,
    act: Act,
) -> EquipmentClass:
    """Say what a class of equipment is, and what is asked of its units; with a reason.

    Args:
        unit: UCUM code of all weights; "" for what does not weigh.
        weights: as typed; of a scale: ``range_min``, ``range_max``, ``resolution``,
            ``minimum_weight``, and ``check_weight``, ``check_tolerance`` of its daily check.
        hours: ``check_hours`` and ``clean_hold_hours``: how long a check and a cleaning hold.

    Raises:
        NotPermitted: neither an engineer nor quality assurance.
        NotFound: there is no such class.
        Invalid: a value is missing, contradicts another, or nobody says why.
    """
    require(holds(act.by, "engineer", "qa"), "describe classes of equipment")
    found = EquipmentClass.objects.select_for_update().filter(code=code).first()
    if found is None:
        raise NotFound(f"There is no class {code[:40]} of equipment.")
    if not reason.strip():
        raise Invalid("Say why.", pointer="/reason", code="reason_needed")
    if not name.strip():
        raise Invalid("A class has a name.", pointer="/name", code="blank")
    stored = found.snapshot()
    found.name = name.strip()[:120]
    found.unit = unit_from(unit, pointer="/unit") if unit.strip() else ""
    typed = {**dict.fromkeys(WEIGHTS, ""), **(weights or {})}
    values: dict[str, Any] = {
        **{
            field: weight_from(text, pointer=f"/{field}") if text.strip() else None
            for field, text in typed.items()
        },
        **dict.fromkeys(HOURS),
        **(hours or {}),
    }
    _require_whole(found.unit, values)
    for field, value in values.items():
        setattr(found, field, value)
    if found.snapshot() == stored:
        raise Invalid("Nothing is changed.", code="unchanged")
    found.save(update_fields=["name", "unit", *values])
    record(act, "change", found, reason=reason.strip()[:1000])
    return found


def _require_whole(unit: str, values: dict[str, Any]) -> None:
    """Raise Invalid unless a scale is described whole, and its check has weight and tolerance."""
    for name in HOURS:
        if values[name] is not None and not 0 < values[name] <= MOST_HOURS:
            raise Invalid("A number of whole hours.", pointer=f"/{name}", code="range")
    if any(values[name] is not None for name in WEIGHTS) and not unit:
        raise Invalid("Weights have a unit.", pointer="/unit", code="unit_needed")
    ranged = [values[name] for name in RANGE]
    if any(one is not None for one in ranged):
        if None in ranged:
            raise Invalid(
                "A scale has a range, a resolution and a minimum weight.",
                pointer="/range_max",
                code="not_whole",
            )
        low, high, resolution, minimum = ranged
        if not 0 <= low < high or resolution <= 0 or not low <= minimum <= high:
            raise Invalid(
                "The minimum weight lies within the range, and the resolution is more than zero.",
                pointer="/range_max",
                code="range",
            )
    checks = [values["check_hours"], values["check_weight"], values["check_tolerance"]]
    if any(one is not None for one in checks):
        if None in checks:
            raise Invalid(
                "A daily check has hours, a weight and a tolerance.",
                pointer="/check_hours",
                code="not_whole",
            )
        if checks[1] <= 0 or checks[2] < 0:
            raise Invalid("A check weighs something.", pointer="/check_weight", code="range")
