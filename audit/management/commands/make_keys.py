"""Make the key files that a house needs: the seal, and the named secrets."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from audit.keys import made_keys


class Command(BaseCommand):
    """``manage.py make_keys``: production refuses to start signing without them."""

    help = "Make the missing key files in KEY_DIR. Back them up apart from the database."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, and say what is there."""
        for name in made_keys():
            self.stdout.write(name)
