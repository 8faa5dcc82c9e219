"""Windows: from when to when a sensor watches over a batch, and the seal on what it showed."""

from __future__ import annotations

from typing import Any

from audit.acts import Act, command, record
from audit.commands import enqueue
from kernel.errors import Conflict, NotFound
from monitoring.commands.alarms import stop_batch
from monitoring.models import Alarm, SensorCondition, Watch
from monitoring.queries import digest_of_readings, plain_limits, plain_summary, summary_of

SEAL = "monitoring.seal_window"


def open_window(event: Any) -> None:
    """Let the sensors of the batch's room watch over it from now on (reader of BatchStarted).

    A sensor that is in critical alarm already stops the batch at once. The conditions are
    locked, so that an alarm that is just being raised either sees this watch or is seen here.
    """
    watch_batch(batch_id=event.batch_id, act=event.act)


@command(may_be_silent=True)
def watch_batch(*, batch_id: int, act: Act) -> list[Watch]:
    """Open a watch for every sensor around the batch that does not watch over it yet."""
    sensors = list(Watch.sensors_around(batch_id))
    conditions = SensorCondition.objects.select_for_update().order_by("sensor_id")
    list(conditions.filter(sensor_id__in=[sensor.pk for sensor in sensors]))
    known = set(Watch.objects.filter(batch_id=batch_id).values_list("sensor_id", flat=True))
    made: list[Watch] = []
    for sensor in sensors:
        if sensor.pk in known:
            continue
        watch = Watch(
            batch_id=batch_id, sensor=sensor, opened_at=act.at, limits=plain_limits(sensor)
        )
        watch.save(force_insert=True)
        record(act, "open_watch", watch)
        made.append(watch)
    _stop_if_in_alarm(made, act)
    return made


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
    watches = Watch.objects.select_for_update().filter(batch_id=batch_id, closed_at=None)
    for watch in watches.order_by("sensor_id"):
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
    summary = summary_of(watch.sensor, watch.opened_at, watch.closed_at)
    digest = digest_of_readings(watch.sensor_id, watch.opened_at, watch.closed_at)
    watch.summary = {**plain_summary(summary), "readings_digest": digest}
    watch.save(update_fields=["summary"])
    record(act, "seal_watch", watch)
    return watch
