"""Weighing and dispensing: container by container, on a scale that is fit, out of lots that may be used.

Sources: 21 CFR 211.101 (charge-in of components), 211.188(b)(4), 11.10(h) (device checks). A weight
comes from the scale; one that is typed has a reason and is an exception (requirement A11D-06).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.acts import Act, command, record
from audit.queries import next_id
from batches.commands.locks import check_seen, require_running, save_step, step_for_update
from batches.commands.steps import require_open, require_performer
from batches.commands.telling import tell_exception
from batches.models import Step, Weighing
from batches.queries.statements import current_values, values_of
from batches.queries.weighing import (
    counted_of,
    scale_of,
    target_of,
    weighings_of,
)
from batches.queries.work import definition_of
from batches.rules.entries import reason_from
from batches.rules.modes import MANUAL
from batches.rules.weighing import (
    WHOLE,
    Held,
    Scale,
    in_unit,
    net_of,
    still_wanted,
    why_not_on,
    why_not_shown,
)
from batches.states import WEIGHING
from kernel.errors import AlreadyDone, Conflict, Invalid
from kernel.quantities import (
    decimal_from,
    places_of,
    quantity_label,
    round_half_up,
    unit_from,
)
from recipes.rules.weigh_steps import WeighStep
from supply import commands as supply
from supply.queries import equipment_coded, reasons_against

Source = Weighing.Source
MOST_CONTAINERS = 99
_LOT_PLACES = 4
_MOST_PLACES = 6
# What a container of its own weighs on a scale that is only simulated, of the most it can weigh.
_EMPTY = Decimal("0.04")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A weight in the unit of its scale, and whether the scale or a person told it."""

    value: Decimal
    source: str
    reason: str


@command
def weigh_empty(
    *,
    step_id: int,
    seen: int,
    lot: str,
    scale: str,
    is_typed: bool = False,
    typed_reason: str = "",
    entered: str = "",
    unit: str = "",
    reason: str = "",
    act: Act,
) -> Weighing:
    """Weigh an empty container (its tare), to be filled from one lot on one scale.

    Args:
        lot: the code of the lot, as it was scanned.
        scale: the code of the scale, as it was scanned.
        is_typed: one of the codes was typed, not scanned; ``typed_reason`` says why.
        entered: the weight as it was typed; nothing: the scale is asked.

    Raises:
        Conflict: the lot may not be used, the scale is not fit for this weight, or shows none.
        Invalid: what was typed is no weight, or nobody says why it was typed.
        AlreadyDone: the weighing is finished.
        StaleView: the step changed after it was shown.
    """
    why_typed = reason_from(typed_reason, what="A code that was typed,") if is_typed else ""
    shown = None if entered else _shown(step_id, scale, None, act)
    step, phase = _open_step(step_id, seen, act)
    taken, used, known = _taken_and_used(step, phase, lot, scale, act)
    weight = shown or _typed(step, phase, known, entered, unit, reason)
    _require_shown(known, weight.value, None)
    made = Weighing(
        id=next_id(Weighing),
        batch_id=step.batch_id,
        step=step,
        number=_next_number(step),
        lot=taken,
        potency=taken.potency,
        scale=used,
        calibration_due_on=used.calibration_due_on,
        unit=known.unit,
        tare=weight.value,
        tare_source=weight.source,
        tared_by=act.by,
        tared_at=act.at,
        reason=weight.reason,
    )
    made.save(force_insert=True)
    record(act, "weigh_empty", made)
    _tell(step, made, weight, why_typed, act)
    return made


@command
def weigh_full(
    *, step_id: int, seen: int, entered: str = "", unit: str = "", reason: str = "", act: Act
) -> Weighing:
    """Weigh the container that was filled; what is in it is taken from its lot.

    Raises:
        Conflict: no container stands empty, its scale or its lot may not be used any more, or the
            scale shows no weight.
        Invalid: it is too much, too little to be weighed there, or what was typed is no weight.
        StaleView: the step changed after it was shown.
    """
    waiting = (
        Weighing.objects.select_related("scale").filter(step_id=step_id, state="tared").first()
    )
    if waiting is None:
        raise Conflict("Weigh the empty container first.", code="not_tared")
    shown = None if entered else _shown(step_id, waiting.scale.code, waiting, act)
    step, phase = _open_step(step_id, seen, act)
    made = Weighing.objects.select_for_update(of=("self",)).get(pk=waiting.pk)
    reasons = reasons_against(waiting.scale, batch=step.batch.number, at=act.at)
    if reasons:
        words = " ".join(one.words for one in reasons)
        raise Conflict(words, pointer="/scale", code=reasons[0].code)
    known, _target = scale_of(waiting.scale), target_of(step, phase)
    weight = shown or _typed(step, phase, known, entered, unit, reason)
    net = net_of(made.tare, weight.value)
    _require_shown(known, weight.value, net)
    held = Held(net=in_unit(net, known.unit, phase.unit), potency=made.potency)
    if phase.beyond == "refused":
        _require_room(phase, step, held)
    made.gross, made.gross_source, made.net = weight.value, weight.source, net
    made.taken = _out_of(made, net, known, step, act)
    made.weighed_by, made.weighed_at = act.by, act.at
    made.reason = "; ".join(one for one in (made.reason, weight.reason) if one)[:1000]
    made.state = WEIGHING.after(made.state, "weigh")
    made.save(
        update_fields=[
            "gross", "gross_source", "net", "taken", "weighed_by", "weighed_at", "reason", "state",
        ]
    )  # fmt: skip
    record(act, "weigh", made)
    _tell(step, made, weight, "", act)
    return made


@command
def discard_container(*, step_id: int, seen: int, reason: str, act: Act) -> Weighing:
    """Give up a container that was weighed empty: nothing was taken for it.

    Raises:
        Conflict: no container stands empty.
        Invalid: nobody says why.
        StaleView: the step changed after it was shown.
    """
    step, _ = _open_step(step_id, seen, act)
    words = reason_from(reason, what="A container that is given up")
    made = step.weighings.select_for_update(of=("self",)).filter(state="tared").first()
    if made is None:
        raise Conflict("No container stands empty.", code="not_tared")
    made.state = WEIGHING.after(made.state, "discard")
    made.save(update_fields=["state"])
    record(act, "discard", made, reason=words)
    save_step(step, "weigh", act=act)
    return made


@command
def return_container(*, step_id: int, seen: int, number: int, reason: str, act: Act) -> Weighing:
    """Put what is in a container back into its lot (a reverse dispense); the row stays.

    Raises:
        Conflict: there is no such full container.
        Invalid: nobody says why.
        AlreadyDone: the weighing is finished.
        StaleView: the step changed after it was shown.
    """
    step, _ = _open_step(step_id, seen, act)
    words = reason_from(reason, what="A container that goes back")
    rows = step.weighings.select_for_update(of=("self",)).select_related("lot__material")
    made = rows.filter(number=number).first()
    if made is None:
        raise Conflict(f"There is no container {number}.", code="unknown")
    made.state = WEIGHING.after(made.state, "return")
    made.save(update_fields=["state"])
    record(act, "return", made, reason=words)
    assert made.taken is not None, "a full container was taken from a lot"
    supply.return_to_lot(
        lot_id=made.lot_id, quantity=made.taken, unit=made.lot.material.unit, act=act
    )
    detail = f"{step.code} {step.title}: container {made.code} was returned: {words}"
    tell_exception(step, "returned", "warning", detail, act=act)
    save_step(step, "weigh", act=act)
    return made


def _open_step(step_id: int, seen: int, act: Act) -> tuple[Step, WeighStep]:
    """Return a weighing step that is being worked on, under lock, before its weighing is finished."""
    step = step_for_update(step_id, act=act)
    require_performer(step, act)
    require_running(step.batch)
    require_open(step)
    check_seen(seen, step.version)
    phase = definition_of(step)
    if not isinstance(phase, WeighStep):
        raise Conflict(f"Step {step.code} weighs nothing.", code="no_weighing")
    if current_values(values_of(step)):
        raise AlreadyDone("The weighing is finished.")
    return step, phase


def _taken_and_used(
    step: Step, phase: WeighStep, lot: str, scale: str, act: Act
) -> tuple[Any, Any, Scale]:
    """Return the lot and the scale that were scanned, if they may be used for this weighing."""
    taken = supply.lot_scanned(
        material_code=phase.material, scanned=lot, site=step.batch.site, on=act.at.date()
    )
    used = supply.use_equipment(
        scanned=scale,
        equipment_class=phase.equipment,
        site=step.batch.site,
        on=act.at.date(),
        used_in=step.batch.number,
        act=act,
    )
    known, target = scale_of(used), target_of(step, phase)
    unfit = why_not_on(known, target)
    if unfit:
        raise Conflict(unfit, pointer="/scale", code="scale_unfit")
    # A lot whose potency must be known, and is not, is refused before anything is weighed.
    still_wanted(target, Decimal(0), nominal=phase.nominal_potency, potency=taken.potency)
    return taken, used, known


def _shown(step_id: int, scale: str, container: Weighing | None, act: Act) -> Weight:
    """Ask the scale, before anything is locked: it may take seconds to come to rest."""
    step = Step.objects.select_related("batch__site").get(pk=step_id)
    require_performer(step, act)
    phase = definition_of(step)
    if not isinstance(phase, WeighStep):
        raise Conflict(f"Step {step.code} weighs nothing.", code="no_weighing")
    unit = equipment_coded(scale, site=step.batch.site)
    known = scale_of(unit)
    load = known.most * _EMPTY
    if container is not None:
        missing = still_wanted(
            target_of(step, phase),
            counted_of([one for one in weighings_of(step) if one.state == "weighed"], phase),
            nominal=phase.nominal_potency,
            potency=container.potency,
        )
        load = container.tare + in_unit(missing, phase.unit, known.unit)
    shown = supply.read_scale(unit, load=load)
    value = in_unit(shown.value, shown.unit, known.unit)
    if places_of(value) > _MOST_PLACES:
        raise Conflict(f"The scale shows more than {_MOST_PLACES} decimals.", code="too_precise")
    return Weight(value=value, source=Source.DEVICE, reason="")


def _typed(
    step: Step, phase: WeighStep, known: Scale, entered: str, unit: str, reason: str
) -> Weight:
    """Return a weight that somebody typed, with the reason why the scale did not tell it."""
    if phase.automated and step.mode != MANUAL:
        raise Conflict("This weight comes from the scale: it is not typed.", code="device_only")
    value = decimal_from(entered, pointer="/value")
    if places_of(value) > _MOST_PLACES:
        raise Invalid(f"At most {_MOST_PLACES} decimals.", pointer="/value", code="too_precise")
    if unit and unit_from(unit, pointer="/unit") != known.unit:
        raise Invalid(
            f"{known.name} shows {known.unit}, not {unit}.", pointer="/unit", code="unit_mismatch"
        )
    words = reason_from(reason, what="A weight that is typed")
    return Weight(value=value, source=Source.KEYED, reason=words)


def _require_shown(known: Scale, shown: Decimal, net: Decimal | None) -> None:
    why_not = why_not_shown(known, shown, net)
    if why_not:
        raise Invalid(f"{why_not}.", pointer="/value", code="out_of_range")


def _require_room(phase: WeighStep, step: Step, held: Held) -> None:
    """Refuse a container that makes it too much, where the recipe does not take that."""
    target = target_of(step, phase)
    before = [one for one in weighings_of(step) if one.state == "weighed"]
    share = held.net
    if phase.nominal_potency is not None:
        share = held.net * (held.potency or WHOLE) / phase.nominal_potency
    found = round_half_up(counted_of(before, phase) + share, phase.decimals)
    if found > target.high:
        told = quantity_label(found, phase.unit)
        most = quantity_label(target.high, phase.unit)
        raise Invalid(
            f"{told} in all is above {most}. Nothing was stored: take some out.",
            pointer="/value",
            code="hard_limit",
        )


def _out_of(made: Weighing, net: Decimal, known: Scale, step: Step, act: Act) -> Decimal:
    """Take a net weight out of the lot of a container, in the unit in which the lot is kept."""
    material = made.lot.material
    taken = round_half_up(in_unit(net, known.unit, material.unit), _LOT_PLACES)
    supply.use_lot(
        material_code=material.code,
        scanned=made.lot.number,
        quantity=taken,
        unit=material.unit,
        site=step.batch.site,
        on=act.at.date(),
        act=act,
    )
    return taken


def _next_number(step: Step) -> int:
    """Return the number of the next container of a step."""
    if step.weighings.filter(state="tared").exists():
        raise Conflict("Fill the container that is on the scale first.", code="not_filled")
    number = step.weighings.count() + 1
    if number > MOST_CONTAINERS:
        raise Conflict(f"At most {MOST_CONTAINERS} containers.", code="too_many")
    return number


def _tell(step: Step, made: Weighing, weight: Weight, why_typed: str, act: Act) -> None:
    """Count the change of the step, and tell of a weight or a code that somebody typed."""
    save_step(step, "weigh", act=act)
    if weight.source == Source.KEYED:
        detail = f"{step.code} {step.title}: a weight of {made.code} was typed: {weight.reason}"
        tell_exception(step, "keyed", "warning", detail, act=act)
    if why_typed:
        detail = f"{step.code} {step.title}: the code was typed, not scanned: {why_typed}"
        tell_exception(step, "keyed", "note", detail, act=act)
