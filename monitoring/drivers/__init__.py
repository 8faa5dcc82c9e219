"""Drivers: how a value comes from a sensor. Each is known by a name; a sensor states which it uses.

The simulated driver is here; a driver for OPC UA registers itself under its own name in the
same way. A driver does no judging and no storing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from monitoring.rules.quality import GOOD

FaultKind = Literal["step", "drift", "spike", "dropout", "stuck", "bad", "door_open"]
FAULT_KINDS: tuple[FaultKind, ...] = (
    "step",
    "drift",
    "spike",
    "dropout",
    "stuck",
    "bad",
    "door_open",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSpec:
    """What a driver must know of a sensor.

    ``baseline`` is the value about which a simulated sensor moves, in the sensor's unit;
    ``address`` is where a real one is found (an OPC UA node).
    """

    code: str
    quantity: str
    decimals: int
    baseline: float = 0.0
    seed: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that a simulated sensor plays between two times; without an end it goes on.

    ``magnitude`` is in the sensor's unit: how far a step, drift or spike goes; for an open door
    it is how far the door is open (1: wide).
    """

    kind: str
    starts_at: datetime
    ends_at: datetime | None = None
    magnitude: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RawReading:
    """What came from the wire: ``value`` is None when there was none to be had."""

    value: float | None
    source_at: datetime
    quality: int = GOOD


class Driver(Protocol):
    """Reads one sensor at a time; returns None when the sensor did not answer at all."""

    def read(
        self, spec: SensorSpec, at: datetime, faults: Sequence[Fault] = ()
    ) -> RawReading | None:
        """Return the reading of ``spec`` at ``at``."""
        ...


_makers: dict[str, Callable[[], Driver]] = {}
_made: dict[str, Driver] = {}


def register(name: str, maker: Callable[[], Driver]) -> None:
    """Make a driver known under ``name``; it is made when a sensor first needs it."""
    _makers[name] = maker
    _made.pop(name, None)


def driver_names() -> tuple[str, ...]:
    """Return the names of the known drivers."""
    return tuple(sorted(_makers))


def driver_named(name: str) -> Driver:
    """Return the driver of that name.

    Raises:
        LookupError: there is none.
    """
    if name not in _made:
        try:
            _made[name] = _makers[name]()
        except KeyError:
            raise LookupError(f"no driver is called {name!r}") from None
    return _made[name]


def _simulated() -> Driver:
    from monitoring.drivers.simulated import Simulated

    return Simulated()


register("simulated", _simulated)
