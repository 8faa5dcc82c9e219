"""What is locked: the digest that ties a lock file to the lists it was made from.

Only the standard library, and for any Python 3.11 or later: this runs before anything is installed.
"""

import hashlib
import json
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
RUNTIME_LOCK, DEV_LOCK, NODE_LOCK = "requirements.txt", "requirements-dev.txt", "package-lock.json"
MARK = "# Made by `make lock` from the dependency lists of pyproject.toml, sha256 "


class Stale(Exception):
    """A lock file does not belong to the lists it should have been made from."""


def digest_of_lists(project: Path = PROJECT) -> str:
    """Return the digest of all that decides what a lock file holds."""
    described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [described.get(key) for key in ("requires-python", "dependencies")]
    lists.append(described.get("optional-dependencies"))
    return hashlib.sha256(json.dumps(lists, sort_keys=True).encode()).hexdigest()


def require_fresh(project: Path = PROJECT) -> None:
    """Refuse lock files that are missing or older than their lists.

    Raises:
        Stale: with one sentence for the person at the terminal.
    """
    for name in (RUNTIME_LOCK, DEV_LOCK, NODE_LOCK):
        if not (project / name).is_file():
            raise Stale(f"{name} is missing: make it with make lock.")
    wanted = MARK + digest_of_lists(project)
    for name in (RUNTIME_LOCK, DEV_LOCK):
        with (project / name).open(encoding="utf-8") as file:
            if file.readline().strip() != wanted:
                raise Stale(
                    f"{name} is not the lock of the dependency lists in pyproject.toml:"
                    " make it anew with make lock."
                )
    wishes = json.loads((project / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((project / NODE_LOCK).read_text(encoding="utf-8"))
    if locked["packages"][""].get("dependencies") != wishes.get("dependencies"):
        raise Stale(f"{NODE_LOCK} is not the lock of package.json: make it anew with make lock.")
