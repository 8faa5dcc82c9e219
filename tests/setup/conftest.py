"""What the tests of the set-up stand on: its scripts, and a directory every user can reach."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mes.embedded.account import SYSTEM_DIRECTORY
from mes.embedded.place import ID_FILE

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory of ours that the servers' user can pass through, unlike tmp_path."""
    path = Path(tempfile.mkdtemp(prefix="onelot-setup-"))
    path.chmod(0o711)
    yield path
    # Where the project itself cannot be reached, durable data went to a system directory.
    for moved in path.rglob(ID_FILE):
        shutil.rmtree(SYSTEM_DIRECTORY / moved.read_text().strip(), ignore_errors=True)
    shutil.rmtree(path)
