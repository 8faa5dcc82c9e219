"""Scales that answer in lines of MT-SICS, over TCP or a serial line."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import termios
import time
import tty

from kernel.errors import Conflict
from supply.rules.mtsics import ASK, MOST, Shown, shown_in

# A balance takes a moment to come to rest; whoever waits longer looks at the pan.
WAIT_S = 5.0
_CONNECT_S = 2.0
_SPEED = termios.B9600


def read_tcp(address: str, *, wait: float = WAIT_S) -> Shown:
    """Return the weight of a scale at "host:port".

    Raises:
        Conflict: it cannot be reached, does not answer in time, or tells no weight.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Conflict("The address of this scale is no host and port.", code="no_address")
    try:
        with socket.create_connection((host, int(port)), timeout=_CONNECT_S) as line:
            line.sendall(ASK)
            return shown_in(_answer(line.fileno(), wait))
    except OSError:
        raise _unreachable() from None


def read_serial(address: str, *, wait: float = WAIT_S) -> Shown:
    """Return the weight of a scale on a serial line, by its device ("/dev/ttyUSB0"); 9600 8N1.

    Raises:
        Conflict: the line cannot be opened, nothing answers in time, or no weight is told.
    """
    try:
        line = os.open(address, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        raise _unreachable() from None
    try:
        try:
            # Two that read one line would take each other's answers.
            fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = "Somebody else is reading this scale: try again."
            raise Conflict(words, code="scale_busy") from None
        tty.setraw(line)
        kept = termios.tcgetattr(line)
        kept[2] |= termios.CLOCAL | termios.CREAD
        kept[4] = kept[5] = _SPEED
        termios.tcsetattr(line, termios.TCSANOW, kept)
        termios.tcflush(line, termios.TCIOFLUSH)
        os.write(line, ASK)
        return shown_in(_answer(line, wait))
    except (OSError, termios.error):
        raise _unreachable() from None
    finally:
        os.close(line)


def _answer(line: int, wait: float) -> bytes:
    """Return the first line that comes, without what follows it.

    Raises:
        Conflict: with code ``no_answer``, it does not come in time, or has no end.
    """
    until = time.monotonic() + wait
    found = b""
    while b"\n" not in found and len(found) <= MOST:
        left = until - time.monotonic()
        if left <= 0 or not select.select([line], [], [], left)[0]:
            raise Conflict("The scale does not answer.", code="no_answer")
        more = os.read(line, MOST)
        if not more:
            raise Conflict("The scale broke off in the middle of its answer.", code="no_answer")
        found += more
    return found.partition(b"\n")[0]


def _unreachable() -> Conflict:
    return Conflict(
        "The scale cannot be reached: look at its cable, or type the weight.", code="no_scale"
    )
