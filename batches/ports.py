"""Sockets for what only a higher floor knows; the roof plugs it in (``mes/wiring.py``).

Sensors are watched two floors up, and a step that takes a live value into the record must ask
for it. Importing upward is not allowed, so the roof hands down one function when it is built::

    from batches.ports import set_room_reader, set_sensor_reader
    set_sensor_reader(value_in_room)    # (room_code, place, quantity) -> LiveValue | None
    set_room_reader(sensors_in_room)    # (room_code) -> list[RoomSensor], for the screens

Until then, and whenever no sensor answers, there is no value: a step cannot be signed without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batches.models import Batch
    from batches.rules.copies import Original


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveValue:
    """What a sensor showed last: its code, the value in its unit, when, and whether it is usable."""

    sensor: str
    value: Decimal
    unit: str
    at: datetime
    is_good: bool = True


# Asked with the code of the room, the place in it ("room", "incubator") and the quantity.
SensorReader = Callable[[str, str, str], LiveValue | None]


def _nothing(room: str, place: str, quantity: str) -> LiveValue | None:
    return None


_reader: list[SensorReader] = [_nothing]


def set_sensor_reader(reader: SensorReader | None) -> SensorReader:
    """Plug in who reads live values (None unplugs), and return who did before."""
    before = _reader[0]
    _reader[0] = reader or _nothing
    return before


def sensor_value(room: str, place: str, quantity: str) -> LiveValue | None:
    """Return what the sensor of that place shows now, or None when there is none."""
    return _reader[0](room, place, quantity)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSensor:
    """A sensor as the screen of a step shows it: what it showed last, and whether it is in alarm."""

    sensor: str
    name: str
    unit: str
    value: Decimal | None
    at: datetime | None
    alarm: str = ""


RoomReader = Callable[[str], list[RoomSensor]]


def _nobody(room: str) -> list[RoomSensor]:
    return []


_room: list[RoomReader] = [_nobody]


def set_room_reader(reader: RoomReader | None) -> RoomReader:
    """Plug in who knows the sensors of a room (None unplugs), and return who did before."""
    before = _room[0]
    _room[0] = reader or _nobody
    return before


def room_sensors(room: str) -> list[RoomSensor]:
    """Return the sensors of a room and of what stands in it, as they are now."""
    return _room[0](room)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelWords:
    """What is printed on labels: their lines, the batch, the chain of identity, a serial for each.

    ``reprint`` is the how manieth reprint this is; 0 for the print. ``replaces`` is the serial of
    the label that is void from now on.
    """

    lines: tuple[str, ...]
    batch: str
    chain: str
    serials: tuple[str, ...]
    reprint: int
    replaces: str = ""


# Makes the labels, as the bytes that are printed.
LabelDrawer = Callable[[LabelWords], bytes]
_drawer: list[LabelDrawer] = []


def set_label_drawer(drawer: LabelDrawer) -> None:
    """Plug in who draws labels: paper is made in a room above that of the commands."""
    _drawer[:] = [drawer]


def drawn_labels(words: LabelWords) -> bytes:
    """Return labels as they are printed."""
    return _drawer[0](words)


# Gives the whole record of a batch as an original: what every floor knows, which only the roof joins.
RecordReader = Callable[["Batch"], "Original"]
_record: list[RecordReader] = []


def set_record_reader(reader: RecordReader) -> None:
    """Plug in who joins the whole record of a batch."""
    _record[:] = [reader]


def record_original(batch: Batch) -> Original:
    """Return the whole record of a batch as an original that a copy is made of."""
    return _record[0](batch)
