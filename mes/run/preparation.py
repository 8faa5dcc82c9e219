"""What must be true before the first request: schema, static files, demo.

Each is done only when what it depends on has changed, which is what makes a second start quick.
What was done is remembered in DATA_DIR/state.json, the schema and the demo together with the
identity of the database, so that a new database is never taken for the old one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mes.run.children import Child, python, say, stop_all
from mes.run.choices import PROJECT, Choices
from mes.run.errors import RunError
from mes.run.files import read_json, write_json

EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Refusal|Unknown command)\b.*:")
NOT_OURS = frozenset({"tests"})


def prepare(choices: Choices, settings: dict[str, str], owner_url: str, database_id: str) -> None:
    """Bring schema and static files up to date, side by side.

    Args:
        settings: the environment of the application, with its own role's address.
        owner_url: the address with which the schema may be changed.
        database_id: the identity of our own database; empty for one elsewhere, which is
            always migrated.

    Raises:
        RunError: one failed; the sentence says which, and where its log is.
    """
    state = _state(choices)
    code = _code_fingerprint()
    static = _static_fingerprint()
    wanted: dict[str, tuple[str, list[str], dict[str, str]]] = {}
    if not database_id or state.get("schema") != [database_id, code]:
        wanted["schema"] = (
            "Bringing the database schema up to date",
            ["migrate", "--noinput"],
            settings | {"DATABASE_URL": owner_url},
        )
    if state.get("static") != static or not Path(settings["STATIC_ROOT"]).is_dir():
        wanted["static"] = (
            "Collecting the static files",
            ["collectstatic", "--noinput", "--clear"],
            settings,
        )
    _run_together(choices, wanted)
    write_json(
        choices.file("state.json"),
        state | {"schema": [database_id, code], "static": static, "for": choices.environment},
    )


def load_demo(
    choices: Choices, settings: dict[str, str], password: str, database_id: str
) -> dict[str, Any]:
    """Load the demo into a database that has none, and return its accounts and token.

    Raises:
        RunError: it failed; the next start tries again.
    """
    if choices.environment != "demo":
        return {}
    state = _state(choices)
    demo_file = Path(settings["DEMO_FILE"])
    if state.get("demo") != [database_id] or not demo_file.is_file():
        step = (
            "Loading the demo",
            ["load_demo"],
            settings | {"DEMO_PASSWORD": password},
        )
        _run_together(choices, {"demo": step})
        if not demo_file.is_file():
            raise RunError(f"The demo was loaded, but its accounts are not in {demo_file}.")
        write_json(choices.file("state.json"), state | {"demo": [database_id]})
    return read_json(demo_file)


def _run_together(
    choices: Choices, steps: dict[str, tuple[str, list[str], dict[str, str]]]
) -> None:
    children: list[Child] = []
    try:
        for name, (sentence, arguments, environment) in steps.items():
            say(f"{sentence} …")
            command = python("manage.py", *arguments)
            children.append(Child(f"prepare-{name}", command, environment, choices.file("logs")))
        for child in children:
            if child.wait() != 0:
                sentence = steps[child.name.removeprefix("prepare-")][0]
                why = _reason(child.last_lines)
                raise RunError(f"{sentence} failed: {why} (all of it is in {child.log}).")
    finally:
        stop_all(children)


def _reason(lines: Sequence[str]) -> str:
    """Return the line that names the exception; the last one when none does."""
    named = [line for line in lines if EXCEPTION.match(line)]
    return (named or [line for line in lines if line.strip()] or ["it wrote nothing"])[-1].strip()


def _state(choices: Choices) -> dict[str, Any]:
    return read_json(choices.file("state.json"))


def _code_fingerprint() -> str:
    """Return a digest of all that can change the schema, the rights in it, or its first rows."""
    files = (file for package in _packages() for file in package.rglob("*.py"))
    return _digest([*files, PROJECT / "requirements.txt"])


def _static_fingerprint() -> str:
    """Return a digest of all files that are served, the packages' by their lock files."""
    locks = (PROJECT / name for name in ("requirements.txt", "package-lock.json"))
    ours = (file for package in _packages() for file in (package / "static").rglob("*"))
    return _digest([*locks, *ours, PROJECT / "mes" / "static_files.py"])


def _packages() -> list[Path]:
    """Return the directories of the apps."""
    found = (path.parent for path in PROJECT.glob("*/__init__.py"))
    return [path for path in found if path.name not in NOT_OURS]


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for part in _parts(files):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts(files: Iterable[Path]) -> Iterator[bytes]:
    for file in sorted(files):
        if file.is_file():
            yield str(file.relative_to(PROJECT)).encode()
            yield file.read_bytes()
