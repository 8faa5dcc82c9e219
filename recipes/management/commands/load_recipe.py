"""Draft a recipe from a YAML or JSON file: ``manage.py load_recipe FILE --engineer NAME``.

A master recipe in B2MML is drafted, too: ``load_recipe FILE.xml --engineer NAME --therapy CODE``.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.edges import act_of_shell
from audit.queries import user_named
from kernel.errors import Refusal
from recipes.commands import draft_version
from recipes.queries import findings_of, therapy_coded, version_title
from recipes.rules.b2mml import recipe_from_b2mml
from recipes.rules.b2mml_parts import Left
from recipes.rules.parsing import document_from
from recipes.rules.xml_text import element_from_xml
from recipes.rules.yaml_text import plain_from_yaml


class Command(BaseCommand):
    """Draft the next version of a recipe; it is submitted and approved on its page."""

    help = "Draft the next version of a recipe from a YAML, JSON or B2MML file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and the engineer whose draft it is."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--engineer", required=True, help="user name of the author")
        parser.add_argument("--therapy", help="code of the therapy, for a B2MML file (.xml)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Draft the version, and print what is still missing."""
        path: Path = options["file"]
        try:
            text = path.read_text(encoding="utf-8")
            left: tuple[Left, ...] = ()
            if path.suffix.lower() == ".xml":
                plain, left = self._from_b2mml(text, options["therapy"])
            else:
                plain = plain_from_yaml(text)
            header = document_from(plain).header
            act = act_of_shell(f"load {path.name}")
            version = draft_version(
                recipe_code=header.code,
                therapy=therapy_coded(header.therapy),
                document=plain,
                act=replace(act, by=user_named(options["engineer"])),
            )
        except UnicodeDecodeError:
            raise CommandError(f"{path} is not text in UTF-8.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except Refusal as refusal:
            told = "\n".join(f"  {e.pointer}: {e.detail}" for e in refusal.errors)
            raise CommandError(f"{refusal.detail}\n{told}".rstrip()) from None
        self.stdout.write(f"{version_title(version)} is drafted.")
        for finding in findings_of(version):
            self.stdout.write(f"  {finding.pointer}: {finding.detail}")
        for one in left:
            self.stdout.write(f"  not taken, line {one.line}: {one.path}: {one.why}")

    def _from_b2mml(self, text: str, therapy: str | None) -> tuple[Any, tuple[Left, ...]]:
        if not therapy:
            raise CommandError("Name the therapy: a B2MML file does not know it (--therapy).")
        known = therapy_coded(therapy)
        root = element_from_xml(text)
        found = recipe_from_b2mml(root, therapy=known.code, autologous=known.is_autologous)
        return found.plain, found.left
