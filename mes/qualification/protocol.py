"""The protocol of a qualification: all lines, and what they come to."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import Error

from kernel.canonical import plain
from mes.build import (
    build_digest,
    configuration_digest,
    product_version,
    schema_version,
    source_commit,
)
from mes.qualification import database, operation, place, software
from mes.qualification.lines import Line, line

FORMAT = "onelot-qualification-1"
Ask = Callable[[], Iterator[Line]]
PARTS: dict[str, tuple[Ask, ...]] = {
    "Installation": (
        software.versions,
        software.packages,
        software.configured,
        database.migrations,
        database.guards,
        database.rights,
        place.keys,
        place.witness,
        place.clock,
        place.disk,
    ),
    "Operation": (operation.operation,),
}


def lines_of(asks: tuple[Ask, ...]) -> Iterator[Line]:
    """Yield the lines of one part; a question that cannot be asked fails, and the rest goes on."""
    for ask in asks:
        try:
            yield from ask()
        except (Error, OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
            words = f"stopped ({type(error).__name__})"
            yield line("Questions", f"{ask.__module__}.{ask.__name__}", "answered", words)


def protocol_of(at: datetime) -> dict[str, Any]:
    """Return the protocol in plain terms."""
    parts = {name: [one.plain() for one in lines_of(asks)] for name, asks in PARTS.items()}
    whole = [one for lines in parts.values() for one in lines]
    counts = {
        verdict: sum(one["verdict"] == verdict for one in whole)
        for verdict in ("pass", "fail", "judge")
    }
    try:
        schema = schema_version()
    except Error:
        schema = ""
    return {
        "format": FORMAT,
        "at": plain(at),
        "host": platform.node(),
        "version": product_version(),
        "build": build_digest(),
        "commit": source_commit(),
        "schema": schema,
        "configuration": configuration_digest(),
        "passed": counts["fail"] == 0,
        "counts": counts,
        "parts": parts,
    }
