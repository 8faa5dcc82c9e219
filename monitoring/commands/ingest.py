"""Readings into the house: judged and stored in one transaction, with all that follows from them.

Note [One judge]: the conditions of the sensors are locked, in the order of their ids, for as long
as their readings are judged. Two pollers that read the same sensor therefore come one after the
other, and the second sees what the first has raised. The index ``one_open_alarm_per_sensor``
says the same once more.

Note [Plain COPY]: readings newer than the last one of their sensor cannot be in the table yet,
because every reading passes here, under the lock. They go in by plain COPY. Anything older may be
a repetition and goes in by INSERT … ON CONFLICT DO NOTHING.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from struct import Struct
from typing import Any
from uuid import UUID

from django.db import connection

from audit.acts import Act, command
from monitoring.commands.alarms import follow
from monitoring.queries import limits_in_force
from monitoring.rules.intake import Bounds, Group, Measured, grouped, judged, moment_of
from monitoring.rules.limits import Condition, LimitSet, Transition, listen

COPY = "COPY monitoring_reading (sensor_id, at, value, quality) FROM STDIN (FORMAT binary)"
INSERT = """
INSERT INTO monitoring_reading (sensor_id, at, value, quality)
SELECT * FROM unnest(%s::int[], %s::timestamptz[], %s::float8[], %s::smallint[])
    ON CONFLICT DO NOTHING
"""
LOCK = """
SELECT sensor_id, limits_key, heard_at, broken, cause, severity, moved_at, extreme,
       last_at, last_value, last_quality
  FROM monitoring_sensorcondition
 WHERE sensor_id = ANY(%s) ORDER BY sensor_id FOR UPDATE
"""
REMEMBER = """
UPDATE monitoring_sensorcondition c
   SET heard_at = n.heard_at, broken = n.broken::jsonb, cause = n.cause, severity = n.severity,
       moved_at = n.moved_at, extreme = n.extreme, last_at = n.last_at,
       last_value = n.last_value, last_quality = n.last_quality
  FROM unnest(%s::int[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
              %s::timestamptz[], %s::numeric[], %s::timestamptz[], %s::float8[], %s::smallint[])
       AS n(sensor_id, heard_at, broken, cause, severity, moved_at, extreme, last_at, last_value,
            last_quality)
 WHERE c.sensor_id = n.sensor_id
"""

# PostgreSQL, "COPY": binary format. A signature, flags, an empty extension; then the rows.
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_row = Struct("!hiiiqidih").pack
_bad_row = Struct("!hiiiqiih").pack

_bounds: dict[int, tuple[UUID, Bounds]] = {}


@dataclass(slots=True)
class Watched:
    """A sensor under its lock: what is remembered of it, and its last reading."""

    sensor_id: int
    limits_key: UUID
    condition: Condition
    last_at: datetime | None
    last_value: float | None
    last_quality: int


@command(may_be_silent=True)
def ingest_readings(
    readings: Iterable[Measured], *, expected: Collection[int] = (), act: Act
) -> int:
    """Store readings, and raise, escalate or clear the alarms that follow from them.

    A critical alarm of a sensor that watches over a batch puts the batch on hold and tells
    quality of it (LimitExceeded), in this transaction. Readings of unknown sensors are refused
    by leaving them out.

    Args:
        expected: ids of sensors that were asked; those without a reading here are silent.

    Returns:
        how many readings of known sensors were delivered.
    """
    groups = grouped(readings, now=act.at)
    watched = {row.sensor_id: row for row in _locked({*groups, *expected})}
    known = [groups[sensor_id] for sensor_id in watched if sensor_id in groups]
    _store(known, watched)
    told: list[tuple[int, LimitSet, tuple[Transition, ...]]] = []
    bounds = _bounds_of(watched.values())
    for row in watched.values():
        group, held = groups.get(row.sensor_id), bounds[row.sensor_id]
        if group is None:
            row.condition, moves = listen(row.condition, act.at, held.limits)
        else:
            row.condition, moves = judged(row.condition, group, held)
            _note_last(row, group)
        if moves:
            told.append((row.sensor_id, held.limits, moves))
    _remember(watched.values())
    if told:
        follow(told, act=act)
    return sum(len(group.times) for group in known)


def _locked(ids: Collection[int]) -> Iterator[Watched]:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sorted(ids)])
        for row in cursor.fetchall():
            yield Watched(row[0], row[1], condition_from(row[2:8]), *row[8:])


def condition_from(row: Any) -> Condition:
    """Return what the columns heard_at … extreme remember of a sensor."""
    heard_at, broken, cause, severity, moved_at, extreme = row
    stored: Mapping[str, str] = json.loads(broken) if isinstance(broken, str) else broken
    latches: dict[Any, datetime] = {
        name: datetime.fromisoformat(since) for name, since in stored.items()
    }
    if not latches and not cause:
        return Condition(heard_at=heard_at, moved_at=moved_at)
    return Condition(
        heard_at=heard_at,
        broken=latches,
        cause=cause or None,
        severity=severity or None,
        moved_at=moved_at,
        extreme=extreme,
    )


def _bounds_of(watched: Collection[Watched]) -> dict[int, Bounds]:
    """Return the limits in force; they are read again when their key changed."""
    stale = [
        row.sensor_id
        for row in watched
        if _bounds.get(row.sensor_id, (None, None))[0] != row.limits_key
    ]
    if stale:
        keys = {row.sensor_id: row.limits_key for row in watched}
        for sensor_id, limits in limits_in_force(stale).items():
            _bounds[sensor_id] = (keys[sensor_id], Bounds.of(limits))
    return {row.sensor_id: _bounds[row.sensor_id][1] for row in watched}


def _note_last(row: Watched, group: Group) -> None:
    if row.last_at is None or row.last_at < group.last_at():
        row.last_at = group.last_at()
        row.last_value = group.values[-1]
        row.last_quality = group.qualities[-1]


def _store(groups: Collection[Group], watched: Mapping[int, Watched]) -> None:
    """Store the readings: see Note [Plain COPY]."""
    new: list[Group] = []
    old: list[Group] = []
    for group in groups:
        last_at = watched[group.sensor_id].last_at
        is_new = last_at is None or moment_of(group.times[0]) > last_at
        (new if is_new else old).append(group)
    with connection.cursor() as cursor:
        if new:
            cursor.cursor.copy_expert(COPY, io.BytesIO(copied(new)), 1 << 20)
        for group in old:
            cursor.execute(
                INSERT,
                [
                    [group.sensor_id] * len(group.times),
                    [moment_of(time) for time in group.times],
                    group.values,
                    group.qualities,
                ],
            )


def copied(groups: Iterable[Group]) -> bytes:
    """Return the readings in PostgreSQL's binary COPY format."""
    parts = [HEADER]
    for group in groups:
        count = len(group.times)
        if None in group.values:
            parts.extend(_rows_with_bad(group))
            continue
        parts.extend(
            map(
                _row,
                repeat(4, count),
                repeat(4),
                repeat(group.sensor_id),
                repeat(8),
                group.times,
                repeat(8),
                group.values,
                repeat(2),
                group.qualities,
            )
        )
    parts.append(TRAILER)
    return b"".join(parts)


def _rows_with_bad(group: Group) -> Iterator[bytes]:
    for time, value, quality in zip(group.times, group.values, group.qualities, strict=True):
        if value is None:
            yield _bad_row(4, 4, group.sensor_id, 8, time, -1, 2, quality)
        else:
            yield _row(4, 4, group.sensor_id, 8, time, 8, value, 2, quality)


def _remember(watched: Collection[Watched]) -> None:
    rows = [
        (
            row.sensor_id,
            row.condition.heard_at,
            json.dumps({k: v.isoformat() for k, v in row.condition.broken.items()}),
            row.condition.cause or "",
            row.condition.severity or "",
            row.condition.moved_at,
            row.condition.extreme,
            row.last_at,
            row.last_value,
            row.last_quality,
        )
        for row in watched
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(REMEMBER, [list(column) for column in zip(*rows, strict=True)])
