"""Qualify the installed system: what is there, and what it does, as a protocol with verdicts."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.edges import now
from mes.qualification import protocol_of
from mes.qualification.paper import pdf_of


class Command(BaseCommand):
    """``manage.py qualify [--out FILE.pdf] [--json]``: exit 0 when no line fails, else 1.

    It writes nothing but the file. Run it under the account and the settings of the application.
    """

    help = "Qualify this installation (IQ and OQ). Exit 0 when no line fails, 1 when one does."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where to write, and how to tell."""
        parser.add_argument("--out", type=Path, metavar="FILE.pdf", help="write a signed PDF")
        parser.add_argument("--json", action="store_true", help="print the protocol as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, tell, and exit."""
        path: Path | None = options["out"]
        if path is not None and path.exists():
            raise CommandError(f"{path} is there already.", returncode=2)
        protocol = protocol_of(now())
        if path is not None:
            written(path, pdf_of(protocol))
        if options["json"]:
            self.stdout.write(json.dumps(protocol, indent=1, ensure_ascii=False))
        else:
            self._tell(protocol, path)
        if not protocol["passed"]:
            sys.exit(1)

    def _tell(self, protocol: dict[str, Any], path: Path | None) -> None:
        counts = protocol["counts"]
        for part in protocol["parts"].values():
            for one in part:
                if one["verdict"] == "fail":
                    self.stdout.write(
                        f"FAIL: {one['part']}: {one['what']}: expected {one['expected']},"
                        f" found {one['found']}"
                    )
        word = "Passed" if protocol["passed"] else "NOT passed"
        self.stdout.write(
            f"{word}: {counts['pass']} lines pass, {counts['fail']} fail,"
            f" {counts['judge']} are to be judged by the site."
            + (f" The protocol is {path}." if path is not None else "")
        )


def written(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
