"""Modes: whether the software, a person, or both move a step on (IEC 61512-1, 5.6; S88-06)."""

from __future__ import annotations

from recipes.rules.steps import CalculationStep, HoldTimeStep, SensorStep, Step, TimerStep
from recipes.rules.weigh_steps import WeighStep

AUTOMATIC, SEMI_AUTOMATIC, MANUAL = "automatic", "semi_automatic", "manual"


def mode_of(phase: Step) -> str:
    """Return the mode in which a step begins.

    What a sensor, a scale alone, a clock or a formula gives is automatic; where a person acts and
    the software leads and judges, it is semi-automatic.
    """
    is_alone = isinstance(phase, WeighStep) and phase.automated
    is_given = isinstance(phase, SensorStep | CalculationStep | TimerStep | HoldTimeStep)
    return AUTOMATIC if is_alone or is_given else SEMI_AUTOMATIC


def may_be_manual(phase: Step) -> bool:
    """Say whether a person can read what the instrument of a step shows, and type it."""
    return isinstance(phase, SensorStep) or (isinstance(phase, WeighStep) and phase.automated)
