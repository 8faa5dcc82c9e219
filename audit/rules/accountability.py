"""The statement that everybody accepts before their first signature (21 CFR 11.10(j)).

Its versions are files; a changed text is a new file, never an edit of an old one (a test knows the
digests). The one with the highest number is in force; whoever accepted an earlier one accepts anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accountability:
    """One version of the statement."""

    version: int
    text: str
    digest: str


@cache
def accountability() -> Accountability:
    """Return the version in force."""
    versions = {
        int(path.stem.partition("-")[2]): path for path in FOLDER.glob("accountability-*.txt")
    }
    version = max(versions)
    content = versions[version].read_bytes()
    return Accountability(
        version=version, text=content.decode(), digest=hashlib.sha256(content).hexdigest()
    )
