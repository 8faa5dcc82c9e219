"""Every read of the monitoring floor: readings by the window, trends, alarms, what a batch saw."""

from monitoring.queries.alarms import (
    alarms_of,
    broken_seals,
    open_alarms,
    sensor_summaries,
    summary_of_watch,
    watch_over,
    watches_of,
)
from monitoring.queries.readings import (
    digest_of_readings,
    page_of_readings,
    raw_readings,
    readings_of,
    summary_of,
    trend,
)
from monitoring.queries.records import limits_from, plain_alarm, plain_limits, plain_summary
from monitoring.queries.sensors import (
    LastValue,
    faults_at,
    last_readings,
    last_value,
    limits_in_force,
    sensor_at,
    sensor_coded,
    sensors_seen,
    sensors_to_poll,
)

__all__ = [
    "LastValue",
    "alarms_of",
    "broken_seals",
    "digest_of_readings",
    "faults_at",
    "last_readings",
    "last_value",
    "limits_from",
    "limits_in_force",
    "open_alarms",
    "page_of_readings",
    "plain_alarm",
    "plain_limits",
    "plain_summary",
    "raw_readings",
    "readings_of",
    "sensor_at",
    "sensor_coded",
    "sensor_summaries",
    "sensors_seen",
    "sensors_to_poll",
    "summary_of",
    "summary_of_watch",
    "trend",
    "watch_over",
    "watches_of",
]
