"""The readers table: which event is told to whom, in order. The only place that knows."""

from audit.commands import write_to_feed
from kernel.events import Readers, set_readers


def readers() -> Readers:
    """Return the table of readers."""
    from batches.commands import hold_batches_of
    from batches.events import (
        BatchAborted,
        BatchResumed,
        BatchStarted,
        ExceptionRaised,
        ExecutionCompleted,
    )
    from monitoring.commands import check_window, close_window, open_window
    from monitoring.events import LimitExceeded
    from quality.commands import record_custody_break, record_exception, record_excursion
    from supply.events import CustodyBroken

    return {
        CustodyBroken: [hold_batches_of, record_custody_break],
        BatchStarted: [open_window],
        BatchResumed: [check_window],
        ExecutionCompleted: [close_window],
        BatchAborted: [close_window],
        ExceptionRaised: [record_exception],
        LimitExceeded: [record_excursion],
    }


def connect() -> None:
    """Install the table, and plug in what the floors below may not ask for themselves."""
    from batches.ports import set_room_reader, set_sensor_reader
    from mes.rooms import sensors_in_room, value_in_room

    set_readers(readers(), first=(write_to_feed,))
    set_sensor_reader(value_in_room)
    set_room_reader(sensors_in_room)
