"""The readers table: which event is told to whom, in order. The only place that knows."""

from audit.commands import write_to_feed
from kernel.events import Readers, set_readers


def readers() -> Readers:
    """Return the table of readers."""
    return {}


def connect() -> None:
    """Install the table."""
    set_readers(readers(), first=(write_to_feed,))
