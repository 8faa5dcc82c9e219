"""Write the reference pages made from the tables of the code: states, events, permissions."""

from __future__ import annotations

import importlib
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.permissions import CONFLICTS, ROLES, SCOPES
from kernel.events import Event, readers_of
from kernel.states import Moves

FLOORS = ("supply", "recipes", "batches", "quality", "monitoring")
MADE = "<!-- Made from the code by `make docs`. Change the code, not this page. -->\n\n"


def machines() -> Iterator[tuple[str, Moves]]:
    """Yield (app, moves) for every state machine."""
    for app in FLOORS:
        try:
            module = importlib.import_module(f"{app}.states")
        except ModuleNotFoundError:
            continue
        for value in vars(module).values():
            if isinstance(value, Moves):
                yield app, value


def states_page() -> str:
    """Return the page of all state machines, each drawn and as a table."""
    parts = [
        "# States\n\n",
        MADE,
        "What is not in a table is refused, in code and in the database.\n",
    ]
    for app, moves in machines():
        parts.append(f"\n## {moves.name.capitalize()} (`{app}/states.py`)\n\n```mermaid\n")
        parts.append(f"stateDiagram-v2\n  [*] --> {moves.initial}\n")
        for (before, verb), after in moves.table.items():
            parts.append(f"  {before} --> {after}: {verb.replace('_', ' ')}\n")
        parts.append("```\n\n| from | verb | to |\n|---|---|---|\n")
        for (before, verb), after in moves.table.items():
            parts.append(f"| {before} | {verb} | {after} |\n")
    return "".join(parts)


def all_events(root: type[Event] = Event) -> Iterator[type[Event]]:
    """Yield every event of the house."""
    for child in root.__subclasses__():
        yield child
        yield from all_events(child)


def events_page() -> str:
    """Return the page of all events: what the feed shows, and who reads them inside."""
    for app in FLOORS:
        try:
            importlib.import_module(f"{app}.events")
        except ModuleNotFoundError:
            continue
    parts = [
        "# Events\n\n",
        MADE,
        "| event | in the feed as | shows | read by |\n|---|---|---|---|\n",
    ]
    # A data class with slots leaves its first draft behind; the module holds the real one.
    ours = {
        getattr(sys.modules[one.__module__], one.__name__)
        for one in all_events()
        if one.__module__.split(".")[0] in FLOORS
    }
    for event in sorted(ours, key=lambda one: (one.__module__, one.__name__)):
        app = event.__module__.split(".")[0]
        readers = ", ".join(
            f"`{r.__module__.split('.')[0]}.{r.__name__}`" for r in readers_of(event)
        )
        shown = ", ".join(event.public)
        parts.append(f"| {app}.{event.__name__} | {event.kind} | {shown} | {readers} |\n")
    return "".join(parts)


def permissions_page() -> str:
    """Return the page of roles, what they exclude, and the scopes of tokens."""
    pairs = sorted(" and ".join(sorted(pair)) for pair in CONFLICTS)
    return "".join(
        [
            "# Permissions\n\n",
            MADE,
            "Roles: " + ", ".join(ROLES) + ". Which role opens which route is the committed table ",
            "`tests/architecture/routes.json`.\n\n## No one person is both\n\n",
            *(f"* {pair}\n" for pair in pairs),
            "\n## Scopes of a token\n\n",
            *(f"* `{scope}`\n" for scope in SCOPES),
        ]
    )


def pages() -> dict[str, str]:
    """Return every made page: {file name: text}."""
    return {
        "states.md": states_page(),
        "events.md": events_page(),
        "permissions.md": permissions_page(),
    }


class Command(BaseCommand):
    """Write the pages, or with ``--check`` say which are not current."""

    help = "Write docs/reference/{states,events,permissions}.md from the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --check."""
        parser.add_argument("--check", action="store_true", help="write nothing, fail if stale")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        folder = Path(settings.BASE_DIR) / "docs" / "reference"
        folder.mkdir(parents=True, exist_ok=True)
        stale = []
        for name, text in pages().items():
            path = folder / name
            if path.exists() and path.read_text() == text:
                continue
            if options["check"]:
                stale.append(name)
            else:
                path.write_text(text)
        if stale:
            raise CommandError(f"Not current: {', '.join(stale)}. Run `make docs`.")
