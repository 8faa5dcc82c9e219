"""Add a site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.commands import add_site
from audit.edges import act_of_shell
from audit.models import Site


class Command(BaseCommand):
    """``manage.py add_site CODE NAME --kind plant``"""

    help = "Add a site: a hospital, a point of care, or a plant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the site."""
        parser.add_argument("code")
        parser.add_argument("name")
        parser.add_argument("--kind", required=True, choices=Site.Kind.values)
        parser.add_argument("--time-zone", default="UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add it, once."""
        code = options["code"].upper()
        if Site.objects.filter(code=code).exists():
            raise CommandError(f"There is a site {code} already.")
        add_site(
            code=code,
            name=options["name"],
            kind=options["kind"],
            time_zone=options["time_zone"],
            act=act_of_shell("add_site"),
        )
        self.stdout.write(f"{code} was added.")
