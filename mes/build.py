"""Build: which OneLot this is, by version, digest, commit and configuration.

The digest of the build is taken from the very files that run, so a checkout, an image and the
validation pack of the same release show the same one.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

# What a release is made of. Tests, documentation and the tools of the set-up do not run in a plant.
FOLDERS = (
    *("kernel", "audit", "supply", "diagnostics", "recipes", "batches", "quality"),
    *("monitoring", "insight", "mes", "templates"),
)
FILES = ("manage.py", "pyproject.toml", "package.json", "package-lock.json", "requirements.txt")
LOCKS = ("requirements.txt", "package-lock.json")
MADE_WHILE_RUNNING = {"__pycache__", ".DS_Store"}
HIDDEN = {"SECRET_KEY", "LOGGING"}


def root() -> Path:
    """Return where OneLot is installed."""
    return Path(settings.BASE_DIR)


@cache
def product_version() -> str:
    """Return which OneLot this is."""
    described = tomllib.loads((root() / "pyproject.toml").read_text())
    return str(described["project"]["version"])


def product_files(place: Path) -> Iterator[str]:
    """Yield the name of every file of the product, in order."""
    found = [name for name in FILES if (place / name).is_file()]
    for folder in FOLDERS:
        found += [
            path.relative_to(place).as_posix()
            for path in (place / folder).rglob("*")
            if path.is_file()
            and path.suffix != ".pyc"
            and not MADE_WHILE_RUNNING.intersection(path.parts)
        ]
    yield from sorted(found)


def digest_of_files(place: Path) -> str:
    """Return the SHA-256 over the list that `sha256sum` would print for the product's files."""
    whole = hashlib.sha256()
    for name in product_files(place):
        whole.update(f"{file_digest(place / name)}  {name}\n".encode())
    return whole.hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty when it is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@cache
def build_digest() -> str:
    """Return the digest of the files this process was started from."""
    return digest_of_files(root())


@cache
def source_commit() -> str:
    """Return the commit it was built from, with a plus when files differ; empty when unknown."""
    named = os.environ.get("SOURCE_COMMIT", "")
    if named or not (root() / ".git").exists():
        return named
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return f"{commit}+" if commit and changes else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root(), capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def schema_version() -> str:
    """Return the digest of the names of all applied migrations: sixteen digits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        names = sorted(f"{app}.{name}" for app, name in cursor.fetchall())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def configuration() -> dict[str, Any]:
    """Return the settings of the house in plain terms, without any secret."""
    from mes import settings as ours

    names = [name for name in dir(ours) if name.isupper() and name not in HIDDEN]
    return {name: told_plainly(name, getattr(settings, name)) for name in names}


def told_plainly(name: str, value: Any) -> Any:
    """Return the value of a setting in plain terms, and of a secret only that there is one."""
    if isinstance(value, dict):
        return {str(key): told_plainly(str(key), one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, list | tuple):
        return [told_plainly("", one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if "PASSWORD" in name.upper() or "SECRET" in name.upper():
        return "(secret)"
    text = str(value)
    # Of an address that carries a password, only where it leads.
    return urlsplit(text)._replace(netloc=text.rpartition("@")[2]).geturl() if "@" in text else text


def configuration_digest() -> str:
    """Return the SHA-256 of the settings, the same as long as none of them changes."""
    text = json.dumps(configuration(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
