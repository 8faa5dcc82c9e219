"""The small files a run keeps in DATA_DIR: secrets, what was prepared, and the lock.

Every file is for its owner only (mode 600) and is replaced whole, so that a power cut leaves the
old one or the new one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mes.run.errors import RunError

# No character that could be taken for another: the password is typed from a screen.
UNAMBIGUOUS = "abcdefghjkmnpqrstuvwxyz23456789"


def write_private(path: Path, content: str) -> None:
    """Replace a file whole, readable by its owner only."""
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file of ours, empty when it is not there.

    Raises:
        RunError: the file is there and damaged.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise RunError(f"The file {path} cannot be read: bring it back, or set another DATA_DIR.")
    return found


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a file of ours by this object."""
    write_private(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def kept_secrets(path: Path) -> dict[str, str]:
    """Return SECRET_KEY and DEMO_PASSWORD of this DATA_DIR, made on the first start.

    Both are taken from the environment when they are set there.
    """
    kept = {name: str(value) for name, value in read_json(path).items()}
    found = {
        "SECRET_KEY": os.environ.get("SECRET_KEY")
        or kept.get("SECRET_KEY")
        or secrets.token_urlsafe(64),
        "DEMO_PASSWORD": os.environ.get("DEMO_PASSWORD")
        or kept.get("DEMO_PASSWORD")
        or _readable_password(),
    }
    if found != kept:
        write_json(path, found)
    return found


@contextlib.contextmanager
def only_run(data_dir: Path) -> Iterator[None]:
    """Hold DATA_DIR for this run alone.

    Raises:
        RunError: another run holds it.
    """
    path = data_dir / "lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            raise RunError(
                f"OneLot is already running on {data_dir} (process {holder}):"
                " stop it first, or set another DATA_DIR and PORT."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _readable_password() -> str:
    groups = ("".join(secrets.choice(UNAMBIGUOUS) for _ in range(5)) for _ in range(4))
    return "-".join(groups)
