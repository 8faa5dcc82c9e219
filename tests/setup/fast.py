"""A plugin for `make fast`: only the tests that need no server and no browser."""

from __future__ import annotations

from pathlib import Path

import pytest

NEEDS_SERVERS = {"db", "transactional_db", "live_server", "superuser", "django_db_setup"}
SLOW_FOLDERS = {"setup", "browser", "journeys"}
TESTS = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks for the database, and the folders that start programs."""
    left_out = [item for item in items if needs_servers(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def needs_servers(item: pytest.Item) -> bool:
    """Say whether a test asks for the database, or lies in a folder of slow ones."""
    asked_for = NEEDS_SERVERS & set(getattr(item, "fixturenames", ()))
    folder = item.path.relative_to(TESTS).parts[0]
    return (
        bool(asked_for)
        or item.get_closest_marker("django_db") is not None
        or (folder in SLOW_FOLDERS)
    )
