"""A package somebody brings: verified by the very script that lies in it, and kept nowhere."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from audit.keys import known_keys
from kernel.errors import Invalid
from mes.packages import verify

MOST = 64 * 2**20
MOST_FILES = 1000
BEGINS = b"PK\3\4"


class Bounded(TemporaryFileUploadHandler):
    """Takes files of a form as far as 64 MB, and never reads a longer one to its end."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Refuse a form before it is read.

        Raises:
            RequestDataTooBig: it is longer than any package.
        """
        if content_length > MOST:
            raise RequestDataTooBig(f"A form has at most {MOST // 2**20} MB.")


class Heard(verify.Report):
    """Keeps what the script would write."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def tell(self, mark: str, text: str) -> None:
        """Keep one line."""
        self.lines.append((mark, text))


@dataclass(frozen=True)
class Verdict:
    """What the script found."""

    is_good: bool
    is_ours: bool
    lines: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)


def verdict_of(sent: UploadedFile[Any] | None, *, fingerprint: str, paper: str) -> Verdict:
    """Verify a package that was sent.

    Args:
        fingerprint: of the sealing key, or its beginning, where the reader knows it.
        paper: the text of the QR code of a printed record, where the reader has it.

    Raises:
        Invalid: nothing was sent, it is too long, or no package by its content.
    """
    if sent is None or not sent.size:
        raise Invalid("Choose the package first.", pointer="/package")
    if sent.size > MOST:
        raise Invalid(f"A package has at most {MOST // 2**20} MB.", pointer="/package")
    with TemporaryDirectory(prefix="package-") as folder:
        # The name it was sent under is used nowhere.
        path = Path(folder) / "package.zip"
        with path.open("wb") as file:
            for chunk in sent.chunks():
                file.write(chunk)
        _require_package(path)
        package = verify.Package(path)
        asked = verify.Verification(package, pure=False, fingerprint=fingerprint, paper=paper)
        asked.report = heard = Heard()
        is_good = asked.run()
    ours = {key.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in known_keys().values()}
    return Verdict(
        is_good=is_good,
        is_ours=bool(asked.keys) and set(asked.keys.values()) <= ours,
        lines=heard.lines,
        wrong=heard.wrong,
    )


def _require_package(path: Path) -> None:
    """Look at the content: a zip whose files are stored as they are, as many as a package has.

    Note [No bombs]: our packages are not compressed, so nothing here can grow when it is read.

    Raises:
        Invalid: it is something else.
    """
    refusal = Invalid("This is no package of OneLot.", pointer="/package")
    with path.open("rb") as file:
        if file.read(len(BEGINS)) != BEGINS:
            raise refusal
    try:
        with verify.opened(path) as zipped:
            parts = zipped.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise refusal from None
    is_stored = all(one.compress_type == zipfile.ZIP_STORED for one in parts)
    is_small = len(parts) <= MOST_FILES and sum(one.file_size for one in parts) <= MOST
    if not is_stored or not is_small or all(one.filename != verify.MANIFEST for one in parts):
        raise refusal
