"""Every guard taken out once: the test that proves it must fail then, and hold with it.

    python -m tests.guards             all guards of docs/validation/guards.toml
    python -m tests.guards P11-08 …    some

Works on a copy of the product that is thrown away, against servers that are thrown away, too.
Exit code 1 when a test passes without its guard, or fails with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "validation" / "guards.toml"


@dataclass(frozen=True, slots=True)
class Cut:
    """The lines of a file that hold something, and what stands there without them."""

    file: str
    held_by: str
    without: str


@dataclass(frozen=True, slots=True)
class Guard:
    """What holds, by which requirement and lines, and the test that proves it."""

    number: int
    requirement: str
    says: str
    test: str
    cuts: tuple[Cut, ...]


def guards() -> list[Guard]:
    """Return the table."""
    return [
        Guard(
            number=row["number"],
            requirement=row["requirement"],
            says=row["says"],
            test=row["test"],
            cuts=tuple(Cut(**cut) for cut in row["cut"]),
        )
        for row in tomllib.loads(TABLE.read_text())["guard"]
    ]


def main(wanted: list[str]) -> int:
    """Take the guards out one by one; 1 when a test did not notice."""
    unknown = set(wanted) - {one.requirement for one in guards()}
    if unknown:
        sys.stderr.write(f"There is no guard {min(unknown)}.\n")
        return 2
    failed = 0
    with servers(), copied() as copy:
        for one in guards():
            if wanted and one.requirement not in wanted:
                continue
            is_held, is_noticed = holds(copy, one.test), not without(copy, one)
            failed += not (is_held and is_noticed)
            told = "fails without" if is_noticed else "PASSES WITHOUT"
            told = f"{'holds with' if is_held else 'FAILS WITH'} its guard, {told}"
            sys.stdout.write(f"{one.requirement:9} {told}: {one.says}\n")
            sys.stdout.flush()
    return 1 if failed else 0


def without(copy: Path, guard: Guard) -> bool:
    """Say whether the test of a guard passes when the guard is taken out."""
    before = {cut.file: (copy / cut.file).read_text() for cut in guard.cuts}
    try:
        for cut in guard.cuts:
            path = copy / cut.file
            path.write_text(path.read_text().replace(cut.held_by, cut.without, 1))
        return holds(copy, guard.test)
    finally:
        for file, text in before.items():
            (copy / file).write_text(text)


def holds(copy: Path, test: str) -> bool:
    """Say whether a test passes in the copy.

    Raises:
        RuntimeError: pytest could not even ask, so nothing is shown.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test],
        cwd=copy,
        env={**os.environ, "ONELOT_TEST_DB": "test_guards", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{test} was not asked:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


@contextmanager
def servers() -> Iterator[None]:
    """Use the servers of the environment, or new ones."""
    if "DATABASE_ADMIN_URL" in os.environ:
        yield
        return
    from mes.embedded import throwaway_servers

    with throwaway_servers() as addresses:
        os.environ.update({name: addresses[name] for name in addresses if name.endswith("_URL")})
        yield


@contextmanager
def copied() -> Iterator[Path]:
    """Copy what is under version control, beside the front-end packages that are installed."""
    with tempfile.TemporaryDirectory(prefix="onelot-guards-") as folder:
        names = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, Path(folder) / name)
        for name in ("node_modules", ".venv"):
            if (ROOT / name).exists():
                (Path(folder) / name).symlink_to(ROOT / name)
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
