"""Verify: walk ledger, checkpoints, rows, signatures and records, and name what is not as recorded."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.ledger import moved_since
from audit.verification import Verifier
from batches.queries import batch_of_sites
from kernel.errors import NotFound
from mes.verifying import report_of, streams_of


class Command(BaseCommand):
    """``manage.py verify_ledger [--batch NUMBER | --since CHECKPOINT] [--json]``: exit 0, or 1.

    1 comes with the names of what is wrong; 2 says that there is no such batch or checkpoint:
    nothing was verified. Since a checkpoint, the streams that moved after it are walked, from
    their beginning.
    """

    help = "Verify the ledger and the records. Exit 0 when all is as recorded, 1 when it is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to verify, and how to tell."""
        some = parser.add_mutually_exclusive_group()
        some.add_argument("--batch", help="verify one batch and its chain of identity only")
        some.add_argument(
            "--since", type=int, metavar="CHECKPOINT", help="verify what moved after a checkpoint"
        )
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, tell, and exit."""
        verifier = Verifier(streams=self._streams(options), progress=self._progress)
        report = report_of(verifier)
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=1))
        else:
            self._tell(report)
        if not report["intact"]:
            sys.exit(1)

    def _streams(self, options: dict[str, Any]) -> list[str] | None:
        number, since = options["batch"], options["since"]
        if number is None and since is None:
            return None
        try:
            if number is not None:
                return streams_of(batch_of_sites(number, None))
            return moved_since(Path(settings.CHECKPOINT_FILE), since)
        except NotFound as refusal:
            raise CommandError(refusal.detail, returncode=2) from None

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} of {total} entries", ending="")

    def _tell(self, report: dict[str, Any]) -> None:
        counted = (
            f"{report['entries']} entries, {report['rows']} rows,"
            f" {report['signatures']} signatures, {report['checkpoints']} checkpoints"
        )
        if report["intact"]:
            last = report["last_checkpoint_at"] or "none yet"
            self.stdout.write(f"Intact: {counted}; last checkpoint {last}.")
            return
        self.stdout.write(f"NOT intact: {counted}.")
        for one in report["findings"]:
            self.stdout.write(f"{one['kind']}: {one['where']}: {one['detail']}")
