"""Starting a server so that it does not outlive us, and stopping one that did."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mes.embedded.errors import EmbeddedError

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def ends_with_parent(signal_number: int) -> Callable[[], None]:
    """Return what a child must call first, so that the kernel ends it when its parent is killed.

    The signal comes when the thread that started the child ends: start it from one that lasts.
    """

    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal_number)

    return prepare


def stop(process: subprocess.Popen[bytes], *signals: tuple[int, float]) -> None:
    """Send each signal in turn and wait its seconds for the end, then kill.

    A process that leads a group takes its whole group with it when it has to be killed.
    """
    for number, seconds in signals:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def stop_orphan(directory: Path, pid_file: Path, signal_number: int) -> None:
    """Stop the server that an earlier, killed run left behind in this directory.

    A process is that server only when it works in `directory`: a pid alone may long belong to
    another program. The caller holds the lock of the directory.

    Raises:
        EmbeddedError: it is still there after half a minute.
    """
    try:
        pid = abs(int(pid_file.read_text(encoding="utf-8").splitlines()[0]))
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + 30
    while _works_in(pid, directory):
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"Process {pid}, left behind by an earlier run, still uses {directory}: end it."
            )
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_number)
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def free_port() -> int:
    """Return a port on which nothing listens on the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tail_of(log: Path, lines: int = 5) -> str:
    """Return the last lines of a log, for the sentence about why its writer ended."""
    try:
        found = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "it wrote no log"
    return " / ".join(line.strip() for line in found[-lines:]) or "its log is empty"


def _works_in(pid: int, directory: Path) -> bool:
    try:
        return (Path("/proc") / str(pid) / "cwd").resolve(strict=True) == directory.resolve()
    except OSError:
        return False
