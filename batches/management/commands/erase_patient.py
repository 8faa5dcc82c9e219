"""Erase who a patient is: destroy the one key that opens their entry in the vault."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.edges import act_of_shell
from batches.commands import erase_patient
from kernel.errors import Refusal


class Command(BaseCommand):
    """``manage.py erase_patient P-… --reason "…"``"""

    help = "Destroy the key of what names a patient. It cannot be undone; all records stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose name goes, and why."""
        parser.add_argument("code", help="the pseudonym, P-…")
        parser.add_argument("--reason", required=True, help="who asked for it, and on what ground")

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase, or say in one sentence why not."""
        try:
            erase_patient(code=options["code"], act=act_of_shell(options["reason"]))
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"Who {options['code']} is was erased. Backups made before still know.")
