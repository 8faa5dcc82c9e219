"""The zip of a package, written piece by piece: nothing compressed, no dates, every byte known."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from typing import Any, BinaryIO

from mes.packages.verify import central_header, end_record, local_header


class Container:
    """A zip in the making; ``listed`` is what the manifest says of its files."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.directory: list[bytes] = []
        self.listed: list[dict[str, Any]] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a file, piece by piece."""
        at, crc, size, made = self.file.tell(), 0, 0, hashlib.sha256()
        self.file.write(local_header(name, 0, 0))
        for chunk in chunks:
            self.file.write(chunk)
            made.update(chunk)
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        end = self.file.tell()
        # What stands before a file says how long it is: known now.
        self.file.seek(at)
        self.file.write(local_header(name, crc, size))
        self.file.seek(end)
        self.directory.append(central_header(name, crc, size, at))
        self.listed.append({"name": name, "size": size, "sha256": made.hexdigest()})

    def finish(self) -> None:
        """Write the directory."""
        at, whole = self.file.tell(), b"".join(self.directory)
        self.file.write(whole + end_record(len(self.directory), len(whole), at))
