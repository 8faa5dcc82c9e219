"""What the monitoring floor tells the floors beside and above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitExceeded(Event):
    """A critical limit was exceeded, or a sensor fell silent, while it watched over a batch.

    Told once for each alarm and batch. ``cause`` is the limit's name (critical_low,
    critical_high) or "silence"; ``limit`` and ``value`` are in ``unit`` and None for silence.
    """

    kind: ClassVar[str] = "limit_exceeded"
    public: ClassVar[tuple[str, ...]] = (
        "batch", "sensor", "cause", "limit", "value", "unit", "exceeded_at",
    )  # fmt: skip

    alarm_id: int
    batch_id: int
    batch: str
    sensor_id: int
    sensor: str
    sensor_name: str
    quantity: str
    unit: str
    cause: str
    limit: Decimal | None
    value: Decimal | None
    since: datetime
    exceeded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMoved(Event):
    """An alarm was raised, escalated, cleared or acknowledged; for screens and clients."""

    kind: ClassVar[str] = "alarm"
    public: ClassVar[tuple[str, ...]] = (
        "alarm", "sensor", "move", "cause", "severity", "value", "unit", "at",
    )  # fmt: skip

    alarm: int
    sensor: str
    move: str
    cause: str
    severity: str
    value: Decimal | None
    unit: str
    at: datetime
