"""What the tests of the set-up stand on: its scripts, and a directory every user can reach."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory of ours that the servers' user can pass through, unlike tmp_path."""
    path = Path(tempfile.mkdtemp(prefix="onelot-setup-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)
