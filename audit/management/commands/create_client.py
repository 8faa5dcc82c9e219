"""Create a client of the programming interface: a service account with a token, shown once."""

from __future__ import annotations

import re
import unicodedata
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.acts import Act, command
from audit.commands import add_user, create_token
from audit.edges import act_of_shell
from audit.models import ApiToken, Site, User
from audit.permissions import SCOPES
from audit.queries import site_coded
from kernel.errors import Conflict, Invalid, Refusal

LONGEST_DAYS = 3650


def username_of(name: str) -> str:
    """Return the user name of a client: its name in small letters, digits and hyphens.

    Raises:
        Invalid: nothing of the name is left.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]
    if not slug:
        raise Invalid("The name of a client needs letters or digits.", pointer="/name")
    return slug


@command
def _create(
    *, name: str, site: Site, scopes: list[str], days: int, act: Act
) -> tuple[ApiToken, str]:
    username = username_of(name)
    user = User.objects.filter(username=username).first()
    if user is None:
        user = add_user(
            username=username,
            full_name=name,
            employee_id=None,
            kind=User.Kind.SERVICE,
            act=act,
        )
    elif user.is_person or not user.is_active:
        raise Conflict(f"The user name {username} belongs to another account.")
    elif ApiToken.objects.filter(user=user).exclude(site=site).exists():
        raise Conflict(f"{username} is a client of another site; choose another name.")
    elif not ApiToken.objects.filter(user=user).exists():
        raise Conflict(f"The user name {username} belongs to another account.")
    return create_token(user=user, site=site, scopes=scopes, days=days, act=act)


class Command(BaseCommand):
    """``manage.py create_client NAME --site CODE --scope orders:write … [--days 365]``"""

    help = "Create a client of the REST interface; its token is printed once, alone on stdout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who it is, where, and what it may do."""
        parser.add_argument("name", help="who it is, for people; may hold spaces")
        parser.add_argument("--site", required=True, help="the one site that it sees")
        parser.add_argument("--scope", action="append", choices=SCOPES, required=True)
        parser.add_argument("--days", type=int, default=365, help="until the token expires")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it, or say in one sentence why not."""
        name = " ".join(str(options["name"]).split())
        try:
            if not name.isprintable() or len(name) > 120:
                raise Invalid("A name has at most 120 letters that can be printed.")
            if not 1 <= options["days"] <= LONGEST_DAYS:
                raise Invalid(f"A token lives from 1 to {LONGEST_DAYS} days.")
            token, text = _create(
                name=name,
                site=site_coded(options["site"]),
                scopes=options["scope"],
                days=options["days"],
                act=act_of_shell(f"create_client: token for {name}"),
            )
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        self.stdout.write(text)
        self.stderr.write(
            f"{token.user.username} may use {', '.join(token.scopes)} at {token.site.code} until"
            f" {token.expires_at:%d %b %Y}. The token is shown this once: keep it safe.",
            str,
        )
