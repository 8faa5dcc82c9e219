"""Load the demo: a whole house with life in it, all made by the commands that make everything."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.edges import now
from audit.models import Site
from mes.demo.founding import PEOPLE, House, found
from mes.demo.life import live


class Command(BaseCommand):
    """``manage.py load_demo``: once, into an empty house that is not production."""

    help = "Load the demo. DEMO_PASSWORD is the password of every demo account."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it, or say why not."""
        if settings.ONELOT_ENV == "prod":
            raise CommandError("The demo is never loaded into production.")
        if Site.objects.exists():
            raise CommandError("There is a house already: the demo needs an empty database.")
        password = os.environ.get("DEMO_PASSWORD", "")
        if len(password) < 12:
            raise CommandError("Set DEMO_PASSWORD, at least 12 characters.")
        house = House(at=now(), password=password)
        found(house)
        self.stdout.write("The house is founded.")
        live(house)
        self.stdout.write("It lives.")
        _tell(Path(settings.DEMO_FILE), house)


def _tell(path: Path, house: House) -> None:
    """Write who may sign in, and the token of the REST client, for the owner's eyes only."""
    told = {
        "password": house.password,
        "accounts": [
            {"username": username, "full_name": name, "roles": list(roles)}
            for username, (name, roles, _) in PEOPLE.items()
        ],
        "token": house.tokens["NORTH"],
        "tokens": house.tokens,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(told, file, indent=1)
    partial.replace(path)
