"""Fail closed, recover alone: what a user sees when PostgreSQL or Redis goes away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mes.embedded import Servers, running_postgres

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(
    port: int, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str]]:
    """Return status and headers of a GET, whatever the status is."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, lowered(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, lowered(error.headers)
    except OSError:
        return 0, {}


def lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def wait_for(port: int, path: str, status: int, seconds: float = 20) -> float:
    """Wait until ``path`` answers ``status``; return how long it took."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if asked(port, path)[0] == status:
            return time.monotonic() - start
        time.sleep(0.1)
    raise AssertionError(f"{path} did not answer {status}: {asked(port, path)}")


def environment(servers: Servers, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mes.settings",
        "ONELOT_ENV": "demo",
        "DATABASE_URL": servers.app_url,
        # Nobody listens here: whatever a request does must not need Redis.
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "SECRET_KEY": "x1y2z3" * 10,
        "KEY_DIR": str(folder / "keys"),
        "CHECKPOINT_FILE": str(folder / "checkpoints.jsonl"),
        "STATIC_ROOT": str(folder / "static"),
    }


@pytest.fixture
def web() -> Iterator[tuple[int, Servers]]:
    """A web server on a PostgreSQL of its own, without any Redis."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="onelot-away-") as name:
        # As root the server runs as another user, who must be able to pass.
        Path(name).chmod(0o711)
        with running_postgres(Path(name), durable=False) as servers:
            yield from served(servers, Path(name), port)


def served(servers: Servers, folder: Path, port: int) -> Iterator[tuple[int, Servers]]:
    """Migrate, run the web server, and stop it at the end."""
    env = environment(servers, folder)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"],
        cwd=ROOT,
        env={**env, "DATABASE_URL": servers.owner_url},
        check=True,
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "mes.asgi:application", "--port", str(port)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, "/readyz", 200)
        yield port, servers
    finally:
        child.terminate()
        child.wait(10)


def started_again(servers: Servers) -> subprocess.Popen[bytes]:
    """Start the killed PostgreSQL again as it was, on the same data."""
    run_as = {} if os.geteuid() else {"user": servers.account, "extra_groups": []}
    return subprocess.Popen(
        servers.process.args,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **run_as,
    )


@pytest.mark.requirement("SEC-32")
def test_without_postgresql_there_is_a_503_and_with_it_again_a_200(
    web: tuple[int, Servers],
) -> None:
    port, servers = web
    token = {"Authorization": "Bearer mes_live_unknown"}
    assert asked(port, "/api/v1/orders/", token)[0] == 401
    os.kill(servers.process.pid, signal.SIGKILL)
    servers.process.wait()
    wait_for(port, "/readyz", 503)
    for path in ("/readyz", "/api/v1/orders/"):
        status, headers = asked(port, path, token)
        assert (status, headers.get("retry-after")) == (503, "5"), path
    assert asked(port, "/healthz")[0] == 200

    again = started_again(servers)
    try:
        assert wait_for(port, "/readyz", 200) < 10
        assert asked(port, "/api/v1/orders/", token)[0] == 401
    finally:
        again.send_signal(signal.SIGINT)
        again.wait(20)
