"""What an entry means, kind by kind of step: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from batches.commands import control_readings as controls
from batches.commands import readings as plain
from batches.commands import weigh_readings
from batches.commands.readings import Entry, Reading
from recipes.rules.steps import Step as Phase

READINGS: Mapping[str, Callable[[Any, Entry], Reading]] = MappingProxyType(
    {
        "confirm": plain.read_confirm,
        "number": plain.read_number,
        "scan_material": plain.read_material,
        "scan_equipment": plain.read_equipment,
        "timer": plain.read_timer,
        "sensor": plain.read_sensor,
        "calculation": plain.read_calculation,
        "choice": plain.read_choice,
        "text": plain.read_text,
        "date_time": plain.read_date_time,
        "instruction": plain.read_instruction,
        "hold_time": plain.read_hold_time,
        "scan_document": controls.read_document,
        "file": controls.read_no_file,
        "label": controls.read_labels,
        "line_clearance": controls.read_clearance,
        "sample": controls.read_sample,
        "in_process_control": controls.read_result,
        "weigh": weigh_readings.read_weighing,
    }
)


def read(phase: Phase, entry: Entry) -> Reading:
    """Return what ``entry`` means for a step of this kind.

    Raises:
        Invalid: it is none of what the step takes, or beyond its hard limits.
        Conflict: the lot, the equipment or the sensor cannot be used, or the time is not over.
    """
    return READINGS[phase.kind](phase, entry)
