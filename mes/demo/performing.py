"""Performing: how the demo and the tests carry out the steps of any recipe, by the commands alone.

Numbers are taken from the middle of their limits, codes from what lies at the site; ``entries``
overrides both, by the code of the step, or of one execution of it ("S07#2"); "=S12" enters what
was found in step S12. The clock is
given, and moves on with each gesture.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from audit.acts import Act
from audit.models import User
from audit.signing import Proof, digest_of
from batches import commands, queries
from batches.models import Batch, Step
from batches.ports import LiveValue, SensorReader, set_sensor_reader
from batches.rules.controls import sample_code
from batches.rules.laboratory import TestData
from kernel.quantities import round_half_up, text_of
from recipes.rules.control_steps import ControlStep, SampleStep, ScanDocumentStep
from recipes.rules.file_steps import FileStep, LabelStep
from recipes.rules.limits import Range
from recipes.rules.steps import (
    CalculationStep,
    ChoiceStep,
    ConfirmStep,
    DateTimeStep,
    InstructionStep,
    NumberStep,
    ScanEquipmentStep,
    ScanIdentityStep,
    ScanMaterialStep,
    SensorStep,
    TextStep,
    TimerStep,
)
from recipes.rules.weigh_steps import WeighStep
from supply.models import Container, Equipment, MaterialLot

# What must agree with an earlier result for the recipes that come with the house.
ENTRIES: Mapping[str, Mapping[str, str]] = {
    "CART-19-MBR": {"S13": "=S12"},
}
# What an analyst enters in a test whose result is computed.
AMOUNTS: Mapping[str, Mapping[str, str]] = {
    "S06V": {"counted": "248", "stained": "17", "volume": "10"},
}
# What is handed in where a file is asked for and none is at hand.
NOTE = b"what,value\nlooked at,nothing unusual\n"
# A gray picture, for steps that ask for one and have no camera.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwCAIAAAAuKetIAAAARklEQVR42u3PAQkAMAgAMH3/OEYwh1neQhC2Bsvp"
    "isteHCcgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICCw5wN2IwK2zjlmqwAAAABJRU5ErkJggg=="
)
OPEN = ("ready", "running", "performed")


@dataclass(slots=True, kw_only=True)
class Shift:
    """Two people, the time of their clock, and what they enter where the middle will not do."""

    performer: User
    verifier: User
    qa: User | None = None
    at: datetime
    pace: timedelta = timedelta(seconds=40)
    entries: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def act(self, user: User, *, after: timedelta | None = None) -> Act:
        """Return the next act of ``user``; the clock moves on."""
        self.at += self.pace if after is None else after
        return Act(id=uuid4(), by=user, at=self.at, origin="demo")


def perform_batch(batch: Batch, shift: Shift, *, until: str = "") -> None:
    """Perform every step of a running batch in order, or those before the step ``until``.

    Rounds of loops are performed as they come; what is skipped never opens.
    """
    end = batch.steps.filter(code=until).values_list("ordinal", flat=True).first()
    open_now = batch.steps.filter(state__in=OPEN).order_by("ordinal", "inserted")
    while (step := open_now.first()) is not None and (end is None or step.ordinal < end):
        perform_step(step, shift)


def perform_step(step: Step, shift: Shift) -> Step:
    """Start, fill, sign and, where the recipe asks for it, verify one step."""
    phase = queries.definition_of(step)
    person = shift.qa if "operator" not in phase.roles and shift.qa else shift.performer
    if fresh(step).state == "ready":
        commands.start_step(step_id=step.pk, seen=fresh(step).version, act=shift.act(person))
    step = fresh(step)
    if step.state == "running" and not queries.current_values(queries.values_of(step)):
        fill(step, shift, person)
    step = fresh(step)
    if step.state == "running":
        sign(step, shift, person)
    step = fresh(step)
    if step.state == "performed":
        act = shift.act(shift.verifier)
        commands.verify_step(
            step_id=step.pk,
            seen=step.version,
            proof=Proof(user=shift.verifier, at=act.at),
            seen_digest=digest_of(queries.step_statement(step)),
            act=act,
        )
    return fresh(step)


def fresh(step: Step) -> Step:
    """Return a step as it stands now."""
    return Step.objects.select_related(
        "batch__order__patient", "batch__recipe_version__recipe"
    ).get(pk=step.pk)


def sign(step: Step, shift: Shift, person: User) -> None:
    """Sign a filled step as performed."""
    act = shift.act(person)
    commands.sign_step(
        step_id=step.pk,
        seen=step.version,
        proof=Proof(user=person, at=act.at),
        seen_digest=digest_of(queries.step_statement(step)),
        act=act,
    )


def fill(step: Step, shift: Shift, person: User) -> None:
    """Enter the value of a step, if it asks for one."""
    phase = queries.definition_of(step)
    if isinstance(phase, ConfirmStep) and not phase.checks:
        return
    if isinstance(phase, FileStep):
        commands.attach_file(
            step_id=step.pk,
            seen=step.version,
            content=PICTURE if "image" in phase.accept else NOTE,
            name="looked at",
            act=shift.act(person),
        )
        return
    if isinstance(phase, WeighStep):
        step = weigh(step, phase, shift, person)
    if isinstance(phase, LabelStep):
        commands.print_labels(step_id=step.pk, seen=step.version, act=shift.act(person))
        step = fresh(step)
    wait = None
    if isinstance(phase, TimerStep) and step.started_at is not None:
        over = step.started_at + timedelta(seconds=phase.min_seconds + 1)
        wait = max(over - shift.at, timedelta(seconds=1))
    commands.enter_value(
        step_id=step.pk,
        seen=step.version,
        entered=entry_of(step, shift),
        source="scanned",
        reason=shift.reasons.get(step.code, ""),
        test=data_of_test(step),
        act=shift.act(person, after=wait),
    )


def weigh(step: Step, phase: WeighStep, shift: Shift, person: User) -> Step:
    """Weigh all that a step asks for into one container, on a scale that tells it."""
    commands.weigh_empty(
        step_id=step.pk,
        seen=step.version,
        lot=usable_lot(step.batch, phase.material),
        scale=usable_unit(step.batch, phase.equipment),
        act=shift.act(person),
    )
    step = fresh(step)
    commands.weigh_full(step_id=step.pk, seen=step.version, act=shift.act(person))
    return fresh(step)


def data_of_test(step: Step) -> TestData | None:
    """Return what an analyst enters beside a result, where a laboratory record is kept."""
    phase = queries.definition_of(step)
    if not isinstance(phase, ControlStep) or phase.laboratory is None:
        return None
    taken = step.batch.steps.filter(code=phase.sample).order_by("-execution")[0]
    usual = AMOUNTS.get(step.code, {})
    return TestData(
        sample=sample_code(step.batch.number, taken.code, taken.execution),
        amounts={one.name: usual.get(one.name, "1") for one in phase.laboratory.amounts},
        content=NOTE if "csv" in phase.laboratory.raw_data else PICTURE,
        file_name="raw data",
    )


def entry_of(step: Step, shift: Shift) -> str:
    """Return what is entered in this step: what the shift says, else what is usual."""
    usual = ENTRIES.get(step.batch.recipe_version.recipe.code, {}).get(step.code, "")
    said = shift.entries.get(f"{step.code}#{step.execution}", "")
    said = said or shift.entries.get(step.code, usual)
    if said.startswith("="):
        return text_of(queries.found_values(step.batch)[said[1:]])
    return said or entry_for(step)


def entry_for(step: Step) -> str:
    """Return what a careful operator would enter or scan in this step."""
    batch = step.batch
    match queries.definition_of(step):
        case ConfirmStep(checks=checks):
            return ",".join(str(place) for place in range(len(checks)))
        case DateTimeStep(relative_to="now") as phase:
            edges = (phase.earliest_seconds or 0, phase.latest_seconds or 0)
            at = (step.started_at or step.batch.updated_at) + timedelta(seconds=sum(edges) // 2)
            return f"{at:%Y-%m-%d %H:%M}+00:00"
        case LabelStep(copies=copies):
            return str(copies)
        case ScanDocumentStep(document=document, version=version):
            return f"{document}/{version}"
        case SampleStep(material=code) if code:
            return usable_lot(batch, code)
        case SampleStep(quantity=quantity):
            return text_of(quantity)
        case NumberStep(hard=hard, soft=soft, decimals=decimals):
            return middle(soft or hard, decimals)
        case ChoiceStep(accepted=accepted):
            return accepted[0]
        case TextStep(pattern=pattern):
            return pattern or "Nothing unusual"
        case InstructionStep():
            return "read"
        case ScanIdentityStep(target="label"):
            return batch.order.chain.value
        case ScanIdentityStep():
            bags = Container.objects.filter(chain=batch.order.chain).order_by("ordinal")
            return bags.values_list("code", flat=True)[0]
        case ScanMaterialStep(material=code):
            return usable_lot(batch, code)
        case ScanEquipmentStep(equipment=code):
            return usable_unit(batch, code)
        case _:
            return ""


def usable_lot(batch: Batch, material: str) -> str:
    """Return the number of the approved lot of a material that expires first."""
    lots = MaterialLot.objects.filter(material__code=material, site=batch.site, state="approved")
    return lots.order_by("expires_on").values_list("number", flat=True)[0]


def usable_unit(batch: Batch, equipment_class: str) -> str:
    """Return the code of the first unit of a class that stands ready."""
    found = Equipment.objects.filter(
        equipment_class=equipment_class, site=batch.site, state="ready"
    )
    return found.order_by("code").values_list("code", flat=True)[0]


def middle(limits: Range | None, decimals: int) -> str:
    """Return a number well within limits, with as many decimals as the step asks for."""
    if limits is None or limits.is_open:
        return text_of(round_half_up(Decimal(1), decimals))
    low, high = limits.min, limits.max
    if low is None or high is None:
        edge = low if low is not None else high
        assert edge is not None, "a range that is not open has an edge"
        factor = Decimal("1.2") if high is None else Decimal("0.8")
        return text_of(round_half_up(edge * factor, decimals))
    return text_of(round_half_up((low + high) / 2, decimals))


@contextmanager
def steady_sensors(shift: Shift, batch: Batch) -> Iterator[None]:
    """Let every sensor that the recipe asks for show the middle of its limits, at the shift's time."""
    phases = [
        phase for phase in queries.document_of_batch(batch).steps if isinstance(phase, SensorStep)
    ]

    def read(room: str, place: str, quantity: str) -> LiveValue | None:
        for phase in phases:
            if (phase.place, phase.quantity) == (place, quantity):
                value = Decimal(middle(phase.soft or phase.hard, phase.decimals))
                return LiveValue(
                    sensor=f"{room}-{quantity}", value=value, unit=phase.unit, at=shift.at
                )
        return None

    reader: SensorReader = read
    before = set_sensor_reader(reader)
    try:
        yield
    finally:
        set_sensor_reader(before)


def computed_steps(batch: Batch) -> list[CalculationStep]:
    """Return the calculations of a batch, for whoever must choose entries that fit them."""
    document = queries.document_of_batch(batch)
    return [phase for phase in document.steps if isinstance(phase, CalculationStep)]
