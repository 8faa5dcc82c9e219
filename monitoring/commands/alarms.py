"""Alarms: raised, escalated and cleared by the readings, acknowledged by people."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from audit.acts import Act, command, record
from audit.permissions import holds, require
from batches.commands.holds import hold_batch
from batches.states import BATCH
from kernel.errors import AlreadyDone, Invalid, NotFound
from kernel.events import publish
from monitoring.events import AlarmMoved, LimitExceeded
from monitoring.models import Alarm, Sensor, Watch
from monitoring.permissions import WATCHERS
from monitoring.rules.limits import LimitSet, Transition

WORDS = {
    "critical_low": "below its critical limit",
    "warn_low": "below its warning limit",
    "warn_high": "above its warning limit",
    "critical_high": "above its critical limit",
    "silence": "silent",
}


def follow(told: Iterable[tuple[int, LimitSet, tuple[Transition, ...]]], *, act: Act) -> None:
    """Do what the transitions of each sensor ask for; called under the lock of their conditions."""
    asked = {sensor_id: (limits, moves) for sensor_id, limits, moves in told}
    for sensor in Sensor.objects.filter(id__in=list(asked)).order_by("id"):
        limits, moves = asked[sensor.pk]
        for move in moves:
            _do(sensor, limits, move, act)


def _do(sensor: Sensor, limits: LimitSet, move: Transition, act: Act) -> None:
    limit = None if move.cause == "silence" else limits.limit(move.cause)
    if move.move == "raised":
        alarm = _raise(sensor, limit, move, act)
    else:
        found = Alarm.objects.select_for_update().filter(sensor=sensor, cleared_at=None).first()
        if found is None:
            return
        alarm = found
        if move.move == "escalated":
            _escalate(alarm, limit, move, act)
        else:
            _clear(alarm, move, act)
    publish(moved(alarm, sensor, move.move, act))
    if move.severity == "critical" and move.move != "cleared":
        for watch in open_watches(sensor):
            stop_batch(watch, alarm, act=act)


def open_watches(sensor: Sensor) -> Iterable[Watch]:
    """Return the open watches of a sensor with their batches locked, so that no state is stale."""
    return (
        Watch.objects.filter(sensor=sensor, closed_at=None)
        .select_related("batch")
        .select_for_update(of=("batch",))
        .order_by("batch_id")
    )


def _raise(sensor: Sensor, limit: Decimal | None, move: Transition, act: Act) -> Alarm:
    alarm = Alarm(
        sensor=sensor,
        cause=move.cause,
        severity=move.severity,
        limit=limit,
        since=move.since,
        raised_at=move.at,
        extreme=move.extreme,
    )
    alarm.save(force_insert=True)
    record(act, "raise", alarm)
    return alarm


def _escalate(alarm: Alarm, limit: Decimal | None, move: Transition, act: Act) -> None:
    alarm.cause, alarm.severity, alarm.limit = move.cause, move.severity, limit
    alarm.escalated_at, alarm.extreme = move.at, move.extreme
    alarm.save(update_fields=["cause", "severity", "limit", "escalated_at", "extreme"])
    record(act, "escalate", alarm)


def _clear(alarm: Alarm, move: Transition, act: Act) -> None:
    alarm.cleared_at = max(move.at, alarm.raised_at)
    alarm.extreme = move.extreme
    alarm.save(update_fields=["cleared_at", "extreme"])
    record(act, "clear", alarm)


def moved(alarm: Alarm, sensor: Sensor, move: str, act: Act) -> AlarmMoved:
    """Return the event that tells screens and clients of an alarm."""
    return AlarmMoved(
        act=act,
        site_id=sensor.site_id,
        subject=sensor.code,
        alarm=alarm.pk,
        sensor=sensor.code,
        move=move,
        cause=alarm.cause,
        severity=alarm.severity,
        value=alarm.extreme,
        unit=sensor.unit,
        at=act.at,
    )


def stop_batch(watch: Watch, alarm: Alarm, *, act: Act) -> None:
    """Put the watched batch on hold if it is running, and tell that a limit was exceeded."""
    batch, sensor = watch.batch, alarm.sensor
    reason = f"{sensor.name} ({sensor.code}) is {WORDS[alarm.cause]}."
    if batch.state == "on_hold" or "hold" in BATCH.verbs_from(batch.state):
        hold_batch(batch_id=batch.pk, cause="limit_exceeded", reason=reason, act=act)
    publish(
        LimitExceeded(
            act=act,
            site_id=sensor.site_id,
            subject=batch.number,
            alarm_id=alarm.pk,
            batch_id=batch.pk,
            batch=batch.number,
            sensor_id=sensor.pk,
            sensor=sensor.code,
            sensor_name=sensor.name,
            quantity=sensor.quantity,
            unit=sensor.unit,
            cause=alarm.cause,
            limit=alarm.limit,
            value=alarm.extreme,
            since=alarm.since,
            exceeded_at=alarm.escalated_at or alarm.raised_at,
        )
    )


@command
def acknowledge_alarm(*, alarm_id: int, comment: str = "", act: Act) -> Alarm:
    """Say that somebody has seen an alarm; it stays open until the sensor is calm.

    Raises:
        NotFound: there is no such alarm.
        NotPermitted: the person does not work at the sensor's site.
        AlreadyDone: somebody acknowledged it before.
    """
    alarm = Alarm.objects.select_for_update(of=("self",)).filter(pk=alarm_id).first()
    if alarm is None:
        raise NotFound("There is no such alarm.")
    require(holds(act.by, *WATCHERS, site_id=alarm.sensor.site_id), "acknowledge alarms here")
    if alarm.acknowledged_at is not None:
        raise AlreadyDone("This alarm was acknowledged before.")
    if len(comment) > 400 or "\x00" in comment:
        raise Invalid("A comment has at most 400 characters.", pointer="/comment")
    alarm.acknowledged_at, alarm.acknowledged_by = act.at, act.by
    alarm.comment = comment.strip()
    alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "comment"])
    record(act, "acknowledge", alarm)
    publish(moved(alarm, alarm.sensor, "acknowledged", act))
    return alarm
