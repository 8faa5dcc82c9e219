"""Make a one-time link with which a person chooses a new password, at the server's own shell."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.commands.passwords import LINK_LASTS, make_password_link
from audit.edges import act_of_shell
from audit.models import User
from kernel.errors import Refusal


class Command(BaseCommand):
    """``manage.py password_link USERNAME --reason …``"""

    help = "Make a one-time link for a person who stands beside; the code is printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose password, and why."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="why, for the ledger")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the path of the link, or say in one sentence why not."""
        try:
            code = make_password_link(
                username=options["username"].casefold(), act=act_of_shell(options["reason"])
            )
        except User.DoesNotExist:
            raise CommandError("There is no such account.") from None
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(f"/accounts/password/link/#{code}")
        hours = int(LINK_LASTS.total_seconds() // 3600)
        self.stderr.write(
            f"It works once, within {hours} hours. The password of before is over.", str
        )
