"""The gates of `make test`: the first failure ends it by name, and the sum is the last line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import chromium
import gates
import pytest


def test_the_summaries_of_both_runs_are_added_up() -> None:
    assert (
        gates.added_up(
            [
                "========= 812 passed, 2 skipped in 130.21s (0:02:10) =========",
                "========= 9 passed in 40.02s =========",
            ]
        )
        == "821 passed, 2 skipped"
    )


def test_a_run_without_a_summary_counts_nothing() -> None:
    assert gates.added_up(["", "no tests ran in 0.01s"]) == "0 passed"


def test_a_gate_that_fails_is_named_with_what_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    failing = [sys.executable, "-c", "print('why it failed'); raise SystemExit(3)"]
    with pytest.raises(gates.GateClosed, match="the name"):
        gates.judge("the name", *gates.quietly(failing, {}))
    shown = capsys.readouterr().out
    assert "why it failed" in shown
    assert "FAILED" in shown


def test_the_first_reading_gate_that_fails_ends_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gates, "BIN", Path("/bin"))
    monkeypatch.setattr(gates, "READING", {"one": ["true"], "two": ["false"], "three": ["true"]})
    assert gates.main(["lint"]) == 1
    said = capsys.readouterr()
    assert said.err == "make test stopped at the gate: two\n"
    assert "three" not in said.out


def test_without_chromium_and_without_the_right_to_install_it_the_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("NO_APT", "1")
    with pytest.raises(chromium.NoChromium) as refusal:
        chromium.find_chromium(print)
    assert str(refusal.value) == (
        "The browser tests need Chromium: install it with apt-get install chromium,"
        " or name another in CHROMIUM."
    )


def test_a_browser_that_was_named_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(chromium.NoChromium, match="is not a program"):
        chromium.find_chromium(print)


def test_a_browser_that_cannot_be_installed_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Temporary failure resolving'\nexit 100\n")
    apt.chmod(0o755)
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("NO_APT", raising=False)
    told: list[Any] = []
    with pytest.raises(chromium.NoChromium, match=r"E: Temporary failure resolving.*apt-get"):
        chromium.find_chromium(told.append)
    assert told == ["installing Debian's chromium, which the browser tests need"]
