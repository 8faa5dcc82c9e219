"""Connect a subject of the site's identity provider to an account, at the server's own shell."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.edges import act_of_shell
from audit.models import User
from kernel.errors import Refusal
from mes.accounts.commands.identities import link_identity


class Command(BaseCommand):
    """``manage.py link_identity USERNAME SUBJECT --reason …``"""

    help = "Connect the stable subject that the identity provider gives a person to their account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who, as whom, and why."""
        parser.add_argument("username")
        parser.add_argument("subject", help="the claim sub of the provider, not a name or address")
        parser.add_argument("--reason", required=True, help="why, for the ledger")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect them, or say in one sentence why not."""
        act = act_of_shell(options["reason"])
        try:
            link_identity(
                username=options["username"].casefold(), subject=options["subject"], act=act
            )
        except User.DoesNotExist:
            raise CommandError("There is no such account.") from None
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write("Connected.")
