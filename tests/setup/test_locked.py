"""Lock files: a hash for every file, no address, and a clear sentence when they are stale."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import install
import locked
import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = (locked.RUNTIME_LOCK, locked.DEV_LOCK)
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Return package and version of every requirement of a lock file."""
    return dict(PINNED.findall((ROOT / name).read_text()))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what decides whether a lock file is stale."""
    for name in ("pyproject.toml", "package.json", *PYTHON_LOCKS, locked.NODE_LOCK):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_lock_files_belong_to_their_lists() -> None:
    locked.require_fresh()


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_python_package_is_pinned_and_hashed(name: str) -> None:
    text = (ROOT / name).read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert len(blocks) == len(pins(name)) > 30
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_a_python_lock_holds_no_address_and_no_option(name: str) -> None:
    text = (ROOT / name).read_text()
    assert re.findall(r"://|^-.*", text, re.MULTILINE) == []


def test_the_tests_run_on_the_very_versions_that_run() -> None:
    runtime, dev = pins(locked.RUNTIME_LOCK), pins(locked.DEV_LOCK)
    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_front_end_lock_holds_hashes_and_no_address() -> None:
    text = (ROOT / locked.NODE_LOCK).read_text()
    assert "://" not in text
    found = json.loads(text)["packages"]
    packages = {name: package for name, package in found.items() if name}
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if not package.get("integrity")] == []
    # The DejaVu fonts carry the license of Bitstream Vera: free to use, embed and pass on.
    fonts = "node_modules/dejavu-fonts-ttf"
    licenses = {str(one.get("license")) for name, one in packages.items() if name != fonts}
    assert licenses <= {"MIT", "ISC", "BSD-3-Clause", "Apache-2.0"}


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_a_new_dependency_without_a_new_lock_is_refused(project: Path, name: str) -> None:
    described = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        described.replace("dependencies = [", 'dependencies = [\n    "left-pad>=1",', 1)
    )
    if name == locked.DEV_LOCK:
        fresh = locked.MARK + locked.digest_of_lists(project)
        lock = project / locked.RUNTIME_LOCK
        lock.write_text("\n".join([fresh, *lock.read_text().splitlines()[1:]]))
    with pytest.raises(locked.Stale) as refusal:
        locked.require_fresh(project)
    assert str(refusal.value) == (
        f"{name} is not the lock of the dependency lists in pyproject.toml:"
        " make it anew with make lock."
    )


def test_a_new_front_end_package_without_a_new_lock_is_refused(project: Path) -> None:
    wishes = json.loads((project / "package.json").read_text())
    wishes["dependencies"]["left-pad"] = "1.3.0"
    (project / "package.json").write_text(json.dumps(wishes))
    with pytest.raises(locked.Stale, match=r"package-lock.json is not the lock of package.json"):
        locked.require_fresh(project)


def test_a_missing_lock_is_named(project: Path) -> None:
    (project / locked.DEV_LOCK).unlink()
    with pytest.raises(locked.Stale, match=r"requirements-dev.txt is missing"):
        locked.require_fresh(project)


def test_what_is_not_a_dependency_does_not_make_a_lock_stale(project: Path) -> None:
    described = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(described + "\n[tool.another]\nx = 1\n")
    locked.require_fresh(project)


def installed_in(project: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Run the installation of a project with nothing on the search path but `path`."""
    shutil.copytree(ROOT / "setup", project / "setup", dirs_exist_ok=True)
    command = [sys.executable, "setup/install.py"]
    bare = {"PATH": path}
    return subprocess.run(command, cwd=project, env=bare, capture_output=True, text=True)


def test_a_stale_lock_stops_the_installation_with_one_sentence(project: Path) -> None:
    (project / locked.RUNTIME_LOCK).write_text("# not from these lists\n")
    done = installed_in(project, "/usr/bin:/bin")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "make lock" in done.stderr
    assert not (project / ".venv").exists()


def test_a_machine_without_node_is_told_what_to_install(project: Path) -> None:
    done = installed_in(project, str(project / "nothing-here"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "node is missing, and the front-end packages come from it: install Node,"
        " on Debian with apt-get install nodejs npm.\n"
    )
    assert not (project / ".venv").exists()


def test_a_python_without_venv_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(install.Missing) as refusal:
        install.make_virtual_environment()
    assert str(refusal.value) == (
        "This Python has no module venv: install it, on Debian with apt-get install python3-venv."
    )


def test_an_old_python_is_told_so() -> None:
    source = (ROOT / "setup" / "install.py").read_text()
    # Whatever stands before the refusal must be readable by the Pythons it refuses.
    head = source[: source.index("import fcntl")]
    assert "sys.version_info < (3, 11)" in head
    ast.parse(source, feature_version=(3, 8))


def test_something_else_called_venv_is_not_removed(project: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / "precious").write_text("mine")
    (project / "node_modules").mkdir()
    (project / "node_modules" / ".onelot").write_text(install.digest(project / locked.NODE_LOCK))
    done = installed_in(project, "/usr/bin:/bin")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "is not a virtual environment" in done.stderr
    assert (project / ".venv" / "precious").read_text() == "mine"
