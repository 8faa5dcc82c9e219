"""Every write of the monitoring app."""

from monitoring.commands.alarms import acknowledge_alarm
from monitoring.commands.ingest import ingest_readings
from monitoring.commands.partitions import make_partitions
from monitoring.commands.sensors import add_sensor, change_limits, start_fault, stop_faults
from monitoring.commands.windows import (
    check_window,
    close_window,
    open_window,
    seal_window,
    unwatch_batch,
    watch_batch,
)

__all__ = [
    "acknowledge_alarm",
    "add_sensor",
    "change_limits",
    "check_window",
    "close_window",
    "ingest_readings",
    "make_partitions",
    "open_window",
    "seal_window",
    "start_fault",
    "stop_faults",
    "unwatch_batch",
    "watch_batch",
]
