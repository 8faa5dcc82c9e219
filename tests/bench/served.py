"""A real uvicorn process on the database of the measurement, and clients that ask it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 3.0


class Ask(NamedTuple):
    """A request of a measurement."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = {}


def rate(port: int, make: Callable[[], Ask], *, clients: int) -> float:
    """Return how many requests a second are answered well, asked on lasting connections.

    Raises:
        AssertionError: one was refused.
    """
    counts = [0] * clients
    end = time.perf_counter() + SECONDS

    def ask(place: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < end:
            wanted = make()
            headers = {"Content-Type": "application/json", **wanted.headers}
            client.request(wanted.method, wanted.path, wanted.body or None, headers)
            answer = client.getresponse()
            told = answer.read()
            assert answer.status in (200, 201), (answer.status, told[:300])
            counts[place] += 1
        client.close()

    threads = [Thread(target=ask, args=(place,)) for place in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


@contextmanager
def served(settings: str) -> Iterator[int]:
    """Serve the application with these settings on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    url = f"{base.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    child = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "mes.asgi:application", "--port", str(port),
         "--log-level", "error"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings,
             "DATABASE_URL": f"{url}?{query}" if query else url},
    )  # fmt: skip
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        if child.poll() is not None:
            raise RuntimeError(f"The server with {settings} did not start.")
        yield port
    finally:
        child.terminate()
        child.wait(10)
