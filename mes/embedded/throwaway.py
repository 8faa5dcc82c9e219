"""Servers that are thrown away, and the settings with which OneLot runs on them."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mes.embedded.postgres import APP_ROLE, running_postgres
from mes.embedded.valkey import running_valkey


@contextlib.contextmanager
def throwaway_servers() -> Iterator[dict[str, str]]:
    """Run both servers in a new temporary directory and give the settings that lead to them.

    The settings hold all that the application needs: DATABASE_URL (as the application's role),
    DATABASE_OWNER_URL (which may create databases), DATABASE_ADMIN_URL (the superuser), REDIS_URL,
    and a key, a key directory and a checkpoint file that vanish with the servers.
    """
    with tempfile.TemporaryDirectory(prefix="onelot-test-") as directory:
        home = Path(directory)
        home.chmod(0o711)
        keys = home / "keys"
        keys.mkdir(mode=0o700)
        with (
            running_postgres(home, durable=False) as servers,
            running_valkey(home, durable=False) as courier,
        ):
            yield {
                "ONELOT_ENV": "test",
                "DATABASE_URL": servers.app_url,
                "DATABASE_OWNER_URL": servers.owner_url,
                "DATABASE_ADMIN_URL": servers.admin_url,
                "APP_DATABASE_ROLE": APP_ROLE,
                "REDIS_URL": courier.url,
                "SECRET_KEY": secrets.token_urlsafe(48),
                "KEY_DIR": str(keys),
                "CHECKPOINT_FILE": str(home / "checkpoints.jsonl"),
                "STATIC_ROOT": str(home / "static"),
            }
