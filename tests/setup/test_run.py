"""`make run`: everything starts, says so once, is watched, and is stopped whole."""

from __future__ import annotations

import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mes.embedded.processes import free_port
from mes.env import SettingError
from mes.run import choices, files
from mes.run.children import Child, Shown, say, stop_all
from mes.run.errors import RunError
from mes.run.house import _tell_accounts
from mes.run.programs import Programs

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@contextmanager
def started(data_dir: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start OneLot as `make run` does, wait until it is ready, and give its lines so far."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {"DATA_DIR": str(data_dir), "PORT": str(port), "ONELOT_ENV": "test"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mes.run"],
        cwd=ROOT,
        env=bare | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("OneLot is ready"):
                break
        yield process, lines
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        lines += process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()


def children_of(pid: int) -> set[int]:
    """Return the processes below one, as the kernel knows them."""
    below = set()
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat_file.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            child = int(stat_file.parent.name)
            below |= {child} | children_of(child)
    return below


def is_running(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def status_of(port: int, page: str) -> int:
    """Return the status of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", page)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.timeout(300)
def test_one_command_starts_everything_and_ctrl_c_stops_everything(data_dir: Path) -> None:
    port = free_port()
    with started(data_dir, port) as (process, lines):
        assert lines[-1] == f"OneLot is ready at http://127.0.0.1:{port}", lines
        assert (status_of(port, "/healthz"), status_of(port, "/readyz")) == (200, 200)

        # A second one on the same data is told so, and harms nothing.
        bare = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "PORT": str(port)}
        command = [sys.executable, "-m", "mes.run"]
        second = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True)
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == (
            f"OneLot is already running on {data_dir} (process {process.pid}):"
            " stop it first, or set another DATA_DIR and PORT.\n"
        )

        # A command beside it needs no settings, and gets no more than the application's rights.
        beside = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir)}
        question = "from django.db import connection as c; k = c.cursor();"
        question += "k.execute('SELECT current_user'); print(k.fetchone()[0])"
        asked = subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", question],
            cwd=ROOT,
            env=beside,
            capture_output=True,
            text=True,
        )
        assert asked.stdout.strip().splitlines()[-1:] == ["onelot_app"], asked.stderr

        below = children_of(process.pid)
        assert len(below) > 8
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert [line for line in lines if line.startswith("OneLot is ready")] == [
        f"OneLot is ready at http://127.0.0.1:{port}"
    ]
    assert lines[-1] == "OneLot has stopped."
    assert [pid for pid in below if is_running(pid)] == []
    for name in ("secrets.json", "state.json"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600
    assert not (data_dir / "environment").exists()

    # The next start finds everything, and does nothing twice. Killed, it leaves nobody behind.
    with started(data_dir, port) as (process, again):
        assert not any("schema" in line or "static" in line for line in again)
        below = children_of(process.pid)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 30
        while any(is_running(pid) for pid in below) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [pid for pid in below if is_running(pid)] == []


def test_a_port_in_use_is_one_sentence(data_dir: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        bare = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "PORT": str(port)}
        command = [sys.executable, "-m", "mes.run"]
        done = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Port {port} is in use: ")
    assert len(done.stderr.splitlines()) == 1


def test_an_odd_port_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "80a")
    with pytest.raises(SettingError, match="PORT must be a whole number, not '80a'"):
        choices.read_choices()


def test_an_owner_without_a_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://onelot_owner@db/onelot")
    with pytest.raises(RunError, match="set both, or neither"):
        choices.read_choices()


@pytest.mark.requirement("SEC-26")
def test_the_programs_do_not_know_the_owner_of_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://onelot_app@db/onelot")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgres://onelot_owner@db/onelot")
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgres://postgres@db/onelot")
    monkeypatch.setenv("DEMO_PASSWORD", "a password")
    found = choices.settings_for(choices.read_choices(), {"SECRET_KEY": "x"})
    assert {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "DEMO_PASSWORD"} & set(found) == set()


def test_secrets_are_made_once_and_kept_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRET_KEY", "DEMO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "secrets.json"
    first = files.kept_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first["SECRET_KEY"]) >= 50
    assert len(first["DEMO_PASSWORD"]) >= 15
    assert files.kept_secrets(path) == first
    monkeypatch.setenv("DEMO_PASSWORD", "chosen by a person")
    assert files.kept_secrets(path)["DEMO_PASSWORD"] == "chosen by a person"


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        files.read_json(tmp_path / "state.json")


def test_accounts_and_token_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    accounts = [{"username": "olivia", "full_name": "Olivia Op", "roles": ["operator"]}]
    _tell_accounts({"password": "a-b-c", "accounts": accounts, "token": "t0ken"})
    assert capsys.readouterr().out.splitlines() == [
        "Demo accounts, all with the password a-b-c",
        f"  {'olivia':<16} {'Olivia Op':<24} operator",
        "API token: t0ken",
    ]


def test_a_closed_terminal_does_not_keep_anything_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as closed, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", closed)
        say("nobody reads this")
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def child(stack: ExitStack, name: str, program: str, logs: Path) -> Child:
    """Start a small program as a child of a run."""
    found = Child(name, [sys.executable, "-c", program], dict(os.environ), logs)
    stack.callback(stop_all, [found])
    assert found.process.stdout is not None
    stack.callback(found.process.stdout.close)
    return found


DYING = "print('last words'); raise SystemExit(3)"


def programs(stack: ExitStack, program: str, logs: Path) -> Programs:
    """Start a run of one small program."""
    found = Programs({"worker": [sys.executable, "-c", program]}, dict(os.environ), logs)
    stack.callback(found.stop)
    found.start()
    return found


def until_refused(ask: Callable[[], None]) -> str:
    """Ask again until it is refused, and return the words."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            ask()
        except RunError as error:
            return str(error)
        time.sleep(0.02)
    raise AssertionError("it was never refused")


def test_a_program_that_ends_at_the_start_is_named_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        told = until_refused(programs(stack, DYING, tmp_path).require_alive)
    assert told.startswith("worker ended with code 3, so everything is stopped")
    assert "worker | last words" in capsys.readouterr().out
    assert (tmp_path / "worker.log").read_text() == "last words\n"


def test_a_program_that_was_killed_is_started_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "worker.log"
    with ExitStack() as stack:
        found = programs(
            stack, "import os, time; print(os.getpid(), flush=True); time.sleep(60)", tmp_path
        )
        deadline = time.monotonic() + 20
        while not (log.exists() and log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(int(log.read_text()), signal.SIGKILL)
        while len(log.read_text().split()) < 2 and time.monotonic() < deadline:
            found.mend()
            time.sleep(0.02)
        first, second = (int(one) for one in log.read_text().split())
        assert is_running(second)
        assert not is_running(first)
    assert "worker ended with code -9 and is started again." in capsys.readouterr().out


def test_a_program_that_dies_again_and_again_ends_the_run(tmp_path: Path) -> None:
    with ExitStack() as stack:
        told = until_refused(programs(stack, DYING, tmp_path).mend)
    assert told.startswith("worker ended with code 3, so everything is stopped")
    assert (tmp_path / "worker.log").read_text() == "last words\n" * 3


def test_a_program_that_will_not_end_is_killed_with_its_own_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mes.run.children.PATIENCE_SECONDS", 0.5)
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "below = subprocess.Popen(['/bin/sleep', '60'])\n"
        "print(below.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with ExitStack() as stack:
        found = child(stack, "stubborn", stubborn, tmp_path)
        while not found.last_lines:
            time.sleep(0.02)
        below = int(found.last_lines[0])
        assert stop_all([found]) == ["stubborn"]
        deadline = time.monotonic() + 5
        while is_running(below) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not is_running(below)


def test_only_warnings_errors_and_their_tracebacks_are_shown_and_each_once_a_minute() -> None:
    lines = {
        "INFO all is well": False,
        "2026 ERROR/MainProcess] task 17 failed": True,
        "Traceback (most recent call last):": True,
        '  File "x.py", line 3': True,
        "ValueError: no": True,
        "INFO well again": False,
        "2027 ERROR/MainProcess] task 18 failed": False,
    }
    shown = Shown()
    assert {line: shown.is_worth(line) for line in lines} == lines
    assert [shown.is_worth(line) for line in list(lines)[2:5]] == [False] * 3
    assert shown.is_worth(json.dumps({"level": "warning", "event": "slow"}))


def test_a_log_line_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        found = child(stack, "web", r"print('ERROR \x1b[2Jgone')", tmp_path)
        found.wait()
    assert capsys.readouterr().out == "     web | ERROR ?[2Jgone\n"
