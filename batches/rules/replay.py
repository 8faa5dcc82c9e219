"""What-if replay: what another version of a recipe would have said of values that were recorded.

A value is judged by the limits, the formula and the design space of the other version, as if it had
been entered under it. Nothing is written: what was recorded stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from batches.rules.calculations import computed
from batches.rules.controls import judged_result
from batches.rules.verdicts import Judged, judged_choice, judged_hold, judged_number, judged_time
from kernel.errors import Refusal
from kernel.quantities import quantity_label, text_of
from recipes.rules.control_steps import ControlStep
from recipes.rules.designspace import outside
from recipes.rules.document import Document
from recipes.rules.scaling import parameter_values
from recipes.rules.steps import (
    CalculationStep,
    ChoiceStep,
    HoldTimeStep,
    NumberStep,
    SensorStep,
    Step,
    TimerStep,
)

Effect = Literal["raised", "refused", "gone", "changed", "absent"]
CALM = ("ok", "in_range")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A value that stands in the record of a batch.

    Args:
        value: the number, where there is one; ``entered`` is the text, or the answer chosen.
        verdict: what was said of it then.
    """

    code: str
    kind: str
    entered: str
    value: Decimal | None
    unit: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A value of which the other version says something else.

    Args:
        effect: ``raised`` an exception that was none, ``refused`` by a hard limit or the design
            space, ``gone`` an exception that would be none, ``changed`` result of a formula,
            ``absent`` in the other version.
    """

    code: str
    effect: Effect
    was: str
    then: str
    now: str


def differences(
    document: Document, recorded: Mapping[str, Recorded], order: Mapping[str, Decimal]
) -> Iterator[Difference]:
    """Yield what ``document`` would have said otherwise of the values of one batch.

    Args:
        recorded: the values by the code of their step.
        order: what the order says of the patient.
    """
    steps = {step.code: step for step in document.steps}
    numbers = {code: one.value for code, one in recorded.items() if one.value is not None}
    for code, one in recorded.items():
        step = steps.get(code)
        if step is None or step.kind != one.kind:
            yield Difference(
                code=code, effect="absent", was=_words(one), then=one.verdict, now="no such step"
            )
            continue
        found = _of_step(document, step, one, numbers, order)
        if found is not None:
            yield found


def _of_step(
    document: Document,
    step: Step,
    one: Recorded,
    numbers: Mapping[str, Decimal],
    order: Mapping[str, Decimal],
) -> Difference | None:
    value = one.value
    if isinstance(step, CalculationStep):
        try:
            value = computed(step, document=document, order=order, steps=numbers).value
        except Refusal as refusal:
            return _told(step, "refused", one, refusal.detail)
    judged = _judged(step, one, value)
    if judged is None:
        return None
    space = _outside(document, step, value, numbers, order)
    if space:
        judged = Judged(word="outside_space", reason=space, exception_kind="outside_design_space")
    if judged.word == "hard_limit":
        return _told(step, "refused", one, judged.reason)
    was_calm = one.verdict in CALM
    if judged.exception_kind and was_calm:
        return _told(step, "raised", one, judged.reason)
    if not judged.exception_kind and not was_calm:
        return _told(step, "gone", one, "in range")
    if value != one.value and value is not None:
        return _told(step, "changed", one, quantity_label(value, one.unit or "1"))
    return None


def _judged(step: Step, one: Recorded, value: Decimal | None) -> Judged | None:
    """Return what the limits of a step say; None where it has none of this kind."""
    match step:
        case ControlStep() if value is not None:
            return judged_result(step, value)
        case NumberStep() | SensorStep() | CalculationStep() if value is not None:
            return judged_number(
                value, step.hard, step.soft, unit=step.unit, is_critical=step.critical
            )
        case TimerStep() if value is not None:
            return judged_time(step, value)
        case HoldTimeStep() if value is not None:
            return judged_hold(step, value)
        case ChoiceStep() if one.entered in {option.value for option in step.options}:
            return judged_choice(step, one.entered)
        case _:
            return None


def _outside(
    document: Document,
    step: Step,
    value: Decimal | None,
    numbers: Mapping[str, Decimal],
    order: Mapping[str, Decimal],
) -> str:
    if not isinstance(step, NumberStep | CalculationStep) or value is None:
        return ""
    regions = [one for one in document.design_space if step.parameter in one.parameters]
    if not regions:
        return ""
    values = dict(parameter_values(document, order))
    for other in document.steps:
        if isinstance(other, NumberStep | CalculationStep) and other.code in numbers:
            values[other.parameter] = numbers[other.code]
    values[step.parameter] = value
    units = {one.code: one.unit for one in document.formula.parameters}
    return "; ".join(told for one in regions for told in outside(one, values, units))


def _words(one: Recorded) -> str:
    return one.entered if one.value is None else f"{text_of(one.value)} {one.unit}".strip()


def _told(step: Step, effect: Effect, one: Recorded, now: str) -> Difference:
    return Difference(code=step.code, effect=effect, was=_words(one), then=one.verdict, now=now)
