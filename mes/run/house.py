"""The order of a run: lock, servers, preparation, programs, and then watching them all.

Whatever happens, everything that was started is stopped again in the opposite order.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mes.embedded import running_postgres, running_valkey
from mes.embedded.place import make_passable
from mes.run.children import python, say
from mes.run.choices import Choices, require_free_port, settings_for
from mes.run.errors import RunError
from mes.run.files import kept_secrets, only_run, write_private
from mes.run.preparation import load_demo, prepare
from mes.run.programs import Programs
from mes.run.readiness import wait_until_ready

LOG_BYTES_AT_START = 10_000_000
# What `manage.py` beside the run needs: the application's own rights, not the owner's.
SHARED_SETTINGS = (
    *("ONELOT_ENV", "SECRET_KEY", "KEY_DIR", "CHECKPOINT_FILE", "DEMO_FILE", "STATIC_ROOT"),
    *("APP_DATABASE_ROLE", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"),
)


@dataclass(slots=True, kw_only=True)
class Servers:
    """The servers a run uses: addresses, and those it started itself."""

    app_url: str
    owner_url: str
    redis_url: str
    database_id: str
    started: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)


def run(choices: Choices) -> None:
    """Run OneLot until somebody asks it to stop.

    Raises:
        Stopped: somebody did.
        RunError: it cannot start, a server ended, or a program ends again and again.
        EmbeddedError: one of its servers cannot run here.
    """
    make_passable(choices.data_dir)
    with only_run(choices.data_dir):
        require_free_port(choices.port)
        for name in ("logs", "keys", "run"):
            choices.file(name).mkdir(mode=0o700, exist_ok=True)
        kept = kept_secrets(choices.file("secrets.json"))
        with _servers(choices) as servers:
            settings = settings_for(choices, kept) | {
                "DATABASE_URL": servers.app_url,
                "REDIS_URL": servers.redis_url,
            }
            prepare(choices, settings, servers.owner_url, servers.database_id)
            demo = load_demo(choices, settings, kept["DEMO_PASSWORD"], servers.database_id)
            with _shared(choices.file("environment"), settings):
                _serve(choices, settings, servers, demo)


@contextlib.contextmanager
def _servers(choices: Choices) -> Iterator[Servers]:
    """Start the servers whose addresses were not given."""
    with contextlib.ExitStack() as stack:
        found = Servers(
            app_url=choices.database_url,
            owner_url=choices.owner_url,
            redis_url=choices.redis_url,
            database_id="",
        )
        if not found.app_url:
            say("Starting PostgreSQL …")
            log = _begun(choices.file("logs") / "postgres.log")
            postgres = stack.enter_context(
                running_postgres(choices.data_dir, durable=True, log=log)
            )
            found.app_url, found.owner_url = postgres.app_url, postgres.owner_url
            found.database_id = postgres.system_identifier
            found.started.append(("PostgreSQL", postgres.process))
            if postgres.is_moved:
                say(
                    f"The servers run as user {postgres.account}, which cannot reach"
                    f" {choices.data_dir} or this project: their data is in {postgres.home},"
                    f" their programs in {postgres.home.parent}."
                )
            else:
                say(f"PostgreSQL runs as user {postgres.account} on {postgres.home}/postgres.")
        if not found.redis_url:
            say("Starting Valkey …")
            log = _begun(choices.file("logs") / "valkey.log")
            courier = stack.enter_context(running_valkey(choices.data_dir, durable=True, log=log))
            found.redis_url = courier.url
            found.started.append(("Valkey", courier.process))
        yield found


def _serve(
    choices: Choices, settings: dict[str, str], servers: Servers, demo: dict[str, Any]
) -> None:
    say("Starting web server, workers and scheduler …")
    # The names hold the port, since several houses may share one broker.
    workers = {name: f"{name}-{choices.port}@onelot" for name in ("worker", "long")}
    programs = Programs(_commands(choices, workers), settings, choices.file("logs"))

    def check() -> None:
        programs.require_alive()
        _require_servers(servers)

    try:
        programs.start()
        wait_until_ready(choices.port, servers.redis_url, list(workers.values()), check)
        _tell_accounts(demo)
        say(f"OneLot is ready at http://127.0.0.1:{choices.port}")
        while True:
            _require_servers(servers)
            programs.mend()
            time.sleep(0.5)
    finally:
        say("Stopping …")
        for name in programs.stop():
            say(f"{name} did not end in time and was killed.")


def _commands(choices: Choices, workers: dict[str, str]) -> dict[str, Sequence[str]]:
    celery = python("-m", "celery", "--app", "mes.celery")
    worker = [*celery, "worker", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    return {
        "web": python(
            *("-m", "uvicorn", "mes.asgi:application", "--host", "127.0.0.1"),
            *("--port", str(choices.port), "--no-access-log", "--no-server-header"),
            *("--timeout-graceful-shutdown", "3"),
        ),
        "worker": [
            *(*worker, "--hostname", workers["worker"]),
            *("--queues", "celery,sensors", "--concurrency", "2"),
        ],
        "long": [
            *(*worker, "--hostname", workers["long"]),
            *("--queues", "long", "--concurrency", "1"),
        ],
        "beat": [
            *(*celery, "beat", "--loglevel", "INFO", "--pidfile", ""),
            *("--schedule", str(choices.file("run") / "beat-schedule")),
        ],
    }


def _require_servers(servers: Servers) -> None:
    for name, process in servers.started:
        if process.poll() is not None:
            raise RunError(f"{name} ended with code {process.poll()}, so everything is stopped.")


def _tell_accounts(demo: dict[str, Any]) -> None:
    accounts = demo.get("accounts", [])
    if accounts:
        say(f"Demo accounts, all with the password {demo.get('password', '')}")
    for account in accounts:
        roles = account.get("roles", [])
        roles = roles if isinstance(roles, str) else ", ".join(roles)
        say(f"  {account.get('username', ''):<16} {account.get('full_name', ''):<24} {roles}")
    if demo.get("token"):
        say(f"API token: {demo['token']}")


@contextlib.contextmanager
def _shared(path: Path, settings: dict[str, str]) -> Iterator[None]:
    """Let `manage.py` in another terminal find the running servers."""
    lines = [f"{name}={settings[name]}" for name in SHARED_SETTINGS if name in settings]
    write_private(path, "# Made by make run, for manage.py beside it.\n" + "\n".join(lines) + "\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _begun(log: Path) -> Path:
    """Put a log that has grown too large aside, and return its path."""
    if log.exists() and log.stat().st_size > LOG_BYTES_AT_START:
        log.replace(log.with_suffix(".log.1"))
    return log
