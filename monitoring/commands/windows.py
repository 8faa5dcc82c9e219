"""Windows: from when to when a sensor watches over a batch, and the seal on what it showed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from audit.acts import Act, command, record
from audit.commands import enqueue
from batches.queries import batches_seen, document_of_batch
from kernel.errors import Conflict, NotFound
from monitoring.commands.alarms import stop_batch
from monitoring.models import Alarm, Sensor, SensorCondition, Watch
from monitoring.queries import digest_of_readings, plain_limits, plain_summary, summary_of_watch
from monitoring.rules.limits import LimitSet, LimitsOutOfOrder, tightened

SEAL = "monitoring.seal_window"


def open_window(event: Any) -> None:
    """Let the sensors of the batch's room watch over it from now on (reader of BatchStarted).

    A sensor that is in critical alarm already stops the batch at once. The conditions are
    locked, so that an alarm that is just being raised either sees this watch or is seen here.
    """
    watch_batch(batch_id=event.batch_id, act=event.act)


@command(may_be_silent=True)
def watch_batch(*, batch_id: int, act: Act) -> list[Watch]:
    """Open a watch for every sensor around the batch that does not watch over it yet.

    While it is open the sensor is judged by its own limits and by those of the batch's recipe.

    Raises:
        Conflict: the recipe asks for what the room's own limits exclude.
    """
    batch = batches_seen(None).get(pk=batch_id)
    environment = document_of_batch(batch).environment
    sensors = list(Watch.sensors_around(batch_id))
    _lock([sensor.pk for sensor in sensors])
    known = set(Watch.objects.filter(batch_id=batch_id).values_list("sensor_id", flat=True))
    made: list[Watch] = []
    for sensor in sensors:
        if sensor.pk in known:
            continue
        try:
            limits = _with_recipe(sensor, environment)
        except LimitsOutOfOrder:
            raise Conflict(
                f"The limits of {sensor.code} and those of the recipe exclude each other.",
                code="limits_conflict",
            ) from None
        watch = Watch(
            batch_id=batch_id, sensor=sensor, opened_at=act.at, limits=plain_limits(limits)
        )
        watch.save(force_insert=True)
        record(act, "open_watch", watch)
        made.append(watch)
    _new_limits(sensors)
    _stop_if_in_alarm(made, act)
    return made


def _with_recipe(sensor: Sensor, environment: Iterable[Any]) -> LimitSet:
    limits = sensor.limits()
    is_room = sensor.equipment.room_id is None
    place = "room" if is_room else sensor.equipment.equipment_class
    for asked in environment:
        if (asked.quantity, asked.place) == (sensor.quantity, place):
            of_recipe = LimitSet(
                critical_low=asked.critical_low,
                warn_low=asked.warn_low,
                warn_high=asked.warn_high,
                critical_high=asked.critical_high,
                delay_s=asked.delay_seconds,
                silence_s=limits.silence_s,
            )
            limits = tightened(limits, of_recipe)
    return limits


def _lock(sensor_ids: list[int]) -> None:
    conditions = SensorCondition.objects.select_for_update().order_by("sensor_id")
    list(conditions.filter(sensor_id__in=sensor_ids))


def _new_limits(sensors: Iterable[Sensor]) -> None:
    """Let the next readings of the sensors be judged by limits read anew."""
    conditions = SensorCondition.objects.filter(sensor__in=sensors)
    conditions.update(limits_key=uuid4())


def _stop_if_in_alarm(watches: list[Watch], act: Act) -> None:
    for watch in watches:
        alarm = (
            Alarm.objects.select_related("sensor")
            .filter(sensor_id=watch.sensor_id, severity="critical", cleared_at=None)
            .first()
        )
        if alarm is not None:
            fresh = Watch.objects.select_related("batch").get(pk=watch.pk)
            stop_batch(fresh, alarm, act=act)


def check_window(event: Any) -> None:
    """Refuse to go on with a batch while a sensor that watches over it is in critical alarm.

    Reader of BatchResumed; its refusal undoes the resumption. An alarm is told once, so nothing
    would stop the batch a second time.

    Raises:
        Conflict: a sensor is still in alarm.
    """
    watched = Watch.objects.filter(batch_id=event.batch_id, closed_at=None).values("sensor_id")
    alarm = (
        Alarm.objects.select_related("sensor")
        .filter(sensor_id__in=watched, severity="critical", cleared_at=None)
        .first()
    )
    if alarm is not None:
        name = f"{alarm.sensor.name} ({alarm.sensor.code})"
        raise Conflict(
            f"{name} is still in critical alarm. The batch can go on when it is calm again.",
            code="in_alarm",
        )


def close_window(event: Any) -> None:
    """End the watches over a batch (reader of ExecutionCompleted, and of BatchAborted)."""
    unwatch_batch(batch_id=event.batch_id, act=event.act)


@command(may_be_silent=True)
def unwatch_batch(*, batch_id: int, act: Act) -> None:
    """Close the open watches of a batch, and promise to seal what the sensors showed.

    The sealing reads every reading of the window, which is too slow for a gesture.
    """
    watches = Watch.objects.select_for_update(of=("self",)).select_related("sensor")
    ended = list(watches.filter(batch_id=batch_id, closed_at=None).order_by("sensor_id"))
    _new_limits([watch.sensor for watch in ended])
    for watch in ended:
        watch.closed_at = max(act.at, watch.opened_at)
        watch.save(update_fields=["closed_at"])
        record(act, "close_watch", watch)
        enqueue(kind=SEAL, payload={"watch": watch.pk}, act=act)


@command(may_be_silent=True)
def seal_window(*, watch_id: int, act: Act) -> Watch:
    """Keep the summary and the digest of the readings of a closed watch, once, in the ledger.

    Raises:
        NotFound: there is no such watch.
        Conflict: the watch is still open.
    """
    watch = Watch.objects.select_for_update().filter(pk=watch_id).first()
    if watch is None:
        raise NotFound("There is no such watch.")
    if watch.closed_at is None:
        raise Conflict("An open watch cannot be sealed.")
    if watch.summary is not None:
        return watch
    summary = summary_of_watch(watch, watch.closed_at)
    digest = digest_of_readings(watch.sensor_id, watch.opened_at, watch.closed_at)
    watch.summary = {**plain_summary(summary), "readings_digest": digest}
    watch.save(update_fields=["summary"])
    record(act, "seal_watch", watch)
    return watch
