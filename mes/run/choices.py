"""What the person who starts OneLot may choose, read from the environment once."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from mes import env
from mes.run.errors import RunError

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices of one run; an empty address means: start that server here."""

    port: int
    data_dir: Path
    database_url: str
    owner_url: str
    redis_url: str
    environment: str

    def file(self, name: str) -> Path:
        """Return a file or directory of ours in DATA_DIR."""
        return self.data_dir / name


def read_choices() -> Choices:
    """Return the choices, checked.

    Raises:
        SettingError: one cannot be understood.
        RunError: two contradict each other.
    """
    database_url = env.text("DATABASE_URL", default="")
    owner_url = env.text("DATABASE_OWNER_URL", default="")
    if database_url:
        env.database("DATABASE_URL")
    if owner_url:
        env.database("DATABASE_OWNER_URL")
    if owner_url and not database_url:
        raise RunError("DATABASE_OWNER_URL is set without DATABASE_URL: set both, or neither.")
    return Choices(
        port=env.number("PORT", 8000, least=1, most=65535),
        data_dir=PROJECT / env.text("DATA_DIR", default="var"),
        database_url=database_url,
        owner_url=owner_url or database_url,
        redis_url=env.text("REDIS_URL", default=""),
        environment=env.choice("ONELOT_ENV", ("demo", "test", "prod"), default="demo"),
    )


def require_free_port(port: int) -> None:
    """Refuse a port on which somebody listens already.

    Raises:
        RunError: the port is taken, or not ours to take.
    """
    with socket.socket() as probe:
        # As the web server does: connections of the last run that still close are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise RunError(
                f"Port {port} is reserved for root: choose a higher one, as in PORT=8080 make run."
            ) from None
        except OSError:
            other = port + 1 if port < 65535 else 8000
            raise RunError(
                f"Port {port} is in use: stop the program that uses it,"
                f" or choose another port, as in PORT={other} make run."
            ) from None


def settings_for(choices: Choices, kept: dict[str, str]) -> dict[str, str]:
    """Return the environment of every program of this run, still without the two addresses.

    The addresses of owner and superuser are left out: only migrations get the owner's.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "DEMO_PASSWORD", "MAKEFLAGS")
    }
    data = choices.data_dir
    ours = {
        "ONELOT_ENV": choices.environment,
        "DJANGO_SETTINGS_MODULE": "mes.settings",
        "SECRET_KEY": kept["SECRET_KEY"],
        "DATA_DIR": str(data),
        "PYTHONUNBUFFERED": "1",
    }
    defaults = {
        "APP_DATABASE_ROLE": "onelot_app",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "KEY_DIR": str(data / "keys"),
        "CHECKPOINT_FILE": str(data / "checkpoints.jsonl"),
        "DEMO_FILE": str(data / "demo.json"),
        "STATIC_ROOT": str(data / "static"),
    }
    return defaults | inherited | ours
