"""The programs of a run: started, listened to, watched, and stopped together.

Each runs in a session of its own, so that Ctrl-C reaches only us and we stop them in order. What
one writes goes to its log; warnings and errors are shown as well, with its name before them.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

from mes.embedded.processes import ends_with_parent
from mes.run.choices import PROJECT

LOG_BYTES, LOG_FILES = 10_000_000, 3
REMEMBERED_LINES = 12
WORTH_SHOWING = re.compile(
    r"\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b"
    r'|"level": ?"(warning|error|critical)"'
    r"|\[(warning|error|critical) *\]"
)
PATIENCE_SECONDS = 10.0
QUIET_SECONDS, REMEMBERED_KINDS = 60.0, 200


def say(text: str) -> None:
    """Show one line to the person at the terminal."""
    # A terminal that was closed must not keep us from stopping what we started.
    with contextlib.suppress(OSError):
        print(text, flush=True)


class Child:
    """One program and the thread that reads what it writes."""

    def __init__(
        self, name: str, command: Sequence[str], environment: dict[str, str], logs: Path
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.last_lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),
        )
        self._reader = threading.Thread(target=self._read, name=f"log of {name}", daemon=True)
        self._reader.start()

    def wait(self) -> int:
        """Wait for the end and for the last line, and return the exit code."""
        code = self.process.wait()
        self._reader.join(timeout=2)
        return code

    def has_ended(self) -> bool:
        """Say whether it has ended, without reaping it."""
        if self.process.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def bury(self) -> int:
        """Kill it with all that it started, and return the exit code."""
        if self.process.returncode is None:
            # It is not reaped yet, so its number cannot be anybody else's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        writer = _log_writer(self.log)
        shown = Shown()
        with contextlib.closing(writer), self.process.stdout as lines:
            for raw in lines:
                line = _printable(raw.decode("utf-8", errors="replace").rstrip())
                writer.emit(logging.makeLogRecord({"msg": line}))
                self.last_lines.append(line)
                if shown.is_worth(line):
                    say(f"{self.name:>8} | {line}")


class Shown:
    """Which lines of one program are shown: warnings, errors and their tracebacks.

    What differs from a line of the last minute in its digits only is in the log, and not shown.
    """

    def __init__(self) -> None:
        self._last_at: dict[str, float] = {}
        self._in_traceback = False
        self._was_worth = False
        self._is_showing = False

    def is_worth(self, line: str) -> bool:
        """Say whether this line, which comes after those asked about before, is shown."""
        begins_traceback = line.startswith("Traceback (most recent call last)")
        if self._in_traceback and not begins_traceback:
            # The line after the indented ones names the exception, and ends the traceback.
            self._in_traceback = line[:1] in (" ", "")
            return self._is_showing
        self._in_traceback = begins_traceback
        if begins_traceback and self._was_worth:
            # It belongs to the line before it, and shares its fate.
            return self._is_showing
        self._was_worth = begins_traceback or bool(WORTH_SHOWING.search(line))
        self._is_showing = self._was_worth and self._is_new(line)
        return self._is_showing

    def _is_new(self, line: str) -> bool:
        kind, now = re.sub(r"\d+", "0", line), time.monotonic()
        is_new = now - self._last_at.get(kind, -QUIET_SECONDS) >= QUIET_SECONDS
        if is_new:
            self._last_at[kind] = now
        if len(self._last_at) > REMEMBERED_KINDS:
            self._last_at.clear()
        return is_new


def stop_all(children: Iterable[Child]) -> list[str]:
    """Ask all to end at once, and return the names of those that had to be killed."""
    running = [child for child in children if child.process.returncode is None]
    for child in running:
        child.process.terminate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not all(child.has_ended() for child in running):
        time.sleep(0.05)
    killed = [child.name for child in running if not child.has_ended()]
    for child in running:
        child.bury()
    return killed


def _log_writer(log: Path) -> logging.handlers.RotatingFileHandler:
    os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    return logging.handlers.RotatingFileHandler(
        log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )


def _printable(line: str) -> str:
    """Return the line without characters that would steer a terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in line)


def python(*arguments: str) -> list[str]:
    """Return the command line of a Python program of this virtual environment."""
    return [sys.executable, *arguments]
