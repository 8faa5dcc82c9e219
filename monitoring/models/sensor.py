"""Sensors: what is measured where, within which limits, and how the value is had.

Note [Readings]: readings are the one thing here that no model describes. They arrive by the
thousand, go in by COPY and come out by the window, so they live in ``monitoring_reading``, a
table partitioned by day whose rows are only ever added: the value as a double (a sensor gives
no more), its quality, the source's time and the server's. What goes from it onto a record goes
as a Decimal with the sensor's decimals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import models

from audit.models import Recorded, Site, kept_history
from monitoring.drivers import FAULT_KINDS, SensorSpec
from monitoring.rules.limits import LimitSet
from supply.models import Equipment

# The quantities that the house knows: the unit of each (UCUM), and the decimals of its sensors.
QUANTITIES = {
    "temperature": ("Cel", 2),
    "humidity": ("%", 1),
    "differential_pressure": ("Pa", 1),
    "incubator_temperature": ("Cel", 2),
    "co2": ("%", 2),
}


class Sensor(Recorded):
    """A measuring point at a room or a unit of equipment."""

    chained_in = ("sensor", "pk")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    quantity = models.CharField(max_length=32, choices=[(q, q) for q in QUANTITIES])
    unit = models.CharField(max_length=16)
    decimals = models.PositiveSmallIntegerField(default=2)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    equipment = models.ForeignKey(Equipment, models.PROTECT, related_name="sensors")
    driver = models.CharField(max_length=32, default="simulated")
    config: Any = models.JSONField(default=dict)
    interval_s = models.PositiveSmallIntegerField(default=1)
    critical_low = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    warn_low = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    warn_high = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    critical_high = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    delay_s = models.PositiveIntegerField(default=0)
    hysteresis = models.DecimalField(max_digits=12, decimal_places=4, default=Decimal(0))
    silence_s = models.PositiveIntegerField(default=30)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    history = kept_history()

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(hysteresis__gte=0), name="sensor_hysteresis_is_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(interval_s__gte=1), name="sensor_is_not_polled_without_pause"
            ),
        )

    def __str__(self) -> str:
        return self.code

    def limits(self) -> LimitSet:
        """Return the limits in force."""
        return LimitSet(
            critical_low=self.critical_low,
            warn_low=self.warn_low,
            warn_high=self.warn_high,
            critical_high=self.critical_high,
            delay_s=self.delay_s,
            hysteresis=self.hysteresis,
            silence_s=self.silence_s,
        )

    def spec(self) -> SensorSpec:
        """Return what a driver must know."""
        return SensorSpec(
            code=self.code,
            quantity=self.quantity,
            decimals=self.decimals,
            baseline=float(self.config.get("baseline", 0)),
            seed=int(self.config.get("seed", 0)),
            address=str(self.config.get("address", "")),
        )


class SensorCondition(models.Model):
    """What is remembered of a sensor between readings; the row is also the lock of its judging.

    ``limits_key`` is another one after every change of the limits in force, those of a watched
    batch included. Not a record: it can be made again from the readings and the alarms.
    """

    sensor = models.OneToOneField(
        Sensor, models.PROTECT, primary_key=True, related_name="condition"
    )
    limits_key = models.UUIDField(default=uuid4)
    heard_at = models.DateTimeField(null=True)
    broken: Any = models.JSONField(default=dict)
    cause = models.CharField(max_length=16, blank=True)
    severity = models.CharField(max_length=8, blank=True)
    moved_at = models.DateTimeField(null=True)
    extreme = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    last_at = models.DateTimeField(null=True)
    last_value = models.FloatField(null=True)
    last_quality = models.SmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.sensor_id} {self.severity or 'calm'}"


class SimulatedFault(Recorded):
    """A fault that a simulated sensor plays; the record says that it was played."""

    chained_in = ("sensor", "sensor_id")
    sensor = models.ForeignKey(Sensor, models.PROTECT, related_name="faults")
    kind = models.CharField(max_length=16, choices=[(kind, kind) for kind in FAULT_KINDS])
    magnitude = models.DecimalField(max_digits=8, decimal_places=3, default=Decimal(1))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("sensor", "starts_at"), name="fault_of_a_sensor"),)

    def __str__(self) -> str:
        return f"{self.sensor_id} {self.kind}"
