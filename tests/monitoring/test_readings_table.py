"""The table of readings: rows are only ever added, and its partitions are made ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, connection

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


def asked(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def add(at: datetime = NOW, value: float | None = 20.0, quality: int = 0) -> None:
    asked(
        "INSERT INTO monitoring_reading (sensor_id, at, value, quality) VALUES (1, %s, %s, %s)",
        at,
        value,
        quality,
    )


@pytest.mark.requirement("OPC-01")
def test_a_reading_keeps_value_quality_and_both_times() -> None:
    add()
    [row] = asked("SELECT value, quality, at, received_at FROM monitoring_reading")
    assert row[:3] == (20.0, 0, NOW)
    assert abs(row[3] - NOW) < timedelta(minutes=10)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE monitoring_reading SET value = 1",
        "DELETE FROM monitoring_reading",
        "TRUNCATE monitoring_reading",
        "DROP TABLE monitoring_reading",
        "CREATE TABLE mine (id int)",
        "INSERT INTO monitoring_reading_elsewhen (sensor_id, at, value, quality)"
        " VALUES (1, now(), 1, 0)",
    ],
)
def test_the_application_can_only_add_readings_and_read_them(sql: str) -> None:
    add()
    with pytest.raises(Error):
        asked(sql)


@pytest.mark.parametrize("sql", ["UPDATE {} SET value = 1", "DELETE FROM {}"])
def test_even_the_owner_is_refused_by_a_trigger_on_every_partition(
    sql: str, superuser: Any
) -> None:
    superuser.execute("BEGIN")
    superuser.execute(
        "INSERT INTO monitoring_reading (sensor_id, at, value, quality) VALUES (1, now(), 1, 0)"
    )
    superuser.execute("SELECT tableoid::regclass::text FROM monitoring_reading")
    [(partition,)] = superuser.fetchall()
    assert partition == f"monitoring_reading_{NOW:%Y%m%d}"
    with pytest.raises(Exception, match="only ever added"):
        superuser.execute(sql.format(partition))
    superuser.execute("ROLLBACK")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_reading_is_a_finite_number(value: float) -> None:
    with pytest.raises(IntegrityError):
        add(value=value)


def test_only_a_bad_reading_may_be_without_a_value() -> None:
    add(value=None, quality=-1)
    with pytest.raises(IntegrityError):
        add(value=None)


def test_a_reading_outside_every_day_at_hand_is_kept_all_the_same() -> None:
    add(at=NOW - timedelta(days=400))
    add(at=NOW + timedelta(days=400))
    assert asked("SELECT count(*) FROM monitoring_reading") == [(2,)]


def test_partitions_are_made_once_by_a_role_that_may_not_make_tables() -> None:
    assert asked("SELECT monitoring_make_partitions(9)") == [(2,)]
    assert asked("SELECT monitoring_make_partitions(9)") == [(0,)]


def test_a_day_whose_readings_came_early_stays_where_they_are() -> None:
    add(at=NOW + timedelta(days=20))
    asked("SELECT monitoring_make_partitions(21)")
    assert asked("SELECT count(*) FROM monitoring_reading") == [(1,)]


@pytest.mark.parametrize("ahead", [-1, 61, None])
def test_nobody_makes_a_thousand_partitions(ahead: int | None) -> None:
    with pytest.raises(Error):
        asked("SELECT monitoring_make_partitions(%s)", ahead)
