"""Rehearsals: what a simulator shows at each step, which faults it scripts, and what meets them.

A recipe is carried out for training, step after step in the order of the document, with simulated
values. At some steps the simulator shows what a plant sometimes does; whoever rehearses must see it
and do what is right. Nothing here knows a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from batches.rules.calculations import computed
from batches.rules.entries import reason_from, text_from
from batches.rules.verdicts import OK, Judged, judged_choice, judged_number, judged_time
from kernel.errors import Invalid, Refusal
from kernel.quantities import decimal_from, quantity_label, round_half_up, spoken_seconds, text_of
from recipes.rules.document import Document, to_plain
from recipes.rules.examples import ORDER_EXAMPLES, example_of
from recipes.rules.limits import verdict
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
    Step,
    TextStep,
    TimerStep,
)

FaultKind = Literal["limit_breach", "wrong_bag", "late_timer"]
Act = Literal["go_on", "exception", "hold"]

SCENARIOS: Mapping[str, tuple[str, tuple[FaultKind, ...]]] = {
    "limit_breach": ("A value beyond its limits", ("limit_breach",)),
    "wrong_bag": ("The bag of another patient", ("wrong_bag",)),
    "late_timer": ("A timer that is ended too late", ("late_timer",)),
    "everything": ("All of these", ("limit_breach", "wrong_bag", "late_timer")),
}
# What the software takes by itself: nobody types it, so nobody can type another value.
SIMULATED = ("sensor", "timer", "calculation")
# Kinds whose entry the screen of a step shows; every other step is carried out in words.
ENTERED = (
    "confirm", "instruction", "number", "scan_identity", "scan_material", "scan_equipment",
    "timer", "sensor", "calculation", "choice", "text", "date_time", "line_clearance",
    "in_process_control",
)  # fmt: skip
PATIENT, ANOTHER = "REHEARSAL-1", "REHEARSAL-2"
# So many seconds beyond its longest time a timer is ended that is ended too late.
TOO_LATE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A scripted fault: at which step, what the simulator shows there, and which acts meet it."""

    kind: FaultKind
    step: str
    shown: str
    met_by: tuple[Act, ...]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done at a step: the act, what was entered, and what was missed in words."""

    step: str
    act: Act
    entered: str
    reason: str
    word: str
    missed: str


def fitting(document: Document) -> list[str]:
    """Return the scenarios that a recipe has a step for."""
    possible = {fault.kind for fault in _faults(document)}
    return [name for name, (_, kinds) in SCENARIOS.items() if possible.issuperset(kinds)]


def faults_of(document: Document, scenario: str, turn: int = 0) -> list[Fault]:
    """Return the faults of a scenario, each at one of the steps that fit, in their order.

    Args:
        turn: how often the same person has rehearsed it: the next time it is another step.

    Raises:
        Invalid: there is no such scenario, or the recipe has no step for it.
    """
    if scenario not in fitting(document):
        raise Invalid(
            "This recipe has no step for that scenario.", pointer="/scenario", code="unknown"
        )
    fits: dict[FaultKind, list[Fault]] = {}
    for fault in _faults(document):
        fits.setdefault(fault.kind, []).append(fault)
    chosen = [fits[kind][turn % len(fits[kind])] for kind in SCENARIOS[scenario][1]]
    places = [step.code for step in document.steps]
    return sorted(chosen, key=lambda fault: places.index(fault.step))


def _faults(document: Document) -> Iterator[Fault]:
    """Yield every fault that the steps of a recipe can have, in order."""
    for step in document.steps:
        match step:
            case NumberStep() | SensorStep():
                beyond = _beyond(step)
                if beyond is not None:
                    yield beyond
            case ScanIdentityStep(target="bag"):
                yield Fault(
                    kind="wrong_bag", step=step.code, shown=f"{ANOTHER}/bag", met_by=("hold",),
                    told="The bag was another patient's",
                )  # fmt: skip
            case TimerStep(max_seconds=int(most)):
                yield Fault(
                    kind="late_timer", step=step.code, shown=str(most + TOO_LATE_S),
                    met_by=("exception", "hold"), told="The timer was ended too late",
                )  # fmt: skip
            case _:
                pass


def _beyond(step: NumberStep | SensorStep) -> Fault | None:
    """Return the fault of a value just beyond a limit; None where there is none to break."""
    for limits in (step.soft, step.hard):
        for edge, sign in ((limits.max, 1), (limits.min, -1)) if limits else ():
            if edge is None:
                continue
            places = max(step.decimals, -int(edge.as_tuple().exponent))
            value = edge + sign * Decimal(1).scaleb(-places)
            outcome = verdict(value, step.hard, step.soft, unit=step.unit).outcome
            if outcome != "in_limits":
                is_soft = outcome == "soft_breach"
                return Fault(
                    kind="limit_breach",
                    step=step.code,
                    shown=text_of(value),
                    met_by=("exception", "hold") if is_soft else ("hold",),
                    told=f"{quantity_label(value, step.unit)} is beyond the limits",
                )
    return None


def shown_at(
    document: Document, step: Step, faults: Iterable[Fault], found: Mapping[str, Decimal]
) -> str:
    """Return what the simulator shows at a step; nothing where there is nothing to see.

    Args:
        found: the numbers of the steps before, by their codes.
    """
    fault = next((one for one in faults if one.step == step.code), None)
    if fault is not None:
        return fault.shown
    match step:
        case NumberStep() | SensorStep():
            return text_of(_expected(document, step))
        case ScanIdentityStep(target=target):
            return f"{PATIENT}/{target}"
        case ScanMaterialStep(material=code):
            return f"LOT-{code}"
        case ScanEquipmentStep(equipment=code):
            return f"UNIT-{code}"
        case TimerStep():
            return str(step.min_seconds)
        case ChoiceStep():
            return step.accepted[0] if step.accepted else step.options[0].value
        case CalculationStep():
            return _result(document, step, found)
        case _:
            return ""


def _expected(document: Document, step: NumberStep | SensorStep) -> Decimal:
    """Return a value that is well within the limits of a step, where there is one.

    The example of a recipe may lie on a limit that is no part of the range ("below 5.0").
    """
    value = round_half_up(example_of(to_plain(document), step.code), step.decimals)
    places = [step.decimals] + [
        -int(edge.as_tuple().exponent)
        for one in (step.soft, step.hard)
        for edge in ((one.min, one.max) if one else ())
        if edge is not None
    ]
    inside = (
        value + way
        for size in (min(places), step.decimals)
        for way in (Decimal(0), -Decimal(1).scaleb(-size), Decimal(1).scaleb(-size))
        if verdict(value + way, step.hard, step.soft, unit=step.unit).is_in_limits
    )
    return round_half_up(next(inside, value), step.decimals)


def _result(document: Document, step: CalculationStep, found: Mapping[str, Decimal]) -> str:
    order = {name: value for name, (value, _) in ORDER_EXAMPLES.items()}
    plain = to_plain(document)
    examples = {one.code: example_of(plain, one.code) for one in document.steps}
    try:
        return computed(step, document=document, order=order, steps={**examples, **found}).text()
    except Refusal:
        return "0"


def words_at(step: Step, shown: str) -> str:
    """Return in words what is to be seen in the plant at this step."""
    match step:
        case NumberStep():
            return f"The instrument reads {quantity_label(decimal_from(shown), step.unit)}."
        case SensorStep():
            return f"The sensor shows {quantity_label(decimal_from(shown), step.unit)}."
        case ScanIdentityStep(target=target):
            return f"On the {target} in your hand stands {shown}."
        case ScanMaterialStep() | ScanEquipmentStep():
            return f"The code in front of you is {shown}."
        case TimerStep():
            return f"{spoken_seconds(int(shown))} have passed."
        case ChoiceStep():
            label = next((one.label for one in step.options if one.value == shown), shown)
            return f"You see: {label}."
        case _:
            return ""


def carried_out(
    step: Step, fault: Fault | None, *, act: str, entered: str, reason: str, shown: str
) -> Done:
    """Return what somebody did at a step, judged as a batch would judge it.

    Args:
        act: "go_on" to enter and go on, or "hold" to stop the work.
        shown: what the simulator shows.

    Raises:
        Invalid: a batch would refuse it: beyond a hard limit, a wrong identity, no reason.
    """
    if act == "hold":
        words = reason_from(reason, what="A hold")
        return _done(step, fault, "hold", "", words, "held", "")
    value = shown if step.kind in SIMULATED else entered
    judged = _judged(step, value, shown)
    if judged.exception_kind:
        reason = reason_from(reason, what="What is out of the ordinary")
    kind: Act = "exception" if judged.exception_kind else "go_on"
    stray = _stray(step, value, shown)
    return _done(step, fault, kind, value, reason.strip(), judged.word, stray)


def _done(
    step: Step, fault: Fault | None, act: Act, entered: str, reason: str, word: str, stray: str
) -> Done:
    missed = stray
    if not missed and fault is not None and act not in fault.met_by:
        missed = f"{step.code}: {fault.told}, and the work went on."
    return Done(
        step=step.code, act=act, entered=entered[:400], reason=reason, word=word, missed=missed
    )


def _judged(step: Step, value: str, shown: str) -> Judged:
    match step:
        case NumberStep() | SensorStep():
            number = decimal_from(value, pointer="/value")
            judged = judged_number(
                number, step.hard, step.soft, unit=step.unit, is_critical=step.critical
            )
            if judged.word == "hard_limit":
                raise Invalid(
                    f"{judged.reason}. Nothing was stored. Correct a typing error, or put it on"
                    " hold.",
                    pointer="/value",
                    code="hard_limit",
                )
            return judged
        case ScanIdentityStep(target=target):
            expected = f"{PATIENT}/{target}"
            if value.strip() != expected:
                raise Invalid(
                    f"Expected {expected}, scanned {value.strip()[:40]}: WRONG PATIENT.",
                    pointer="/value",
                    code="identity",
                )
            return OK
        case ScanMaterialStep() | ScanEquipmentStep():
            if value.strip() != shown:
                raise Invalid("There is no such code here.", pointer="/value", code="unknown")
            return OK
        case TimerStep():
            return judged_time(step, Decimal(shown))
        case ChoiceStep():
            if value not in {one.value for one in step.options}:
                raise Invalid("Choose one of the answers.", pointer="/value", code="unknown")
            return judged_choice(step, value)
        case TextStep() | DateTimeStep():
            text_from(value, pointer="/value")
            return OK
        case ConfirmStep(checks=checks) if checks and value != "all":
            raise Invalid("Tick every point.", pointer="/value", code="unchecked")
        case InstructionStep() | _:
            return OK


def _stray(step: Step, value: str, shown: str) -> str:
    """Return in words where somebody entered what is not there to be seen (DI: accurate)."""
    match step:
        case NumberStep() if decimal_from(value) != decimal_from(shown):
            return f"{step.code}: {value.strip()[:40]} was entered, the instrument read {shown}."
        case ScanIdentityStep() if value.strip() != shown:
            return f"{step.code}: the code of the patient was entered, the bag bore {shown}."
        case ChoiceStep() if value != shown:
            return f"{step.code}: another answer was given than what was to be seen."
        case _:
            return ""


def missed_in(faults: Sequence[Fault], acts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return everything that was missed, in words; nothing where the rehearsal is passed."""
    told = [str(one["missed"]) for one in acts if one["missed"]]
    reached = {one["step"] for one in acts}
    return told + [f"{one.step}: never reached." for one in faults if one.step not in reached]
