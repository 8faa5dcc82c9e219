"""Verify: walk ledger, checkpoints, rows, signatures and records, and name what is not as recorded."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.verification import Verifier
from batches.queries import batch_of_sites
from kernel.errors import NotFound
from mes.verifying import report_of, streams_of


class Command(BaseCommand):
    """``manage.py verify_ledger [--batch NUMBER] [--json]``: exit 0, or 1 naming what is wrong.

    2 says that there is no such batch: nothing was verified.
    """

    help = "Verify the ledger and the records. Exit 0 when all is as recorded, 1 when it is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to verify, and how to tell."""
        parser.add_argument("--batch", help="verify one batch and its chain of identity only")
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, tell, and exit."""
        verifier = Verifier(streams=self._streams(options["batch"]), progress=self._progress)
        report = report_of(verifier)
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=1))
        else:
            self._tell(report)
        if not report["intact"]:
            sys.exit(1)

    def _streams(self, number: str | None) -> list[str] | None:
        if number is None:
            return None
        try:
            return streams_of(batch_of_sites(number, None))
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
