"""Make the virtual environment and the front-end packages, from the lock files and nothing else.

    python3 setup/install.py            what `make run` needs
    python3 setup/install.py --dev      what `make test` needs too
    python3 setup/install.py --dev --any-lock    for `make lock`, when the lock is stale

What is there and belongs to the lock files is left alone. Only the standard library; the syntax is
that of old Pythons, so that one of those gets a sentence too.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for the Pythons it refuses
    sys.exit(
        "OneLot needs Python 3.11 or later, and this is {}.{}: install one, and name it as in"
        " make run PYTHON=python3.11.".format(*sys.version_info)
    )

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

from locked import DEV_LOCK, NODE_LOCK, PROJECT, RUNTIME_LOCK, Stale, require_fresh

VENV = PROJECT / ".venv"
PYTHON_STAMP = VENV / "onelot.json"
NODE_STAMP = PROJECT / "node_modules" / ".onelot"


class Missing(Exception):
    """Something that cannot be installed here is missing; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Install what is missing; 1 and one sentence when that cannot be."""
    try:
        if "--any-lock" not in arguments:
            require_fresh()
        # Two at once would write into each other: the directory itself is the lock.
        handle = os.open(PROJECT, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            front_end = begin_front_end()
            try:
                install_python(DEV_LOCK if "--dev" in arguments else RUNTIME_LOCK)
            finally:
                end_front_end(front_end)
        finally:
            os.close(handle)
    except (Stale, Missing) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def install_python(lock: str) -> None:
    """Bring the virtual environment to what the lock file says."""
    make_virtual_environment()
    stamp = read_stamp()
    wanted = digest(PROJECT / lock)
    if stamp.get(lock) == wanted:
        return
    print(f"Installing the Python packages of {lock} …", flush=True)
    # No stamp while it lasts: an installation that was cut off is done again.
    PYTHON_STAMP.unlink(missing_ok=True)
    command = [
        *(str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"),
        *("--require-hashes", "--only-binary", ":all:", "--progress-bar", "off"),
        *("--quiet", "--requirement", lock),
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"The Python packages could not be installed: {reason(done.stderr)}")
    fresh = {lock: wanted}
    if lock == DEV_LOCK:
        # It holds the other one whole.
        fresh[RUNTIME_LOCK] = digest(PROJECT / RUNTIME_LOCK)
    PYTHON_STAMP.write_text(json.dumps(fresh), encoding="utf-8")


def make_virtual_environment() -> None:
    """Make .venv, and make it anew when it was moved or its Python is gone."""
    if VENV.exists():
        if prefix_of(VENV) == str(VENV):
            return
        if not (VENV / "pyvenv.cfg").exists():
            raise Missing(f"{VENV} is not a virtual environment: move it out of the way.")
        shutil.rmtree(VENV)
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise Missing(
            "This Python has no module venv: install it, on Debian with"
            " apt-get install python3-venv."
        )
    print("Making the virtual environment …", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Missing(
            f"The virtual environment could not be made: {reason(done.stdout + done.stderr)}"
        )


def prefix_of(venv: Path) -> str:
    """Return where a virtual environment thinks it is; empty when its Python does not run."""
    question = "import pip, sys; print(sys.prefix)"
    try:
        done = subprocess.run(
            [str(venv / "bin" / "python"), "-c", question],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    # A script of a virtual environment that was copied still begins with the old path.
    pip = venv / "bin" / "pip"
    moved = not pip.is_file() or str(venv) not in pip.read_text(errors="replace")[:400]
    return "" if done.returncode != 0 or moved else done.stdout.strip()


def begin_front_end() -> "subprocess.Popen[str] | None":
    """Start to install the front-end packages, unless they belong to the lock file already."""
    if NODE_STAMP.is_file() and NODE_STAMP.read_text() == digest(PROJECT / NODE_LOCK):
        return None
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(
                f"{program} is missing, and the front-end packages come from it: install Node,"
                " on Debian with apt-get install nodejs npm."
            )
    print("Installing the front-end packages …", flush=True)
    return subprocess.Popen(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end_front_end(front_end: "subprocess.Popen[str] | None") -> None:
    """Wait for the front-end packages."""
    if front_end is None:
        return
    output, _ = front_end.communicate()
    if front_end.returncode != 0:
        raise Missing(f"The front-end packages could not be installed: {reason(output)}")
    NODE_STAMP.write_text(digest(PROJECT / NODE_LOCK))


def read_stamp() -> dict[str, str]:
    """Return which lock files the virtual environment was installed from."""
    try:
        found = json.loads(PYTHON_STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def reason(output: str) -> str:
    """Return the line in which a tool says why it failed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "fatal"))]
    return (errors or lines or ["it gave no reason"])[-1 if not errors else 0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
