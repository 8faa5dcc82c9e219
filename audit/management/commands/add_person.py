"""Add a person, with roles; the password is asked for, or read from the environment."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from audit.acts import Act, command
from audit.commands import activate_person, add_user, grant_role
from audit.edges import act_of_shell
from audit.models import User
from audit.permissions import ROLES
from audit.queries import site_coded
from kernel.errors import Refusal


@command
def _add(*, options: dict[str, Any], password: str, act: Act) -> User:
    user = add_user(
        username=options["username"],
        full_name=options["name"],
        employee_id=options["employee_id"],
        # Somebody else typed it: the person chooses their own before they do anything.
        password=password,
        act=act,
    )
    if options["verified_by"]:
        activate_person(
            username=user.username,
            evidence=options["evidence"],
            verifier=options["verified_by"],
            act=act,
        )
    site = site_coded(options["site"]) if options["site"] else None
    for role in options["role"]:
        grant_role(user=user, role=role, site=site, act=act)
    return user


class Command(BaseCommand):
    """``manage.py add_person USERNAME --name … --employee-id … --role … [--site CODE]``"""

    help = "Add a person with roles. The password comes from PERSON_PASSWORD, or is asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who it is."""
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="the printed name of signatures")
        parser.add_argument("--employee-id", required=True)
        parser.add_argument("--role", action="append", choices=ROLES, default=[])
        parser.add_argument("--reason", default="account opened", help="why, for the ledger")
        parser.add_argument(
            "--verified-by", default="", help="who verified the identity; else somebody does later"
        )
        parser.add_argument("--evidence", default="", help="how, as in: passport, face to face")
        parser.add_argument("--site", help="where the roles hold; everywhere when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add the person, or say in one sentence why not."""
        password = os.environ.get("PERSON_PASSWORD") or getpass.getpass("Password: ")
        try:
            validate_password(
                password, User(username=options["username"], full_name=options["name"])
            )
            user = _add(options=options, password=password, act=act_of_shell(options["reason"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except Refusal as refusal:
            raise CommandError(refusal.detail) from None
        waits = " It opens once another person has verified who this is." * (
            not options["verified_by"]
        )
        self.stdout.write(f"{user.username} was added.{waits}")
