"""Open a locked account again at the server's own shell, where nobody else can."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.commands import unlock_account
from audit.edges import act_of_shell
from audit.models import User
from kernel.errors import Refusal


class Command(BaseCommand):
    """``manage.py unlock_person USERNAME --reason …``"""

    help = "Open a locked account again, when everybody who could is locked, too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose account, and why."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="why, for the ledger")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open it, or say in one sentence why not."""
        username = options["username"].casefold()
        try:
            unlock_account(username=username, act=act_of_shell(options["reason"]))
        except User.DoesNotExist:
            raise CommandError("There is no such account.") from None
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"{username} is open again.")
