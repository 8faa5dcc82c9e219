"""Make the key files that a house needs, or change the sealing key for a new one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from audit.keys import changed_seal, made_keys


class Command(BaseCommand):
    """``manage.py make_keys [--change-seal]``: production refuses to sign without keys."""

    help = "Make the missing key files in KEY_DIR. Back them up apart from the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether the sealing key is to be changed."""
        parser.add_argument(
            "--change-seal",
            action="store_true",
            help="retire the sealing key, keep its public part, and make a new one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, and say what is there."""
        if options["change_seal"]:
            old, new = changed_seal()
            self.stdout.write(f"seal {old} is retired; {new} seals from now on")
            self.stdout.write("Start the programs again, so that all of them use it.")
            return
        for name in made_keys():
            self.stdout.write(name)
