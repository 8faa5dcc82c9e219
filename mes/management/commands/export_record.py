"""Take the record of a batch out, with all that proves it, as one file."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.edges import act_of_shell
from audit.ledger import write_checkpoint
from batches.queries import batch_of_sites
from kernel.errors import NotFound
from mes.packages.making import write_package


class Command(BaseCommand):
    """``manage.py export_record BATCH FILE.zip``: exit 2 when there is no such batch."""

    help = "Write the package of a batch: its record, its proof, and the program that verifies it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which batch, and where to."""
        parser.add_argument("batch", help="the number of the batch")
        parser.add_argument("file", type=Path, help="the zip to write; it must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Witness what is recorded so far, and write the package whole or not at all."""
        path: Path = options["file"]
        if path.exists():
            raise CommandError(f"{path} is there already.", returncode=2)
        try:
            batch = batch_of_sites(options["batch"], None)
        except NotFound as refusal:
            raise CommandError(refusal.detail, returncode=2) from None
        act = act_of_shell("export of the record")
        write_checkpoint(act=act)
        partial = path.with_name(f"{path.name}.part")
        try:
            with partial.open("wb") as file:
                write_package(batch, file, at=act.at)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
        self.stdout.write(f"{path}: verify it with  python verify.py {path.name}")
