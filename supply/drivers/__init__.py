"""Drivers of scales: how a weight comes from one.

A unit names a line, and the settings say where that is (``SCALE_LINES``): no record can make the
product speak to another address. A driver reads one weight that stands still, or says in words why
there is none; it judges nothing and stores nothing.
"""

from __future__ import annotations

from decimal import Decimal

from supply.drivers import lines, simulated
from supply.rules.mtsics import Shown

# Any scale can be one that is none, where the settings allow it.
SIMULATED = "simulated"


def read(line: str, where: str, *, unit: str, places: int, load: Decimal | None) -> Shown:
    """Return what the scale on a line shows.

    Args:
        line: the name of the line.
        where: "tcp://host:port", "serial:///dev/ttyUSB0", or "simulated".
        unit: what a simulated scale shows, with so many ``places``.
        load: what is laid on a simulated scale; a real one weighs what is on it.

    Raises:
        Conflict: it cannot be reached, does not answer in time, or shows no weight.
    """
    if where == SIMULATED:
        return simulated.read(line, unit=unit, places=places, load=load)
    scheme, _, address = where.partition("://")
    return lines.read_tcp(address) if scheme == "tcp" else lines.read_serial(address)
