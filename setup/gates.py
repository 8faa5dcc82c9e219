"""`make test`: every gate in order; the first that fails ends it, by name.

    python setup/gates.py                  everything
    python setup/gates.py lint             only the gates that read, and run nothing
    python setup/gates.py -- ARGUMENT…     everything, with more arguments for pytest

The gates that read run two at a time. Those that run OneLot share one PostgreSQL and one Valkey,
which are thrown away at the end. The last line adds up what both runs of pytest said.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chromium import NoChromium, find_chromium

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|deselected|xfailed|xpassed)")

READING: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "imports": ["lint-imports"],
    "templates": ["djlint", "--lint", "--quiet", "templates"],
    "compose file": [
        *("check-jsonschema", "--builtin-schema", "vendor.compose-spec"),
        "docker-compose.yml",
    ],
    "Dockerfile": ["hadolint", "Dockerfile"],
    "secrets": ["python", "setup/secrets_scan.py"],
    "types": ["mypy"],
}
PRODUCTION = {"ONELOT_ENV": "prod", "ALLOWED_HOSTS": "onelot.example", "BEHIND_PROXY": "yes"}
DJANGO: dict[str, list[str]] = {
    "check --deploy": ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run"],
}
PYTEST = ["-m", "pytest"]
NO_TESTS = 5
RESULTS = "test-results"


class GateClosed(Exception):
    """A gate failed; the message is its name."""


def main(arguments: list[str]) -> int:
    """Pass the gates; 1 at the first that stays closed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    more = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    try:
        pass_reading_gates()
        if arguments[:1] == ["lint"]:
            return 0
        summaries = pass_running_gates(more)
    except GateClosed as gate:
        sys.stderr.write(f"make test stopped at the gate: {gate}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    tell(f"all gates passed in {time.monotonic() - began:.0f} s")
    print(f"== {added_up(summaries)} ==", flush=True)
    return 0


def pass_reading_gates() -> None:
    """Run the gates that only read the sources, two at a time, and tell of them in order."""
    with ThreadPoolExecutor(max_workers=2) as two:
        waiting = {
            name: two.submit(quietly, [str(BIN / command[0]), *command[1:]], os.environ)
            for name, command in READING.items()
        }
        try:
            for name, result in waiting.items():
                judge(name, *result.result())
        finally:
            two.shutdown(wait=False, cancel_futures=True)


def pass_running_gates(more: list[str]) -> list[str]:
    """Run the gates that run OneLot; return the last line of each run of pytest."""
    sys.path.insert(0, str(PROJECT))
    from mes.embedded import EmbeddedError, throwaway_servers

    try:
        chromium = find_chromium(tell)
    except NoChromium as missing:
        tell(str(missing))
        raise GateClosed("browser") from None
    try:
        with throwaway_servers() as settings:
            here = {**os.environ, **settings, "CHROMIUM": chromium}
            production = here | PRODUCTION | {"SECRET_KEY": secrets.token_urlsafe(64)}
            for name, command in DJANGO.items():
                judge(name, *quietly([sys.executable, *command], production))
            all_but_browser = ["-n", "2", "--ignore", "tests/browser", *kept("tests"), *more]
            # A choice of tests may leave one of the two runs without any.
            empty = {NO_TESTS} if more else set()
            return [
                aloud("tests", [*PYTEST, *all_but_browser], here, accepted=empty),
                aloud(
                    "browser",
                    [*PYTEST, "tests/browser", *kept("browser"), *more],
                    here,
                    accepted=empty,
                ),
            ]
    except EmbeddedError as refusal:
        tell(str(refusal))
        raise GateClosed("servers") from None


def kept(name: str) -> list[str]:
    """Return the arguments with which pytest keeps its results, for the validation pack."""
    return [f"--junitxml={RESULTS}/{name}.xml"]


def quietly(command: list[str], environment: Mapping[str, str]) -> tuple[int, str, float]:
    """Run a gate, and return its exit code, what it wrote, and its seconds."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - began


def aloud(
    name: str, command: list[str], environment: Mapping[str, str], *, accepted: set[int]
) -> str:
    """Run pytest, show what it writes as it comes, and return its last line."""
    tell(f"{name}: pytest")
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    last = ""
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    finally:
        process.wait()
    code = 0 if process.returncode in accepted else process.returncode
    judge(name, code, "", time.monotonic() - began)
    return last


def judge(name: str, code: int, output: str, seconds: float) -> None:
    """Tell how a gate went, with all it wrote when it failed.

    Raises:
        GateClosed: it failed.
    """
    if code != 0:
        print(output, flush=True)
    tell(f"{'ok    ' if code == 0 else 'FAILED'} {seconds:6.1f} s  {name}")
    if code != 0:
        raise GateClosed(name)


def added_up(summaries: list[str]) -> str:
    """Return one summary for several of pytest: the sum of every count."""
    counts: dict[str, int] = {"passed": 0}
    for summary in summaries:
        for number, what in PYTEST_COUNT.findall(summary):
            counts[what] = counts.get(what, 0) + int(number)
    return ", ".join(f"{number} {what}" for what, number in counts.items())


def tell(text: str) -> None:
    """Show one line of our own."""
    print(f"[make test] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
