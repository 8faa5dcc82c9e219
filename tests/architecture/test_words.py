"""What never stands in the repository: machine paths, registries, secrets, addresses in locks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.test_sizes_and_words import ROOT


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_lock_files_hold_hashes_and_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "package-lock.json"):
        text = (ROOT / name).read_text()
        assert not re.search(r"https?://", text), name
    assert "--hash=sha256:" in (ROOT / "requirements.txt").read_text()


@pytest.mark.requirement("SEC-27")
def test_no_private_key_or_token_is_committed() -> None:
    # Put together here, so that this file does not hold what it looks for.
    forbidden = re.compile("BEGIN [A-Z ]*PRIVATE " + "KEY|mes_live_" + "[A-Za-z0-9_-]{20,}")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in (".py", ".md", ".yml", ".yaml", ".html", ".js", ".json", ".toml", "")
        and forbidden.search(path.read_text(errors="replace"))
    ]
    assert found == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert [str(p.relative_to(ROOT)) for p in tracked() if p.stat().st_size > 1_000_000] == []
