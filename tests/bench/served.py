"""A real uvicorn process on the database of the measurement."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


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
