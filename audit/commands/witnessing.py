"""Telling a witness of each checkpoint: a system log or a web address that another house keeps.

The message is promised with the checkpoint and repeated until the witness has taken it. A line is
chained to the one before, so a witness that missed one still vouches for it by the next.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

from audit import ledger
from audit.acts import Act
from audit.commands.couriers import enqueue
from kernel.canonical import digest
from kernel.errors import Unavailable

TELL_WITNESS = "audit.tell_witness"
PATIENCE_S = 10.0
SYSLOG_PORT = 514
# RFC 5424 section 6.2.1: facility 13 (log audit) and severity 5 (notice).
PRIORITY = 13 * 8 + 5


def checkpoint(*, act: Act) -> dict[str, Any] | None:
    """Write a checkpoint, and promise to tell the witness of it; None when nothing moved."""
    line = ledger.write_checkpoint(act=act)
    if line is not None and settings.CHECKPOINT_WITNESS:
        enqueue(kind=TELL_WITNESS, payload={"line": line}, act=act)
    return line


def tell_witness(payload: Mapping[str, Any], act: Act) -> None:
    """Send a line of the checkpoint file to the witness that is configured (an outbox message).

    Raises:
        Unavailable: the witness did not take it; the outbox tries again.
    """
    line, address = payload["line"], urlsplit(settings.CHECKPOINT_WITNESS)
    try:
        if address.scheme == "syslog":
            _log(line, address)
        elif address.scheme:
            post(line, to="CHECKPOINT_WITNESS")
    except (OSError, URLError) as error:
        raise Unavailable("The witness of the checkpoints did not answer.") from error


def _log(line: Mapping[str, Any], address: SplitResult) -> None:
    """Send the short form of a line to a system log, as a datagram (RFC 5424, RFC 5426)."""
    said = (
        f"<{PRIORITY}>1 {line['at']} {socket.gethostname()} onelot - checkpoint -"
        f" {line['n']} digest {digest(line)} root {line['tree']['root']} key {line['key']}"
    )
    where = (address.hostname or "localhost", address.port or SYSLOG_PORT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.sendto(said.encode(), where)


class _Stay(HTTPRedirectHandler):
    """Go nowhere but to the address that was configured."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# The settings that name whom the product tells something; no address comes from a record.
LISTENERS = ("CHECKPOINT_WITNESS", "SECURITY_WEBHOOK", "PERSON_WEBHOOK")


def post(line: Mapping[str, Any], *, to: str) -> None:
    """Post a line to the web address of a setting; any answer but a 2xx is none.

    Raises:
        ValueError: ``to`` is no setting that names a listener.
    """
    if to not in LISTENERS:
        raise ValueError(f"{to} names nobody who is told anything")
    address: str = getattr(settings, to)
    asked = Request(  # noqa: S310 - the setting allows https, and http on this machine
        address, json.dumps(line).encode(), {"Content-Type": "application/json"}
    )
    with build_opener(_Stay).open(asked, timeout=PATIENCE_S):
        pass
