"""Alarms of sensors, and the watches that tie sensors to the batch in the making."""

from __future__ import annotations

from typing import Any

from django.db import models

from audit.models import Recorded, User, kept_history
from batches.models import Batch
from monitoring.models.sensor import Sensor

CAUSES = ("critical_low", "warn_low", "warn_high", "critical_high", "silence")


class Alarm(Recorded):
    """A limit broken, or a sensor silent, from when that was noticed until the sensor is calm."""

    chained_in = ("sensor", "sensor_id")

    class Severity(models.TextChoices):
        WARNING = "warning"
        CRITICAL = "critical"

    sensor = models.ForeignKey(Sensor, models.PROTECT, related_name="alarms")
    cause = models.CharField(max_length=16, choices=[(cause, cause) for cause in CAUSES])
    severity = models.CharField(max_length=8, choices=Severity)
    limit = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    since = models.DateTimeField()
    raised_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    extreme = models.DecimalField(max_digits=28, decimal_places=10, null=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.CharField(max_length=400, blank=True)
    history = kept_history()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("sensor",),
                condition=models.Q(cleared_at=None),
                name="one_open_alarm_per_sensor",
            ),
            models.CheckConstraint(
                condition=models.Q(cleared_at=None)
                | models.Q(cleared_at__gte=models.F("raised_at")),
                name="alarm_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=models.Q(acknowledged_at=None, acknowledged_by=None)
                | models.Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alarm_is_acknowledged_by_somebody",
            ),
        )
        indexes = (models.Index(fields=("sensor", "raised_at"), name="alarms_of_a_sensor"),)

    def __str__(self) -> str:
        return f"{self.sensor_id} {self.cause}"


class Watch(Recorded):
    """The time in which a sensor watches over a batch; closed with what the sensor showed in it."""

    chained_in = ("batch", "batch_id")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="watches")
    sensor = models.ForeignKey(Sensor, models.PROTECT, related_name="watches")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    limits: Any = models.JSONField(default=dict)
    summary: Any = models.JSONField(null=True)
    history = kept_history()

    class Meta:
        ordering = ("batch_id", "sensor__code")
        constraints = (
            models.UniqueConstraint(fields=("batch", "sensor"), name="sensor_watches_a_batch_once"),
        )
        indexes = (
            models.Index(
                fields=("sensor",), condition=models.Q(closed_at=None), name="watches_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.sensor_id}"

    @classmethod
    def sensors_around(cls, batch_id: int) -> models.QuerySet[Sensor]:
        """Return the active sensors of the room where a batch is made, and of what stands in it."""
        room = Batch.objects.filter(pk=batch_id, room__isnull=False).values("room_id")
        return (
            Sensor.objects.filter(
                models.Q(equipment_id__in=room) | models.Q(equipment__room_id__in=room),
                is_active=True,
            )
            .select_related("equipment")
            .order_by("id")
        )
